"""Times, sizes and rates as people write them in a job file."""

from __future__ import annotations

import re

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}

LONGEST = 1000 * SECONDS["y"]
"""Nothing here waits longer; beyond it a date could no longer be computed."""

DURATION = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w|y))+$"
SIZE = r"^[0-9]+(B|KiB|MiB|GiB)$"
RATE = r"^[0-9]+/(s|m|h)$"

_DURATION = re.compile(DURATION)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w|y)")
_WORDS = (("year", "y"), ("day", "d"), ("hour", "h"), ("minute", "m"), ("second", "s"), ("millisecond", "ms"))
_SHOWN_CHARS = 60
_WHOLE = 1e-6
"""How far from a whole number a rate may be for having been divided."""


def seconds(text: str) -> float:
    """Return the length of time ``text`` stands for; a day has 24 hours and a year 365 days.

    :raises ValueError: ``text`` is not a duration, or longer than a thousand years

    >>> seconds("1h30m")
    5400.0
    >>> seconds("250ms")
    0.25
    >>> seconds("yes")
    Traceback (most recent call last):
    ValueError: 'yes' is not a duration; write '30s', '5m' or '1h30m'
    """
    if len(text) > _SHOWN_CHARS or _DURATION.fullmatch(text) is None:
        raise ValueError(f"{_shown(text)} is not a duration; write '30s', '5m' or '1h30m'")
    total = sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))
    if total > LONGEST:
        raise ValueError(f"{_shown(text)} is too long; a duration is at most 1000y")
    return total


def size_in_bytes(text: str) -> int:
    """Return the number of bytes ``text`` stands for.

    :raises ValueError: ``text`` is not a size

    >>> size_in_bytes("1MiB")
    1048576
    >>> size_in_bytes("1MB")
    Traceback (most recent call last):
    ValueError: '1MB' is not a size; write '512KiB', '1MiB' or '2GiB'
    """
    found = re.fullmatch(r"([0-9]{1,15})(B|KiB|MiB|GiB)", text)
    if found is None:
        raise ValueError(f"{_shown(text)} is not a size; write '512KiB', '1MiB' or '2GiB'")
    return int(found[1]) * BYTES[found[2]]


def per_second(text: str) -> float:
    """Return how many a second ``text`` allows; never none at all.

    :raises ValueError: ``text`` is not a rate

    >>> per_second("10/s"), per_second("30/m"), per_second("3600/h")
    (10.0, 0.5, 1.0)
    >>> per_second("fast")
    Traceback (most recent call last):
    ValueError: 'fast' is not a rate; write '10/s', '100/m' or '5/h'
    """
    found = re.fullmatch(r"([0-9]{1,9})/(s|m|h)", text)
    if found is None:
        raise ValueError(f"{_shown(text)} is not a rate; write '10/s', '100/m' or '5/h'")
    if not int(found[1]):
        raise ValueError(f"{_shown(text)} lets nothing out; write 1 or more, or pause the job")
    return int(found[1]) / SECONDS[found[2]]


def in_words(length: float) -> str:
    """Return a number of seconds as a person says it, in its two largest units.

    >>> in_words(5400)
    '1 hour 30 minutes'
    >>> in_words(0.25)
    '250 milliseconds'
    >>> in_words(0)
    '0 seconds'
    """
    rest = round(length * 1000)
    parts = []
    for word, unit in _WORDS:
        count, rest = divmod(rest, round(SECONDS[unit] * 1000))
        if count:
            parts.append(f"{count} {word}" if count == 1 else f"{count} {word}s")
    return " ".join(parts[:2]) or "0 seconds"


def written(length: float) -> str:
    """Return a number of seconds as it is written in a job file.

    >>> written(5400), written(0.25), written(86400 * 30), written(0)
    ('1h30m', '250ms', '30d', '0')
    """
    rest = round(length * 1000)
    parts = []
    for _, unit in _WORDS:
        count, rest = divmod(rest, round(SECONDS[unit] * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0"


def size_written(count: int) -> str:
    """Return a number of bytes as it is written in a job file.

    >>> size_written(1048576), size_written(1536)
    ('1MiB', '1536B')
    """
    unit = next(unit for unit, size in reversed(BYTES.items()) if count % size == 0 and count >= size)
    return f"{count // BYTES[unit]}{unit}"


def rate_written(per_second: float) -> str:
    """Return how many a second are allowed as it is written in a job file.

    >>> rate_written(10.0), rate_written(0.5), rate_written(5 / 3600)
    ('10/s', '30/m', '5/h')
    """
    for unit in ("s", "m"):
        count = per_second * SECONDS[unit]
        if round(count) >= 1 and abs(count - round(count)) < _WHOLE:
            return f"{round(count)}/{unit}"
    return f"{round(per_second * SECONDS['h'])}/h"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…")
