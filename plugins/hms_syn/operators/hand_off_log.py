"""The line of a push's log that tells of one attempt: a sentence for officers, and its facts as fields for machines.

In Airflow's task log each line is a JSON object; the facts stand in it under the names of ``HandOff.fields``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import Outcome
from hms_syn.domain.durations import in_words

if TYPE_CHECKING:
    from hms_syn.flow.hand_off import HandOff


def write(log: Any, job: str, hand_off: HandOff) -> None:
    """Write it: as information where the vendor said yes, as a warning where it goes on, else as an error."""
    facts = hand_off.fields(job)
    took = f"({hand_off.seconds:.2f} s, attempt {hand_off.attempt})"
    if hand_off.reference:
        text, level = f"{hand_off.message_id} -> ack {hand_off.reference} {took}", log.info
    else:
        then = ", held:" if hand_off.held else ""
        if hand_off.wait is not None:
            then = f", next try in {in_words(round(hand_off.wait))}:"
        text = f"{hand_off.message_id} -> {hand_off.outcome.value} {hand_off.code} {took}{then} {hand_off.note}"
        goes_on = hand_off.wait is not None or hand_off.outcome is Outcome.STALE
        level = log.warning if goes_on else log.error
    level(text, **facts)
