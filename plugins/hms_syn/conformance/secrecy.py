"""Promises about words: no error and no log shows a payload, a secret, or what a vendor said."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hms_syn import errors
from hms_syn.adapters.auth.secrets_of import secrets_of
from hms_syn.conformance.bad_days import BAD
from hms_syn.conformance.bench import Bench, failure, push_timeout, told
from hms_syn.conformance.violation import require

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import Manner, PretendVendor
    from hms_syn.ports import Adapter

SENTINEL = "Eviction of Ms Quillfeather"


class Secrecy(Bench):
    """What is said goes to logs, screens and the audit trail, and stays there for years."""

    @pytest.mark.parametrize("manner", BAD, ids=lambda manner: str(manner.value))
    def test_an_error_tells_nothing(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter, manner: Manner
    ) -> None:
        """The text of an error, with all that led to it, holds codes and names only."""
        message = workshop.message(SENTINEL)
        told(vendor, manner)
        error = failure(lambda: adapter.send(message), within=push_timeout(vendor.job()))
        _silent("the error", _all_of(error), vendor)

    def test_a_payload_that_does_not_fit_is_not_told(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """An error about a payload names the field and the rule, not what stands in it."""
        message = replace(workshop.message(), payload={"no_such_field": SENTINEL})
        try:
            adapter.send(message)
        except errors.SynError as error:
            _silent("the error", _all_of(error), vendor)

    def test_the_log_tells_nothing(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter, caplog: pytest.LogCaptureFixture
    ) -> None:
        """At the most talkative level, neither a success nor a failure writes down what was sent."""
        caplog.set_level(logging.DEBUG)
        adapter.send(workshop.message(SENTINEL))
        manner = next((manner for manner in BAD if manner not in vendor.cannot), None)
        if manner is not None:
            vendor.behave(manner)
            failure(lambda: adapter.send(workshop.message(SENTINEL)), within=push_timeout(vendor.job()))
        _silent("the log", caplog.text, vendor)

    def test_the_adapter_shows_no_secret(self, vendor: PretendVendor, adapter: Adapter) -> None:
        """Printed, as a debugger or a traceback with variables does, an adapter keeps its credentials to itself."""
        _silent("the adapter's repr", f"{adapter!r} {adapter!s}", vendor)


def _all_of(error: errors.SynError) -> str:
    """Return everything that a log would show of an error."""
    return "\n".join([repr(error), error.code, *traceback.format_exception(error)])


def _silent(what: str, text: str, vendor: PretendVendor) -> None:
    require(SENTINEL not in text, f"{what} shows the payload")
    require(not any(secret in text for secret in secrets_of(vendor.credentials())), f"{what} shows a secret")
    require(not any(word in text for word in vendor.words), f"{what} repeats the vendor's words")
