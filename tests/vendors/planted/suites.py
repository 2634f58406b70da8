"""The suite on each planted bug; pytest is told which tests to run, and this file's name keeps it from all others."""

from __future__ import annotations

from letterbox.adapter import LetterboxV1
from letterbox.pretend import Letterbox
from tests.vendors.planted import failing, sending, standing

from hms_syn.conformance import Conformance

BUGS = [
    bug
    for module in (sending, failing, standing)
    for bug in vars(module).values()
    if isinstance(bug, type) and issubclass(bug, LetterboxV1) and hasattr(bug, "caught_by")
]


def suite_of(bug: type[LetterboxV1]) -> type[Conformance]:
    """Return the suite with this adapter at the honest vendor."""

    class Lying(Letterbox):
        def adapter(self):
            return bug

    return type(f"Test{bug.__name__}", (Conformance,), {"pretend_vendor": Lying, "__module__": __name__})


globals().update({f"Test{bug.__name__}": suite_of(bug) for bug in BUGS})
