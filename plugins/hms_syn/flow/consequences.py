"""What an edit of a job file means where that is more than another value: for what waits, and for who relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hms_syn.domain.job_spec import JobSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Two versions of a job, and how many messages wait, by the endpoint that they were accepted for.

    ``waiting`` None says that the queue was not looked at.
    """

    old: JobSpec
    new: JobSpec
    waiting: Mapping[str, int] | None = None

    @property
    def open(self) -> str:
        """How many messages wait, as the end of a sentence."""
        return _counted(None if self.waiting is None else self.waiting.values())

    @property
    def elsewhere(self) -> str:
        """How many wait that were accepted for another endpoint than the new one, as the end of a sentence."""
        if self.waiting is None:
            return _counted(None)
        here = ("", self.new.target_endpoint)
        return _counted(count for endpoint, count in self.waiting.items() if endpoint not in here)


def consequences(edit: Edit, keys: Iterable[str]) -> dict[str, str]:
    """Return a sentence for each of the changed keys whose change means more than another value."""
    return {key: _MEANINGS[key](edit) for key in keys if key in _MEANINGS}


def _counted(counts: Iterable[int] | None) -> str:
    """Return how many messages wait, as the end of a sentence.

    >>> _counted(None), _counted([]), _counted([1]), _counted([2, 1])
    ('.', '; none waits now.', '; 1 waits now.', '; 3 wait now.')
    """
    if counts is None:
        return "."
    total = sum(counts)
    return f"; {total} wait now." if total > 1 else "; 1 waits now." if total else "; none waits now."


def _id(edit: Edit) -> str:
    return (
        "Another job, with keys and a cursor of its own: a vendor does not know its messages as repeats. "
        f"{edit.old.id} goes on accepting, and nobody sends what it accepts{edit.open}"
    )


def _target_endpoint(edit: Edit) -> str:
    return (
        "What was accepted for the old address waits for an officer: "
        f"'hms-syn replay --job {edit.old.id} --code endpoint_changed' sends it to the new one{edit.elsewhere}"
    )


def _push_adapter(edit: Edit) -> str:
    if edit.new.push is None:
        return f"Nothing more is accepted or sent; what waits stays where it is{edit.open}"
    if edit.old.push is None:
        return _source_topic(edit)
    return f"What waits goes out in the new adapter's form, and doubts are asked about by it{edit.open}"


def _source_topic(edit: Edit) -> str:
    return (
        "Counts for what is published from now on; what waits goes out as before. Earlier events come by "
        f"'hms-syn replay --topic PATTERN --to {edit.new.id}'."
    )


def _enabled(edit: Edit) -> str:
    if edit.new.enabled:
        return f"The DAGs come back, and what waits goes out{edit.open}"
    return f"No DAGs, so nothing is sent or pulled; the queue goes on accepting{edit.open}"


def _heartbeat(edit: Edit) -> str:
    if edit.new.heartbeat is None:
        return "This job no longer asks for its vendor to be pinged: nobody is told when it is offline."
    return "The vendor is pinged from now on, and people are told when it is offline."


_MEANINGS: Mapping[str, Callable[[Edit], str]] = {
    "job.id": _id,
    "job.target_endpoint": _target_endpoint,
    "job.push_adapter": _push_adapter,
    "job.source_topic": _source_topic,
    "job.enabled": _enabled,
    "job.heartbeat": _heartbeat,
    "job.start_paused": lambda _: "Counts when Airflow sees the DAGs for the first time.",
    "job.push.ordering_key": lambda edit: (
        f"Lines of the old rule are emptied first; those of the new one wait for that{edit.open}"
    ),
    "job.push.schema": lambda _: "Checked at publish, from now on; what waits is not checked again.",
    "job.pull.dedupe_key": lambda _: (
        "Makes every record another one: what the next pull sees is published again, also what was pulled before."
    ),
    "job.pull.cursor.field": lambda _: "The cursor stays as it is, with what was read from the old field.",
    "job.pull.cursor.initial": lambda _: "Counts only while there is no cursor yet.",
}
