"""How the fields that name something outside the file are read: jobs, topics, hosts, connections."""

from __future__ import annotations

import difflib
import functools
import re
from zoneinfo import available_timezones

from hms_syn.domain import endpoints, maintenance
from hms_syn.job_files.values import quoted, text

_TOPIC = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._*-]{0,199}")
_CONNECTION = re.compile(r"[A-Za-z0-9_#!()\-.:/\\]{1,200}")
_CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_LONGEST_TIME, _LONGEST_ZONE = 16, 64
NOTIFIERS = ("smtp", "slack", "pagerduty", "http")
"""The kinds of notifiers that have a short name."""
_JOB_ID = re.compile(r"[a-z][a-z0-9_-]{0,99}")


def job_id(value: object) -> str:
    """Read the id of a job."""
    given = text(value)
    if _JOB_ID.fullmatch(given) is None:
        raise ValueError(f"{quoted(given)} is not a job id; start with a-z, then a-z, 0-9, '_' or '-', at most 100")
    if given == "vendor":
        raise ValueError("'vendor' is reserved for the topics syn.vendor.*; choose another id")
    return given


def topic(value: object) -> str:
    """One topic, without a pattern."""
    given = topic_pattern(value)
    if "*" in given:
        raise ValueError(f"{quoted(given)} is a pattern; write one topic")
    return given


def topic_pattern(value: object) -> str:
    """One topic, or a pattern with ``*``."""
    given = text(value)
    if _TOPIC.fullmatch(given) is None:
        raise ValueError(f"{quoted(given)} is not a topic; use letters, digits, '.', '_', '-', and '*' in a pattern")
    return given


def topic_patterns(value: object) -> tuple[str, ...]:
    """Read a topic, a pattern, or a list of them."""
    if not isinstance(value, list):
        return (topic_pattern(value),)
    if not value:
        raise ValueError("is an empty list; name at least one topic")
    return tuple(topic_pattern(item) for item in value)


def endpoint(value: object) -> str:
    """Read a vendor's address, which has one clear meaning. A problem never repeats it: it may hold a secret."""
    given = text(value)
    endpoints.host(given)
    return given


def connection(value: object) -> str:
    """Read the id of an Airflow Connection."""
    given = text(value)
    if _CONNECTION.fullmatch(given) is None:
        raise ValueError(f"{quoted(given)} is not a connection id; use letters, digits and _ # ! ( ) - . : /")
    return given


def notifier(value: object) -> str:
    """Read the kind of a notifier: a short name, or the dotted path of its class."""
    given = text(value)
    if given in NOTIFIERS or _CLASS_PATH.fullmatch(given):
        return given
    near = difflib.get_close_matches(given, NOTIFIERS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"write {', '.join(NOTIFIERS)} or the dotted path of a class"
    raise ValueError(f"{quoted(given)} is not a notifier; {hint}")


def wall_time(value: object) -> str:
    """Read a time on the wall clock, as a maintenance window begins and ends."""
    given = text(value)
    if len(given) > _LONGEST_TIME:
        raise ValueError(f"{quoted(given)} is not a time; write '02:00', 'Sun 02:00' or '2026-12-24 18:00'")
    maintenance.mark(given)
    return given


def timezone(value: object) -> str:
    """Read the IANA name of a time zone."""
    given = text(value)
    known = _timezones()
    if given in known:
        return given
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.7) if len(given) <= _LONGEST_ZONE else []
    hint = f"did you mean '{near[0]}'?" if near else "write one such as 'America/New_York' or 'UTC'"
    raise ValueError(f"{quoted(given)} is not a time zone; {hint}")


@functools.cache
def _timezones() -> set[str]:
    """Return the known time zones: a walk through hundreds of files, which a thousand windows need only once."""
    return available_timezones()
