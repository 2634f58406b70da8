"""The whole suite; ``TestAdapter`` runs it on the vendor that ``--vendor`` names."""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

import pytest

from hms_syn.conformance.bad_days import BadDays
from hms_syn.conformance.finding import Finding
from hms_syn.conformance.pulling import Pulling
from hms_syn.conformance.pushing import Pushing
from hms_syn.conformance.secrecy import Secrecy
from hms_syn.conformance.standing import Standing
from hms_syn.conformance.strings import Strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.conformance.pretend_vendor import PretendVendor


class Conformance(Standing, Pushing, BadDays, Secrecy, Finding, Pulling, Strings):
    """Every promise; a subclass whose name begins with ``Test`` names its vendor in ``pretend_vendor``."""


class TestAdapter(Conformance):
    """The suite on the vendor of the command line."""

    @pytest.fixture
    def vendor(self, request: pytest.FixtureRequest) -> Iterator[PretendVendor]:
        """Open the vendor that ``--vendor`` names."""
        named = request.config.getoption("--vendor", default=None)
        if not named:
            raise pytest.UsageError("say whose vendor: --vendor module:Class")
        with pkgutil.resolve_name(named)() as opened:
            yield opened
