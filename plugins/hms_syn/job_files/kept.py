"""A job as text that is a job again: what is kept of a file while it is sound, for the time when it is not.

It holds what the job means, not how the file says it, so neither a variable, nor the defaults above it, nor a schema
beside it can change it any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain.job_spec import Alerts, Breaker, Cursor, Heartbeat, JobSpec, Notifier, Pull, Push, Retry
from hms_syn.domain.maintenance import Window

if TYPE_CHECKING:
    from pathlib import Path

PARTS: Mapping[tuple[type, str], type] = {
    (JobSpec, "heartbeat"): Heartbeat,
    (JobSpec, "push"): Push,
    (JobSpec, "pull"): Pull,
    (JobSpec, "retry"): Retry,
    (JobSpec, "alerts"): Alerts,
    (JobSpec, "maintenance"): Window,
    (Push, "breaker"): Breaker,
    (Pull, "cursor"): Cursor,
    (Alerts, "notifiers"): Notifier,
}
"""The parts of a job that are made of parts themselves, alone or in a row."""


def place_of(file: Path, root: Path) -> str:
    """Return the name under which a file's job is kept, the same on every machine that has the jobs folder."""
    return file.absolute().relative_to(root.absolute()).as_posix()


def written(job: JobSpec) -> str:
    """Return a job as JSON."""
    return json.dumps(_plain(job), ensure_ascii=False, sort_keys=True)


def read(text: str, *, file: Path) -> JobSpec | None:
    """Return the job of such a text, as one of the file it came from; None where another release has written it."""
    try:
        job: JobSpec = _made(JobSpec, {**json.loads(text), "file": str(file.absolute())})
    except (TypeError, ValueError):
        return None
    return job


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _made(kind: type, given: Mapping[str, Any]) -> Any:
    return kind(**{name: _part(PARTS.get((kind, name)), value) for name, value in given.items()})


def _part(kind: type | None, value: Any) -> Any:
    """Return a field's value: a row of a job's own is a tuple; what belongs to a vendor or a schema stays as it is."""
    if isinstance(value, list):
        return tuple(value if kind is None else (_made(kind, item) for item in value))
    return value if kind is None or value is None else _made(kind, value)
