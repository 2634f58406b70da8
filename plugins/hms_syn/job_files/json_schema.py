"""The JSON Schema of a job file, for editors: completion, hover texts, a mark under a wrong key while it is typed.

It is made from the model that reads the files, so it allows what they may hold. It does not know what only lint can
see: two keys that do not go together, one that is missing in ``defaults.yaml`` too, a vendor's contract. It is Draft 7,
because that is what editors read best.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hms_syn.domain import durations
from hms_syn.job_files import model
from hms_syn.job_files.meanings import MEANINGS

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel

DRAFT = "http://json-schema.org/draft-07/schema#"
FILE_NAME = "hms-syn-job.schema.json"
ENTRY = {
    "name": "HMS-SYN job",
    "description": "Job of HMS-SYN: which topic goes to which vendor, and what comes back",
    "fileMatch": ["**/hms-syn/jobs/**/*.yaml", "**/hms-syn/jobs/**/*.yml"],
    "url": "https://www.schemastore.org/hms-syn-job.json",
}
"""What SchemaStore's catalog would say of it. Not every folder ``jobs`` is ours to claim in everybody's editor."""
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_ADAPTERS = ("push_adapter", "pull_adapter")


def schema(adapters: Collection[str]) -> dict[str, Any]:
    """Return the schema; ``adapters`` are offered as the names to choose from, others are allowed."""
    made = model.JobFile.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions: dict[str, Any] = made.pop("$defs")
    for path, section in model.SECTIONS.items():
        shape = made if section is model.JobFile else definitions[section.__name__]
        _describe(shape, section, path)
    for side in _ADAPTERS:
        of_side = definitions[model.JobSection.__name__]["properties"][side]
        of_side["anyOf"] = [{"enum": sorted(adapters)}, {"type": "string"}]
        of_side.pop("type", None)
    for shape in definitions.values():
        for one in shape["properties"].values():
            kind = one.get("items", {}).get("$ref", "").rpartition("/")[2]
            if kind in definitions:  # of a list of maps an editor shows no more than what stands here
                one.setdefault("description", definitions[kind]["description"])
    heartbeat = definitions[model.JobSection.__name__]["properties"]["heartbeat"]
    heartbeat["anyOf"] = [heartbeat["anyOf"][0], {"type": "boolean"}]
    return {
        "$schema": DRAFT,
        "$id": ENTRY["url"],
        "title": "HMS-SYN job",
        "description": "One job of HMS-SYN: which topic goes to which vendor, and what comes back.",
        **{key: value for key, value in made.items() if key not in ("title", "description")},
        "definitions": dict(sorted(definitions.items())),
    }


def _describe(shape: dict[str, Any], section: type[BaseModel], path: tuple[str, ...]) -> None:
    """Give each key its hover text, and its default as it would be written in a file."""
    shape.pop("title", None)
    for name, field in section.model_fields.items():
        key = field.alias or name
        one = shape["properties"][key]
        meaning = MEANINGS.get(".".join((*path, key)))
        if meaning is not None:
            one["description"] = _LINK.sub(r"\1", meaning)
        elif one.get("type") == "null":
            one["description"] = "Not in this release; leave it out."
        one.pop("title", None)
        if "default" in one:
            one["default"] = written(one["default"], one)
        if one.get("default") in (None, "", "0", [], {}) or "$ref" in str(one):
            one.pop("default", None)


def written(value: Any, shape: dict[str, Any]) -> Any:
    """Return a key's value as a file has it: durations, sizes and rates as text.

    >>> written(90.0, {"type": "string", "pattern": durations.DURATION})
    '1m30s'
    """
    texts = [shape, *shape.get("anyOf", ())]
    if any(one.get("pattern") == durations.SIZE for one in texts):
        return durations.size_written(value)
    if any(one.get("pattern") == durations.RATE for one in texts) and value is not None:
        return durations.rate_written(value)
    is_number = isinstance(value, float | int) and not isinstance(value, bool)
    takes_text = any("string" in one.get("type", ()) for one in texts)
    return durations.written(value) if is_number and takes_text else value
