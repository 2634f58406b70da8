"""Promises of ``find``: a clear yes, a clear no, or an error; a guess would send a message twice or lose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors
from hms_syn.conformance.bench import Bench, failure, push_timeout, told
from hms_syn.conformance.pretend_vendor import Manner
from hms_syn.conformance.pushing import made_of
from hms_syn.conformance.violation import require

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import PretendVendor
    from hms_syn.ports import Adapter

NO_ANSWER = (Manner.DOWN, Manner.BUSY, Manner.LOCKED, Manner.SILENT)


class Finding(Bench):
    """Asking the vendor for one message; skipped where the adapter says that it cannot."""

    @pytest.fixture
    def finder(self, adapter: Adapter) -> Adapter:
        """Give an adapter that can ask."""
        if not adapter.finds:
            pytest.skip("the adapter says that it cannot ask for a message")
        return adapter

    def test_what_was_not_sent_is_not_found(self, workshop: Workshop, finder: Adapter) -> None:
        """A clear "no such thing" is None."""
        finder.send(workshop.message("HUD-22-100"))
        require(finder.find(workshop.message("HUD-22-101")) is None, "a message that was never sent is found")

    def test_what_was_sent_is_found_with_its_receipt(self, workshop: Workshop, finder: Adapter) -> None:
        """The reference is the one that was given, for this worker and for another."""
        message = workshop.message()
        sent = finder.send(message)
        for each in (finder, workshop.adapter()):
            found = each.find(message)
            require(found is not None, "a message that was acknowledged is not found")
            require(found is None or found.reference == sent.reference, "it is found under another reference")

    def test_a_message_that_was_sent_in_silence_is_found(
        self, vendor: PretendVendor, workshop: Workshop, finder: Adapter
    ) -> None:
        """After an unknown outcome the answer is what the vendor really has."""
        finder.send(workshop.message("HUD-22-100"))
        message = workshop.message("HUD-22-101")
        told(vendor, Manner.SILENT)
        failure(lambda: finder.send(message), within=push_timeout(vendor.job()))
        vendor.behave(Manner.WELL)
        there, found = made_of(vendor, message), finder.find(message)
        require(bool(there) == (found is not None), "find says something else than what the vendor holds")

    def test_asking_makes_nothing(self, vendor: PretendVendor, workshop: Workshop, finder: Adapter) -> None:
        """A question is not a message, and never becomes one."""
        message = workshop.message()
        before = len(vendor.arrivals()), len(vendor.things())
        finder.find(message)
        require((len(vendor.arrivals()), len(vendor.things())) == before, "asking for a message has sent it")

    @pytest.mark.parametrize("manner", NO_ANSWER, ids=lambda manner: str(manner.value))
    def test_no_answer_is_not_a_no(
        self, vendor: PretendVendor, workshop: Workshop, finder: Adapter, manner: Manner
    ) -> None:
        """A vendor that cannot be asked proves nothing: None would send the message a second time."""
        message = workshop.message()
        finder.send(message)
        told(vendor, manner)
        error = failure(lambda: finder.find(message), within=push_timeout(vendor.job()))
        require(not isinstance(error, errors.Refused), "a question cannot refuse the message it asks for")
