"""The heartbeat of ``hms-syn run``: one job's vendor, pinged beside the pushes and pulls."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hms_syn.domain.vendor_health import VendorState
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.vendor_health import Change
    from hms_syn.flow.rounds import Rounds

AFTER_AN_ERROR = 1.0
LAST_WORD = 1.0
"""Seconds the end of a run waits for the heart's own end; a ping under way is left alone."""


@contextmanager
def beating(rounds: Rounds, job: JobSpec, say: Callable[[str], None]) -> Iterator[None]:
    """Ping a job's vendor for as long as the context lasts, beginning now; say when it goes offline or comes back."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(rounds, job, say, ended), name="hms-syn-heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LAST_WORD)


def _beat(rounds: Rounds, job: JobSpec, say: Callable[[str], None], ended: threading.Event) -> None:
    watches, pause = False, 0.0
    while not ended.wait(pause):
        try:
            if not watches:
                rounds.watch([job], at_once=True)
                watches = True
            for change in rounds.turn():
                say(_line(change))
            pause = rounds.pause()
        except SynError:  # of the database; the pushes beside us say so
            pause = AFTER_AN_ERROR
    with suppress(SynError):
        rounds.close()


def _line(change: Change) -> str:
    if change.state is VendorState.OFFLINE:
        return f"✗ {change.endpoint} is offline ({change.code}): {change.note}"
    return f"✓ {change.endpoint} is back; it was offline since {change.since}"
