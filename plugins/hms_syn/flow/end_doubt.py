"""The end of a doubt by an officer's word: the vendor was asked by a person, and what it said counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.flow.hand_off import announcement
from hms_syn.flow.publish import planned

if TYPE_CHECKING:
    from hms_syn.ports import Act, RoutedEvent
    from hms_syn.store.desk import Desk


def end_doubt(
    desk: Desk, message_id: str, act: Act, *, delivered: bool, reference: str = "", job: str | None = None
) -> list[str]:
    """Close a message as delivered, or have it sent again with the same key; return the jobs this was done at.

    A delivery by an officer's word is one like any other: with its receipt ``reference`` it is on the bus, in the same
    transaction, for the workflows that wait for it.

    :raises UnknownMessage: no such message · :raises ActRefused: it is not in doubt
    """
    if not delivered:
        return desk.resolve_as_resend(message_id, act, job=job)
    doubts = desk.doubts(message_id, job=job)
    events = [announcement(doubt, "delivered", attempts=doubt.attempt, reference=reference) for doubt in doubts]

    def close(version: int, routed: list[RoutedEvent]) -> list[str]:
        told = {doubt.job: event for doubt, event in zip(doubts, routed, strict=True)}
        return desk.resolve_as_delivered(message_id, act, tell=(version, told), reference=reference, job=job)

    return planned(desk.store, events, close, check=False)
