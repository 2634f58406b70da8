"""How each kind of field reads what was typed. Every reader raises ValueError with a sentence for the author."""

# ruff: noqa: TRY004 - pydantic makes a finding of a ValueError, but a TypeError would be a crash

from __future__ import annotations

import difflib
import re
from typing import Any, NoReturn

from hms_syn.domain import durations
from hms_syn.job_files.nodes import shown

_NULLS = frozenset({"", "~", "null"})
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_MOST_DIGITS = 15
_LINE_CHARS = 200
_MOST_MAPS = 100
_CRON_FIELDS = 5
_RANDOM = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
"""In a cron expression: any time, another one each time it is read."""


class Plain(str):
    """Text typed without quotes: the field it is for may read it as a number, true, false or nothing."""

    __slots__ = ()


def is_nothing(value: object) -> bool:
    """Return True for an empty value, ``~`` and ``null`` without quotes."""
    return isinstance(value, Plain) and value in _NULLS


def text(value: object) -> str:
    """Text, exactly as typed."""
    if isinstance(value, dict):
        raise ValueError("is a map; write text")
    if isinstance(value, list):
        raise ValueError("is a list; write text")
    if is_nothing(value) or value == "":
        raise ValueError("is empty; write a value or leave the key out")
    return str(value)


def line(value: object) -> str:
    """Text of one line, at most 200 characters."""
    given = text(value)
    if "\n" in given or len(given) > _LINE_CHARS:
        raise ValueError(f"must be one line of at most {_LINE_CHARS} characters")
    return given


def flag(value: object) -> bool:
    """Read ``true`` or ``false``; nothing else is a yes or no."""
    if isinstance(value, Plain) and value in ("true", "false"):
        return value == "true"
    raise ValueError(f"{quoted(value)} is not true or false; write true or false, without quotes")


def count(value: object, *, lowest: int, highest: int) -> int:
    """Read a whole number within bounds."""
    if isinstance(value, Plain) and _WHOLE.fullmatch(value) and len(value) <= _MOST_DIGITS:
        number = int(value)
        if lowest <= number <= highest:
            return number
    raise ValueError(f"{quoted(value)} is not a whole number from {lowest} to {highest}")


def number(value: object, *, lowest: float, highest: float) -> float:
    """Read a decimal number within bounds."""
    if isinstance(value, Plain) and _DECIMAL.fullmatch(value) and lowest <= float(value) <= highest:
        return float(value)
    raise ValueError(f"{quoted(value)} is not a number from {lowest:g} to {highest:g}")


def duration(value: object) -> float:
    """Read a length of time of more than nothing, in seconds."""
    length = durations.seconds(_scalar(value))
    if length <= 0:
        raise ValueError(f"{quoted(value)} is no time at all; write more than zero, such as '30s'")
    return length


def duration_or_never(value: object) -> float | None:
    """Read a length of time of more than nothing, in seconds; nothing is never."""
    return None if is_nothing(value) else duration(value)


def overlap(value: object) -> float:
    """Read a length of time, in seconds; zero is allowed."""
    return 0.0 if value == "0" else durations.seconds(_scalar(value))


def size(value: object) -> int:
    """Read a size of more than nothing, in bytes."""
    found = durations.size_in_bytes(_scalar(value))
    if not 0 < found <= durations.BYTES["GiB"]:
        raise ValueError(f"{quoted(value)} is not a size from 1B to 1GiB")
    return found


def rate(value: object) -> float | None:
    """Read so many a second, a minute or an hour, as a number a second; nothing is no limit."""
    return None if is_nothing(value) else durations.per_second(_scalar(value))


def one_of(value: object, *, choices: tuple[str, ...]) -> str:
    """Read one of a few words."""
    if isinstance(value, str) and value in choices:
        return str(value)
    raise ValueError(f"write {', '.join(choices[:-1])} or {choices[-1]}")


def some_of(value: object, *, choices: tuple[str, ...]) -> tuple[str, ...]:
    """Read a list of some of a few words."""
    given = lines(value)
    for word in given:
        if word not in choices:
            near = difflib.get_close_matches(word, choices, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(choices)}"
            raise ValueError(f"{quoted(word)} is not one of its words; {hint}")
    return tuple(dict.fromkeys(given))


def maps(value: object) -> list[Any]:
    """Read a list of maps, whose keys are looked at one by one."""
    if not isinstance(value, list):
        raise ValueError("is not a list; write '- ' before each of its maps")
    if len(value) > _MOST_MAPS:
        raise ValueError(f"has {len(value)} maps; write at most {_MOST_MAPS}")
    return value


def push_schedule(value: object) -> str | float:
    """``on_event``, a duration in seconds, or a cron expression."""
    return "on_event" if value == "on_event" else _timed(value, "on_event, a duration such as '5m'")


def pull_schedule(value: object) -> str | float:
    """Read a duration in seconds, or a cron expression."""
    return _timed(value, "a duration such as '5m'")


def lines(value: object) -> tuple[str, ...]:
    """Read a list of one-line texts."""
    if not isinstance(value, list):
        raise ValueError(f"{quoted(value)} is not a list; write [{shown(str(value))}]" if value else "is not a list")
    return tuple(line(item) for item in value)


def free(value: object) -> Any:
    """Read a value whose meaning only the adapter knows: true, false, null and whole numbers are read as such.

    Everything else stays text: ``NO``, ``1.10``, ``0123``, ``2024-09-02``.
    """
    if isinstance(value, dict):
        return {key: free(item) for key, item in value.items()}
    if isinstance(value, list):
        return [free(item) for item in value]
    if is_nothing(value):
        return None
    if isinstance(value, Plain) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, Plain) and _WHOLE.fullmatch(value):
        if len(value) > _MOST_DIGITS:
            raise ValueError("holds a number of more than 15 digits; put it in quotes to keep it as text")
        return int(value)
    return str(value)


def free_map(value: object) -> dict[str, Any]:
    """Read a map whose values only the adapter knows."""
    if not isinstance(value, dict):
        raise ValueError("is not a map; write keys and values below it")
    return {key: free(item) for key, item in value.items()}


def as_typed(value: object) -> Any:
    """Read maps and lists of text, exactly as typed; nothing is read as a number or as true or false."""
    if isinstance(value, dict):
        return {key: as_typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_typed(item) for item in value]
    return text(value)


def text_map(value: object) -> dict[str, Any]:
    """Read a map of text, of lists of text, or of further such maps."""
    if not isinstance(value, dict):
        raise ValueError("is not a map; write keys and values below it")
    return {key: as_typed(item) for key, item in value.items()}


def optional(value: object) -> str | None:
    """Text, or nothing."""
    return None if is_nothing(value) else text(value)


def not_yet(_: object) -> NoReturn:
    """Refuse a key of a later release."""
    raise ValueError("is not in this release; leave it out")


def quoted(value: object) -> str:
    """Return a value as a problem repeats it: on one line, cut, in quotes."""
    if isinstance(value, (dict, list)):
        return "a map" if isinstance(value, dict) else "a list"
    return f"'{shown(str(value))}'"


def _scalar(value: object) -> str:
    if isinstance(value, (dict, list)):
        raise ValueError(f"is a {'map' if isinstance(value, dict) else 'list'}; write one value")
    return str(value)


def _timed(value: object, choices: str) -> str | float:
    given = line(value)
    if " " not in given:
        try:
            return duration(given)
        except ValueError:
            raise ValueError(f"{quoted(given)} is not a schedule; write {choices}, or cron '0 6 * * *'") from None
    from croniter import croniter  # type: ignore[import-untyped] # noqa: PLC0415 - slow to import, and few files need it

    try:
        if len(given.split()) == _CRON_FIELDS and _RANDOM.search(given) is None:
            croniter(given).get_next()
            return given
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ValueError(f"{quoted(given)} is not a cron expression of five fields, or never comes due")
