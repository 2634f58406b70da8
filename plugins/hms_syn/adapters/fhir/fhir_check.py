"""Whether a job says what FHIR needs, asked before any message is at stake and without the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jmespath

from hms_syn import errors
from hms_syn.adapters import mapping, templates
from hms_syn.adapters.auth import choice
from hms_syn.adapters.fhir import fhir_pull, fhir_push, fhir_resource, fhir_validation
from hms_syn.adapters.fhir.fhir_types import TYPES, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.domain.job_spec import JobSpec, Pull, Push
    from hms_syn.ports import Credentials

_ID = "fhir.r4.v1"


def problems(job: JobSpec, credentials: Credentials | None) -> list[tuple[str, str]]:
    """Return (dotted key, what is wrong and what to do) for everything that would stop this job."""
    found = choice.problems(job, credentials)
    if job.push_adapter == _ID:
        found += _push(job.push)
    if job.pull_adapter == _ID and job.pull is not None:
        found += _pull(job.pull)
    return found


def _push(push: Push | None) -> Iterator[tuple[str, str]]:
    if not fhir_validation.is_installed():
        yield (
            "job.push_adapter",
            "resources are sent unchecked: install the extra with pip install 'hms-syn[fhir]'.",
        )
    try:
        way = fhir_push.interaction(push)
    except errors.ContractMismatch as error:
        yield "job.push.request.interaction", str(error)
        return
    try:
        kind = fhir_push.kind(push)
    except errors.ContractMismatch as error:
        yield "job.push.request.resource", str(error)
        return
    if push is None:
        return
    yield from _expressions(push)
    yield from _mapping(push, way, kind)
    if push.find is not None:
        yield from _find(push)


def _expressions(push: Push) -> Iterator[tuple[str, str]]:
    for key, given in (("mapping", push.mapping or {}), ("ack", push.ack), ("success", {n: n for n in push.success})):
        try:
            mapping.check_expressions(given, key=f"push.{key}")
        except errors.ContractMismatch as error:
            yield f"job.push.{key}", str(error)


def _mapping(push: Push, way: str, kind: str) -> Iterator[tuple[str, str]]:
    declared = push.mapping or {}
    said = _constant(declared.get("resourceType"))
    if said is not None and said != kind:
        yield "job.push.mapping.resourceType", f"is not {kind!r}, which 'request.resource' names; take it out."
    if way == "transaction":
        if push.mapping is not None and "entry" not in declared:
            yield "job.push.mapping", "a transaction needs 'entry': a list of maps, each with a 'resource'."
        return
    offers = TYPES[kind]
    if offers is Identifier.NONE:
        yield "job.push.request.resource", fhir_resource.no_place(kind)
    if offers is Identifier.ONE and "identifier" in declared:
        yield "job.push.mapping.identifier", f"{kind} holds a single one, and that is ours; take it out."


def _constant(expression: Any) -> Any:
    """Return what a constant expression says, such as ``"'Appointment'"``; None for any other."""
    try:
        parsed: Mapping[str, Any] = jmespath.compile(expression).parsed if isinstance(expression, str) else {}
    except ValueError:
        return None
    return parsed.get("value") if parsed.get("type") == "literal" else None


def _find(push: Push) -> Iterator[tuple[str, str]]:
    asked = (push.find or {}).get("request") or {}
    if "resource" in asked and asked["resource"] not in TYPES:
        yield "job.push.find.request.resource", f"FHIR R4 has no resource type {asked['resource']!r}; correct it."
    query = asked.get("query") or {}
    for text in templates.stray_braces(query):
        yield "job.push.find.request.query", f"{text!r} has a brace that is no {{name}}; write {{key}} or an element."
    if not list(templates.holes(query)):
        yield (
            "job.push.find.request.query",
            "this asks the same for every message; put {key} or an element of the resource into it.",
        )


def _pull(pull: Pull) -> Iterator[tuple[str, str]]:
    try:
        fhir_push.known(pull.request.get("resource"), "pull.request.resource")
    except errors.ContractMismatch as error:
        yield "job.pull.request.resource", str(error)
    ours = {*fhir_pull.OURS, *([pull.cursor.parameter] if pull.cursor else [])}
    for name in pull.request.get("query") or {}:
        if str(name).partition(":")[0] in ours:
            yield f"job.pull.request.query.{name}", "the adapter sets this one itself; take it out."
    if pull.mapping is not None:
        try:
            mapping.check_expressions(pull.mapping, key="pull.mapping")
        except errors.ContractMismatch as error:
            yield "job.pull.mapping", str(error)
