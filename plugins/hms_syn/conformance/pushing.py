"""Promises of ``send`` and ``preview`` on a good day."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hms_syn.adapters.auth.secrets_of import secrets_of
from hms_syn.conformance.bench import Bench
from hms_syn.conformance.violation import require
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import PretendVendor, Thing
    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Adapter


class Pushing(Bench):
    """One message, one thing at the vendor, one receipt."""

    def test_a_yes_is_the_vendors_own_reference(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """``send`` returns an Ack whose reference is the vendor's name for what it made of the message."""
        message = workshop.message()
        ack = adapter.send(message)
        require(isinstance(ack, Ack), f"send returned {type(ack).__name__}; return an Ack")
        require(ack.reference.strip() and ack.reference.isprintable(), "the reference is empty or unprintable")
        [thing] = made_of(vendor, message)
        require(ack.reference == thing.reference, "the receipt does not give the vendor's own reference")

    def test_the_key_reaches_the_vendor(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """The vendor reads the message's idempotency key: only so can it recognise a repeat."""
        message = workshop.message()
        adapter.send(message)
        found = [arrival for arrival in vendor.arrivals() if message.idempotency_key in arrival.key.lower()]
        require(found, "the idempotency key did not reach the vendor")

    def test_every_message_is_a_thing_of_its_own(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """Two messages that say the same are two messages."""
        first, second = workshop.message(), workshop.message()
        acks = [adapter.send(first), adapter.send(second)]
        require(acks[0].reference != acks[1].reference, "two messages got one receipt")
        require(len(made_of(vendor, first)) == len(made_of(vendor, second)) == 1, "two messages are not two things")

    def test_a_repeat_is_the_same_thing(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """Sent again, also by another worker, a message is still one thing, with the same receipt."""
        if not adapter.idempotent:
            pytest.skip("the adapter says that its vendor does not recognise a repeat")
        message = workshop.message()
        attempts = [adapter, adapter, workshop.adapter()]
        acks = [each.send(replace(message, attempt=number)) for number, each in enumerate(attempts)]
        require(len(made_of(vendor, message)) == 1, "a repeat made another thing at the vendor")
        require(len({ack.reference for ack in acks}) == 1, "a repeat got another reference")

    def test_every_attempt_carries_the_same_bytes(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter
    ) -> None:
        """Whatever the number of the attempt and whoever makes it, the vendor reads the same."""
        if vendor.no_journal:
            pytest.skip(f"this vendor keeps no journal: {vendor.no_journal}")
        message = workshop.message()
        before = len(vendor.arrivals())
        attempts = [adapter, adapter, workshop.adapter()]
        if not adapter.idempotent:
            attempts = [adapter]
        for number, each in enumerate(attempts):
            each.send(replace(message, attempt=number))
        arrived = vendor.arrivals()[before:]
        require(len(arrived) == len(attempts), f"{len(attempts)} attempts are {len(arrived)} requests")
        require(len({arrival.digest for arrival in arrived}) == 1, "an attempt said something else than the one before")
        require(len({arrival.key for arrival in arrived}) == 1, "an attempt carried another key")

    def test_a_preview_sends_nothing(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """``preview`` shows what would be sent, and the vendor has not seen it."""
        message = workshop.message()
        before = len(vendor.arrivals())
        shown: object = adapter.preview(message)
        require(isinstance(shown, bytes) and shown, "preview returned no bytes")
        require(not made_of(vendor, message) and len(vendor.arrivals()) == before, "preview sent the message")

    def test_a_preview_is_the_same_each_time(self, workshop: Workshop, adapter: Adapter) -> None:
        """Before and after sending, in this worker and in another, a preview is the same bytes."""
        message = workshop.message()
        shown = [adapter.preview(message)]
        adapter.send(message)
        shown += [adapter.preview(replace(message, attempt=7)), workshop.adapter().preview(message)]
        require(len(set(shown)) == 1, "preview shows something else each time")

    def test_a_preview_shows_the_message(self, workshop: Workshop, adapter: Adapter) -> None:
        """What the payload says is there to be read."""
        require(b"HUD-22-109" in adapter.preview(workshop.message("HUD-22-109")), "preview does not show the payload")

    def test_a_preview_holds_no_credentials(self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter) -> None:
        """A preview goes to logs and screens."""
        shown = adapter.preview(workshop.message())
        for secret in secrets_of(vendor.credentials()):
            forms = {secret.encode(), base64.b64encode(secret.encode())}
            require(not any(form in shown for form in forms), "preview shows a secret of the connection")


def made_of(vendor: PretendVendor, message: Delivery) -> list[Thing]:
    """Return what the vendor made of this message."""
    return [thing for thing in vendor.things() if message.idempotency_key in thing.key.lower()]
