"""Two job files compared key by key: every default filled in, every value as a job file would have it.

``60s`` and ``1m`` are the same, and so are a default and the same value typed. A variable has the value that it has in
this process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from hms_syn.job_files import loader, model
from hms_syn.job_files.derived import derived
from hms_syn.job_files.json_schema import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hms_syn.domain.job_spec import JobSpec

_SHORT_FORMS = frozenset({"heartbeat_interval"})
_SCHEMA = "job.push.schema"
_NOTHING = (None, "", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledIn:
    """A job, and each key with its value; ``own`` are the keys whose value is not the default.

    What is empty or null is not there at all.
    """

    job: JobSpec
    values: Mapping[str, Any]
    own: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One key that differs; None stands for a key that is not there."""

    key: str
    old: Any
    new: Any


def filled_in(path: str | Path, *, root: str | Path | None = None, text: str | None = None) -> FilledIn:
    """Return a file's job and all its keys; ``root`` and ``text`` are as in ``load_with_keys``.

    :raises JobFileInvalid: with every problem of the file at once
    """
    job, file = loader.load_with_keys(path, root=root, text=text)
    whole, by_itself = _whole(file, job)
    keys = list(_section(whole, (), model.JobFile.model_json_schema(by_alias=True)))
    return FilledIn(
        job=job,
        values={key: value for key, value, _ in keys},
        own=frozenset(key for key, _, is_default in keys if not is_default) - by_itself,
    )


def changes(old: FilledIn | None, new: FilledIn) -> list[FieldChange]:
    """Return the keys that differ, in the order of the file; without ``old`` those that the new file says itself.

    Of a section that only one of the two has, only what is not a default is told.
    """
    before, own = (old.values, old.own) if old is not None else ({}, frozenset())
    found = [
        FieldChange(key=key, old=before.get(key), new=new.values.get(key))
        for key in _in_order(new.values, before)
        if before.get(key) != new.values.get(key)
        and (key in new.own or key in own or (key in before and key in new.values))
    ]
    if old is not None and _schema(old) != _schema(new) and old.values.get(_SCHEMA) == new.values.get(_SCHEMA):
        name = new.values.get(_SCHEMA)
        found.append(FieldChange(key=_SCHEMA, old=f"{name} as it is", new=f"{name} as it would be"))
    return found


def _in_order(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    return [*new, *(key for key in old if key not in new)]


def _schema(one: FilledIn) -> Any:
    return one.job.push.schema if one.job.push is not None else None


def _whole(file: model.JobFile, job: JobSpec) -> tuple[model.JobFile, frozenset[str]]:
    """Return the file with a section for each of the job's sides and no other, and the keys that depend on the job."""
    made, by_itself = derived(job), set()
    sides: dict[str, BaseModel | None] = {"push": None, "pull": None}
    for side, kind in (("push", model.PushSection), ("pull", model.PullSection)):
        if getattr(job, side) is None:
            continue
        own = getattr(file.job, side) or kind()
        values = {path[-1]: value for path, (value, _) in made.items() if path[:-1] == ("job", side)}
        by_itself |= {f"job.{side}.{key}" for key in values if getattr(own, key) is None}
        sides[side] = own.model_copy(update=values)
    return file.model_copy(update={"job": file.job.model_copy(update={"id": job.id, **sides})}), frozenset(by_itself)


def _section(section: BaseModel, path: tuple[str, ...], shapes: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield each key below a section with its value, and whether that is the default."""
    kind = type(section)
    shape = shapes if kind is model.JobFile else shapes["$defs"][kind.__name__]
    for name, field in kind.model_fields.items():
        key = field.alias or name
        if key in _SHORT_FORMS:
            continue
        value, here = getattr(section, name), (*path, key)
        if here == ("job", "heartbeat") and value is None:
            yield ".".join(here), False, False
        elif isinstance(value, BaseModel):
            yield from _section(value, here, shapes)
        elif isinstance(value, dict):
            yield from ((".".join(leaf), inner, False) for leaf, inner in _leaves(here, value))
        elif (is_default := value == field.get_default(call_default_factory=True)) is False or value not in _NOTHING:
            said = None if value in _NOTHING else _written(value, shape["properties"][key])
            yield ".".join(here), said, is_default


def _written(value: Any, shape: Mapping[str, Any]) -> Any:
    """Return a value as a file has it: a list of one topic as a text, a list of maps with what is no default."""
    if not isinstance(value, tuple):
        return written(value, dict(shape))
    if any(isinstance(one, BaseModel) for one in value):
        return [one.model_dump(by_alias=True, exclude_defaults=True) for one in value]
    return value[0] if len(value) == 1 and "string" in shape.get("type", ()) else list(value)


def _leaves(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves((*path, key), value)
        else:
            yield (*path, key), value
