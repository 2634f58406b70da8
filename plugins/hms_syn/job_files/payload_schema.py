"""The JSON Schema a job checks its payloads with, read from the file its ``push.schema`` names."""

# ruff: noqa: TRY004 - a schema of the wrong type is a wrong value in the job file

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAX_BYTES = 1024 * 1024


def load(folder: Path, name: str) -> dict[str, Any]:
    """Return the schema in the file ``name`` of ``folder``.

    :raises ValueError: there is no such file, or it is not a JSON Schema that stands by itself
    """
    relative = Path(name)
    if relative.is_absolute() or "\\" in name:
        raise ValueError("is not a relative path; write it relative to the job file, such as 'schemas/hearing.json'")
    file = folder / relative
    if not file.is_file():
        raise ValueError(f"no file '{name}' beside the job file")
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"'{name}' is larger than 1 MiB")
        schema = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"'{name}' is not valid JSON (line {error.lineno}, column {error.colno})") from None
    except (OSError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"'{name}' cannot be read as JSON") from None
    if not isinstance(schema, dict):
        raise ValueError(f"'{name}' is not a JSON Schema; it must be a JSON object")
    _check(schema, name)
    return schema


def _check(schema: dict[str, Any], name: str) -> None:
    from jsonschema import Draft202012Validator, SchemaError, validators  # noqa: PLC0415 - slow to import

    try:
        validators.validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.path) or "its top"
        raise ValueError(f"'{name}' is not a valid JSON Schema (at {where})") from None
    except RecursionError:
        raise ValueError(f"'{name}' is nested too deeply") from None
    waiting: list[Any] = [schema]
    while waiting:
        item = waiting.pop()
        inner = item.values() if isinstance(item, dict) else item
        waiting += [part for part in inner if isinstance(part, (dict, list))]
        if isinstance(item, dict):
            target = item.get("$ref", "#")
            if isinstance(target, str) and not target.startswith("#"):
                raise ValueError(f"'{name}' refers to another document; a $ref must begin with '#'")
