"""Promises of ``send`` on a bad day: the error says whether the vendor may have the message, and never guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors
from hms_syn.conformance.bench import Bench, failure, push_timeout, told
from hms_syn.conformance.pretend_vendor import Manner
from hms_syn.conformance.pushing import made_of
from hms_syn.conformance.violation import require, working

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import PretendVendor
    from hms_syn.ports import Adapter

BAD = (Manner.REFUSING, Manner.BUSY, Manner.LOCKED, Manner.UNPROVED, Manner.SILENT, Manner.DOWN)
A_DAY = 86400.0


class BadDays(Bench):
    """Each manner of a vendor has its branch of the tree in ``hms_syn.errors``."""

    def test_a_no_is_refused(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """A clear no is ``Refused``: the message is set aside, and nothing is tried for ever."""
        error = self._failed(vendor, workshop, adapter, Manner.REFUSING)
        require(isinstance(error, errors.Refused), _wrong("the vendor's clear no", error, "Refused"))

    def test_later_is_vendor_busy(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """A vendor's "later" is ``VendorBusy``, with the seconds the vendor asked for, if it did."""
        error = self._failed(vendor, workshop, adapter, Manner.BUSY)
        right = isinstance(error, errors.VendorBusy) and not isinstance(error, errors.LoginRefused)
        require(right, _wrong('the vendor\'s "later"', error, "VendorBusy"))
        wait = getattr(error, "retry_after", None)
        require(wait is None or 0 <= wait <= A_DAY, f"retry_after is {wait}; give seconds from now, or None")

    def test_a_login_that_is_not_accepted_is_login_refused(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """A login that fails once fails for every message: ``LoginRefused`` keeps all of them waiting."""
        error = self._failed(vendor, workshop, adapter, Manner.LOCKED)
        require(isinstance(error, errors.LoginRefused), _wrong("a login that is not accepted", error, "LoginRefused"))

    def test_nobody_there_is_not_sent(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """When no byte of the message left, the error is ``NotSent``, within the timeout."""
        error = self._failed(vendor, workshop, adapter, Manner.DOWN)
        require(isinstance(error, errors.NotSent), _wrong("nobody at the address", error, "NotSent"))

    def test_silence_is_outcome_unknown(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """When the message left and no answer comes, the vendor may have it: ``OutcomeUnknown``, within the timeout."""
        adapter.send(workshop.message())  # whatever is looked up once, a contract or a token, is not what goes silent
        error = self._failed(vendor, workshop, adapter, Manner.SILENT)
        require(isinstance(error, errors.OutcomeUnknown), _wrong("silence", error, "OutcomeUnknown"))

    def test_an_answer_without_proof_is_no_receipt(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """An answer that looks like a success and gives no reference proves nothing: ``OutcomeUnknown``.

        Where the vendor is transactional, it may also be taken back, and be a fault of the job: nothing is there then.
        """
        error = self._failed(vendor, workshop, adapter, Manner.UNPROVED)
        taken_back = vendor.transactional and isinstance(error, errors.NeedsOfficer) and not vendor.things()
        right = isinstance(error, errors.OutcomeUnknown) or taken_back
        require(right, _wrong("an answer without proof", error, "OutcomeUnknown"))

    @pytest.mark.parametrize("manner", BAD, ids=lambda manner: str(manner.value))
    def test_it_works_again_afterwards(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter, manner: Manner
    ) -> None:
        """After each failure the same adapter delivers the next message, and the one that failed."""
        told(vendor, manner)
        failed = workshop.message("HUD-22-110")
        failure(lambda: adapter.send(failed), within=push_timeout(vendor.job()))
        vendor.behave(Manner.WELL)
        for message in (workshop.message("HUD-22-111"), failed):
            with working(f"sending after the vendor was {manner.value}"):
                adapter.send(message)
            require(made_of(vendor, message), "after a failure, a message that was acknowledged is not at the vendor")

    def _failed(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter, manner: Manner) -> errors.SynError:
        """Return what sending a message ends in while the vendor behaves in this way."""
        message = workshop.message()
        told(vendor, manner)
        return failure(lambda: adapter.send(message), within=push_timeout(vendor.job()))


def _wrong(what: str, error: errors.SynError, right: str) -> str:
    return f"{what} is {type(error).__name__}; it must be {right}"
