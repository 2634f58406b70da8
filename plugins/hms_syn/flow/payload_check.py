"""Checking a payload against a JSON Schema: what is wrong is told by field and rule, never by a value."""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
FORMATS = jsonschema.FormatChecker(formats=("date", "uuid", "email", "ipv4", "ipv6"))
"""The formats that are rules here; any other is a remark, as the standard has it."""


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """Return whether a text is a moment by RFC 3339; what is no text has no format.

    >>> is_date_time("2024-09-02T09:30:00Z"), is_date_time("2024-09-02 09:30"), is_date_time(7)
    (True, False, True)
    """
    if not isinstance(value, str):
        return True
    if not DATE_TIME.fullmatch(value):
        return False
    dt.datetime.fromisoformat(value[:19].upper())
    return True


def fault(schema: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """Say what of a payload breaks which rule, such as ``payload.date: breaks the rule 'format'``; None when all fits.

    A name that the schema does not have may itself be somebody's data, so it is shown as ``*``.
    """
    text = json.dumps(schema, sort_keys=True)
    validator, names = _validator(text)
    try:
        found = next(validator.iter_errors(payload), None)
    except RecursionError:
        return "payload: is nested too deeply for a rule"
    except Unresolvable:
        return "payload: a rule of the job's schema refers to what is not there"
    if found is None:
        return None
    steps = (str(step) if isinstance(step, int) or step in names else "*" for step in found.absolute_path)
    return f"payload{''.join(f'.{step}' for step in steps)}: breaks the rule {found.validator!r}{_which(found, names)}"


def _which(error: jsonschema.ValidationError, names: frozenset[str]) -> str:
    """Name the fields a rule misses; the schema's own words, as far as they are not in the payload."""
    if error.validator != "required" or not isinstance(error.instance, dict):
        return ""
    required: Any = error.validator_value
    missing = [name for name in required if name in names and name not in error.instance]
    return f" ({', '.join(missing)})" if missing else ""


@lru_cache(maxsize=256)
def _validator(schema_text: str) -> tuple[Any, frozenset[str]]:
    schema = json.loads(schema_text)
    kind = jsonschema.validators.validator_for(schema)
    # Without a registry of its own jsonschema fetches whatever address a schema names, past every guard of ours.
    return kind(schema, format_checker=FORMATS, registry=Registry()), frozenset(_names(schema))


def _names(schema: Any) -> Iterator[str]:
    """Yield the field names that a schema knows."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                yield from value
            elif key == "required" and isinstance(value, list):
                yield from (name for name in value if isinstance(name, str))
            yield from _names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _names(value)
