"""The JSON Schema a job checks its payloads with, read from the file its ``push.schema`` names."""

# ruff: noqa: TRY004 - a schema of the wrong type is a wrong value in the job file

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hms_syn.job_files.nodes import shown

MAX_BYTES = 1024 * 1024
MAX_PARTS = 5_000
"""Maps and lists: more take seconds to check, each time the job file is read."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
"""What refers to another schema, in the drafts that jsonschema knows."""


def load(folder: Path, name: str) -> dict[str, Any]:
    """Return the schema in the file ``name`` of ``folder``.

    :raises ValueError: there is no such file, or it is not a JSON Schema that stands by itself
    """
    relative = Path(name)
    if relative.is_absolute() or "\\" in name:
        raise ValueError("is not a relative path; write it relative to the job file, such as 'schemas/hearing.json'")
    schema = _parsed(_body(folder / relative, shown(name)), shown(name))
    if not isinstance(schema, dict):
        raise ValueError(f"'{shown(name)}' is not a JSON Schema; it must be a JSON object")
    _check(schema, shown(name))
    return schema


def _body(file: Path, name: str) -> bytes:
    try:
        if not file.is_file():
            raise ValueError(f"no file '{name}' beside the job file")
        with file.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"'{name}' cannot be read: {error.strerror or 'unknown error'}") from None
    if len(body) > MAX_BYTES:
        raise ValueError(f"'{name}' is larger than 1 MiB")
    return body


def _parsed(body: bytes, name: str) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ValueError(f"'{name}' is not valid JSON (line {error.lineno}, column {error.colno})") from None
    except (ValueError, RecursionError):  # not UTF-8, a number of thousands of digits, brackets in brackets
        raise ValueError(f"'{name}' cannot be read as JSON") from None


def _check(schema: dict[str, Any], name: str) -> None:
    _look_through(schema, name)
    from jsonschema import Draft202012Validator, SchemaError, validators  # noqa: PLC0415 - slow to import

    try:
        validators.validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.path) or "its top"
        raise ValueError(f"'{name}' is not a valid JSON Schema (at {where})") from None
    except RecursionError:
        raise ValueError(f"'{name}' is nested too deeply") from None


def _look_through(schema: dict[str, Any], name: str) -> None:
    """Refuse a schema that is too large to be checked quickly, or that speaks of another document."""
    waiting: list[Any] = [schema]
    parts = 0
    while waiting:
        item = waiting.pop()
        parts += 1
        if parts > MAX_PARTS:
            raise ValueError(f"'{name}' has more than {MAX_PARTS} maps and lists; make it smaller")
        inner = item.values() if isinstance(item, dict) else item
        waiting += [part for part in inner if isinstance(part, (dict, list))]
        if isinstance(item, dict):
            for word in _REFERENCES:
                target = item.get(word, "#")
                if isinstance(target, str) and not target.startswith("#"):
                    raise ValueError(f"'{name}' refers to another document; a {word} must begin with '#'")
