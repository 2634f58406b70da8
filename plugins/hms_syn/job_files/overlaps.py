"""Two jobs that give one vendor the same event: each has a key of its own for it, so the vendor sees no repeat."""

from __future__ import annotations

import dataclasses
import os
from itertools import combinations
from typing import TYPE_CHECKING

from hms_syn.domain import topics
from hms_syn.domain.problem import Severity
from hms_syn.job_files.loader import located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.problem import Problem

_KEY = "job.source_topic"
_PLACES = ("path", "method", "resource", "interaction", "table", "call", "folder", "message_type", "trigger_event")
"""Keys of a request that lead to another place at one endpoint."""
_OPERATIONS = ("operation", "service", "port")
"""Keys that may be left out and then are inferred: only where both jobs have one do they differ."""


def overlaps(jobs: Iterable[JobSpec]) -> Iterator[Problem]:
    """Yield a warning for each two jobs that take the same topics to the same place, at the later one's topics."""
    by_endpoint: dict[tuple[str | None, str], list[JobSpec]] = {}
    for job in jobs:
        if job.push is not None:
            by_endpoint.setdefault((job.push_adapter, job.target_endpoint), []).append(job)
    for those in by_endpoint.values():
        for first, second in combinations(those, 2):
            shared = [
                (one, other)
                for one in first.source_topics
                for other in second.source_topics
                if topics.overlap(one, other)
            ]
            if shared and not _apart(first, second):
                yield _warning(first, second, *shared[0])


def _apart(one: JobSpec, other: JobSpec) -> bool:
    mine, yours = (job.push.request if job.push else {} for job in (one, other))
    return any(mine.get(key) != yours.get(key) for key in _PLACES) or any(
        key in mine and key in yours and mine[key] != yours[key] for key in _OPERATIONS
    )


def _warning(first: JobSpec, second: JobSpec, one: str, other: str) -> Problem:
    [there] = located(first, [(_KEY, "")])
    where = f"{os.path.relpath(there.file)}:{there.line}:{there.column}"
    both = f"'{one}'" if one == other else f"'{other}' overlaps '{one}'"
    text = f"{both} of {first.id} ({where}), which has the same vendor and request: it gets such an event twice; "
    [problem] = located(second, [(_KEY, text + "narrow one of them, or make them one job")])
    return dataclasses.replace(problem, severity=Severity.WARNING)
