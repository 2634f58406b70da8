"""A past window of the bus under two versions of a job: what would have been sent otherwise. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.domain import topics
from hms_syn.domain.topic_event import event_of
from hms_syn.flow.side_by_side import Compared, Verdict, Version, compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hms_syn.ports import Store

PAGE = 50
"""Events read at a time: each may be of a mebibyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of the bus: after a place, published from one time to before another, both in ISO 8601."""

    after: int
    since: str
    until: str


@dataclass(slots=True, kw_only=True)
class Simulation:
    """How many events came to what, and the first few that would not stay the same."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    first: list[Compared] = field(default_factory=list)

    @property
    def events(self) -> int:
        """How many events one of the versions takes."""
        return self.counts.total()

    @property
    def changes(self) -> bool:
        """Return whether anything would not stay the same."""
        return self.events > self.counts[Verdict.SAME]


def simulate(store: Store, window: Window, old: Version | None, new: Version | None, *, keep: int) -> Simulation:
    """Compare what both versions make of each event of a window; keep the first few that do not stay the same.

    Events are read a page at a time, topic by topic, and each is forgotten before the next page.
    """
    found = Simulation()
    for row in _rows(store, window, _patterns(old, new)):
        event = event_of(row)
        compared = compare(event, old, new, published_at=row["published_at"])
        if compared is None:
            continue
        found.counts[compared.verdict] += 1
        if compared.verdict is not Verdict.SAME and len(found.first) < keep:
            found.first.append(compared)
    return found


def _patterns(*versions: Version | None) -> list[str]:
    """Return the topics that one of the versions takes, each once."""
    wanted = [pattern for one in versions if one is not None and one.job.push for pattern in one.job.source_topics]
    return list(dict.fromkeys(wanted))


def _rows(store: Store, window: Window, patterns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a window, those of one pattern after those of another; what fits two of them comes once."""
    for number, pattern in enumerate(patterns):
        after = window.after
        while rows := store.read(pattern, after=after, limit=PAGE):
            after = rows[-1]["seq"]
            for row in rows:
                if any(topics.matches(earlier, row["topic"]) for earlier in patterns[:number]):
                    continue
                if window.since <= row["published_at"] < window.until:
                    yield row
            if rows[0]["published_at"] >= window.until:  # what is published meanwhile is no part of the past
                break
