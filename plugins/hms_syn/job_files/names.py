"""How the fields that name something outside the file are read: jobs, topics, hosts, connections."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from hms_syn.job_files.values import quoted, text

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\]")
_TOPIC = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._*-]{0,199}")
_CONNECTION = re.compile(r"[A-Za-z0-9_#!()\-.:/\\]{1,200}")
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
    """Read an http or https URL with one clear meaning. A problem never repeats it: it may hold a secret."""
    given = text(value)
    if "\\" in given or any(char.isspace() for char in given) or not given.isascii():
        raise ValueError("is not a plain URL; leave out backslashes, blanks and non-ASCII characters")
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not a URL; write 'https://host/path'") from None
    if parts.scheme not in ("http", "https") or not given.lower().startswith(f"{parts.scheme}://"):
        raise ValueError("is not an http or https URL; write 'https://host/path'")
    if "@" in parts.netloc:
        raise ValueError(
            "holds a user name or password; credentials live only in the Airflow Connection named by job.connection_id"
        )
    if "#" in given or _HOST.fullmatch(f"[{host}]" if ":" in host else host) is None:
        raise ValueError("is not a URL of a host; write 'https://host/path'")
    return given


def connection(value: object) -> str:
    """Read the id of an Airflow Connection."""
    given = text(value)
    if _CONNECTION.fullmatch(given) is None:
        raise ValueError(f"{quoted(given)} is not a connection id; use letters, digits and _ # ! ( ) - . : /")
    return given
