"""What is wrong with a job for an HL7 engine as it is written, asked before any message is at stake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.hl7 import hl7_paths, hl7_tables, hl7_verdict
from hms_syn.adapters.hl7.hl7_message import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.hl7.hl7_paths import Place
    from hms_syn.domain.job_spec import Push

Finding = tuple[str, str]
"""A key below ``push``, and what is wrong and what to do."""


def problems(push: Push) -> Iterator[Finding]:
    """Yield all that would stop this job's messages, or make their answers prove nothing."""
    try:
        hl7_tables.check_installed()
        kind = Kind.of(push)
    except errors.ContractMismatch as error:
        yield "request", str(error)
        return
    except ValueError as error:
        name, _, text = str(error).partition(": ")
        yield f"request.{name}", f"{text}."
        return
    yield from _mapping(push.mapping or {}, kind.version)
    for key, expressions in (("ack", push.ack), ("success", {name: name for name in push.success})):
        try:
            mapping.check_expressions(expressions, key=key)
        except errors.ContractMismatch as error:
            yield key, str(error)
    for code in sorted(set(hl7_verdict.accepted(push)) - set(hl7_verdict.YES)):
        yield f"success.{hl7_verdict.CODE}", f"{code!r} is no yes; of table 0008 only AA and CA are."
    if push.find is not None:
        yield "find", "MLLP has no question to ask; take it out."


def refuse(push: Push) -> Kind:
    """Return what the job's messages are, if nothing is wrong with it.

    :raises errors.ContractMismatch: saying all that is
    """
    hl7_tables.check_installed()
    wrong = [f"'push.{key}': {text}" for key, text in problems(push)]
    if wrong:
        raise errors.ContractMismatch("\n".join(wrong))
    return Kind.of(push)


def _mapping(declared: Mapping[str, Any], version: str) -> Iterator[Finding]:
    places: dict[Place, str] = {}
    for name, expression in declared.items():
        try:
            path = hl7_paths.read(name)
            hl7_tables.kind(version, path)
        except ValueError as error:
            yield f"mapping.{name}", f"{error}."
            continue
        if (path.repetition or 1) > 1 and not hl7_tables.repeats(version, path):
            yield f"mapping.{name}", f"{path.segment}-{path.field} does not repeat in HL7 {version}."
        if path.place in places:
            yield f"mapping.{name}", f"stands where {places[path.place]} stands; keep one."
        places[path.place] = name
        try:
            mapping.check_expressions({name: expression})
        except errors.ContractMismatch as error:
            yield f"mapping.{name}", str(error)
        if isinstance(expression, Mapping):
            yield f"mapping.{name}", "is a map; write each part with its own path, such as PID-5.1 and PID-5.2."
