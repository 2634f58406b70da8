"""Whether a job and its vendor's WSDL fit together, asked before any message is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping, words
from hms_syn.adapters.soap import soap_find, soap_inference, soap_proof, soap_records, wsse
from hms_syn.adapters.words import Topic
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.soap.soap_shape import Shape
    from hms_syn.adapters.soap.soap_source import ContractSource
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials


def problems(job: JobSpec, credentials: Credentials | None, source: ContractSource) -> list[tuple[str, str]]:
    """Return (dotted key, what is wrong and what to do) for everything that would stop this job."""
    found: list[tuple[str, str]] = []
    try:
        wsse.mode(credentials)
    except errors.ContractMismatch as error:
        return [("job.connection_id", str(error))]
    for adapter, side, check in ((job.push_adapter, "push", _push), (job.pull_adapter, "pull", _pull)):
        if adapter is None:
            continue
        try:
            found += check(job, source)
        except errors.LoginRefused as error:
            return [*found, ("job.connection_id", str(error))]
        except (errors.TryAgain, errors.OutcomeUnknown) as error:
            hint = "Check the endpoint and 'allow_private', or save the WSDL beside the job file as 'request.wsdl'."
            return [*found, ("job.target_endpoint", f"{error} {hint}")]
        except errors.SynError as error:
            found.append((f"job.{side}.request", str(error)))
    return found


def _push(job: JobSpec, source: ContractSource) -> Iterator[tuple[str, str]]:
    request = job.push.request if job.push else EMPTY
    declared = job.push.mapping if job.push else None
    contract = source.contract(request)
    for topic in map(Topic.parse, job.source_topics):
        shapes = contract.shapes(service=request.get("service"), port=request.get("port"))
        shape = _shape_for(job, shapes, topic)
        if job.push is not None and job.push.find is not None:
            for key, text in soap_find.problems(job.push, shapes, shape):
                yield f"job.push.find.{key}", text
        if shape is None:
            continue
        if declared is not None:
            mapping.check_expressions(declared, key="push.mapping")
            for text in soap_inference.mapping_problems(shape, declared):
                yield "job.push.mapping", text
        if job.push is None or "reference" not in job.push.ack:
            try:
                soap_proof.reference_leaf(shape)
            except errors.ContractMismatch as error:
                yield "job.push.ack", str(error)


def _shape_for(job: JobSpec, shapes: list[Shape], topic: Topic | None) -> Shape | None:
    """Return the operation for a topic, or None where only a message's fields can decide between several."""
    push = job.push
    if push is not None and "operation" in push.request:
        return soap_inference.named(shapes, str(push.request["operation"]), side="push")
    fields: Mapping[str, Any] | None = None
    if push is not None:
        fields = push.mapping or (push.schema or EMPTY).get("properties")
    if fields is None and topic is not None:
        named = soap_inference.candidates(shapes, topic)
        if named:
            return named[0] if len(named) == 1 else None
    return soap_inference.for_push(shapes, topic, fields or ())


def _pull(job: JobSpec, source: ContractSource) -> Iterator[tuple[str, str]]:
    pull = job.pull
    request = pull.request if pull else EMPTY
    shape, records = soap_inference.pull_shape(source.contract(request), request, job.source_topics)
    paging = soap_inference.paging(shape, request)
    if pull is not None:
        for key, text in soap_records.problems(pull, shape, records, paging):
            yield f"job.pull.{key}", text
    asked = [("request.page.size", paging.get("size")), ("request.page.after", paging.get("after"))]
    if pull is not None and pull.cursor is not None:
        asked.append(("cursor.parameter", pull.cursor.parameter))
    inputs = [field.name for field in shape.inputs]
    for key, name in asked:
        if name is not None and not words.pair(inputs, [name], ()):
            yield f"job.pull.{key}", f"{shape.name} has no input {name!r}; it is {shape}."
