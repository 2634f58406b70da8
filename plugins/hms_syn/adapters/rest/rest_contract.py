"""Whether a REST job and its vendor's OpenAPI document fit together, asked before any message is at stake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from hms_syn.adapters.auth import static
from hms_syn.adapters.rest import rest_document, rest_operation, rest_schema
from hms_syn.adapters.rest.rest_answer import PLAIN_PATH
from hms_syn.adapters.rest.rest_check import JSON_TYPE, RESERVED
from hms_syn.adapters.rest.rest_request import BODILESS, RestRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sized

    from hms_syn.adapters.rest.rest_document import Document
    from hms_syn.adapters.rest.rest_operation import Operation
    from hms_syn.domain.job_spec import JobSpec, Pull, Push
    from hms_syn.ports import Credentials

    _Check = Callable[[Operation], Iterable["Finding"]]

Finding = tuple[str, str]
"""A key below the side's section, and what is wrong and what to do."""
_OURS = RESERVED | {"accept", "content-type", "traceparent", "tracestate", static.DEFAULT_HEADER.lower()}
"""Headers that go out by themselves or are not the job file's to write."""
_OK = re.compile(r"2(?:[0-9]{2}|XX)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request of the job; ``at`` and ``document_at`` are the keys below the side of it and of its document."""

    at: str
    document_at: str
    side: str
    declared: Mapping[str, Any]
    more: Mapping[str, str] = field(default_factory=dict)
    """Parameters that the adapter adds to the query, by the key of the side that names each."""


def push_problems(job: JobSpec, push: Push, credentials: Credentials | None) -> Iterator[Finding]:
    """Yield what of a push and its ``find`` does not fit the document that ``push.request.openapi`` names."""
    name = push.request.get("openapi")
    asked = _Asked(at="request", document_at="request.openapi", side="push", declared=push.request)
    yield from _problems(job, asked, name, credentials, (partial(_body, push), partial(_proof, push)))
    if push.find is None:
        return
    request = push.find.get("request") or {}
    at = "find.request.openapi" if "openapi" in request else "request.openapi"
    asked = _Asked(at="find.request", document_at=at, side="find", declared=request)
    yield from _problems(job, asked, request.get("openapi", name), credentials, (partial(_found, push),))


def pull_problems(job: JobSpec, pull: Pull, credentials: Credentials | None) -> Iterator[Finding]:
    """Yield what of a pull does not fit the document that ``pull.request.openapi`` names."""
    page = pull.request.get("page")
    page = page if isinstance(page, Mapping) else {}
    more = {f"request.page.{key}": str(page[key]) for key in ("size", "after") if key in page}
    if pull.cursor is not None and pull.cursor.parameter:
        more["cursor.parameter"] = pull.cursor.parameter
    asked = _Asked(at="request", document_at="request.openapi", side="pull", declared=pull.request, more=more)
    yield from _problems(job, asked, pull.request.get("openapi"), credentials, (partial(_list, pull),))


def _problems(
    job: JobSpec,
    asked: _Asked,
    name: object,
    credentials: Credentials | None,
    checks: Iterable[_Check],
) -> Iterator[Finding]:
    """Hold one request against its document; what one check cannot read keeps none of the others back."""
    if name is None or not all(isinstance(asked.declared.get(key) or {}, Mapping) for key in ("query", "headers")):
        return  # there is nothing to compare with, or what to compare is no map, as rest_check says
    try:
        document = rest_document.read(Path(job.file).parent, str(name))
        request = RestRequest.of(job.target_endpoint, asked.declared, side=asked.side)
        found = rest_operation.operation(document, request)
    except rest_operation.UnknownOperationError as error:
        yield f"{asked.at}.{error.key}", str(error)
        return
    except ValueError as error:
        yield asked.document_at, str(error)
        return
    alike: tuple[_Check, ...] = (partial(_query, job, asked, request), partial(_headers, asked, request, credentials))
    for check in (*alike, *checks):
        try:
            yield from check(found)
        except ValueError as error:
            yield asked.document_at, str(error)


def _query(job: JobSpec, asked: _Asked, request: RestRequest, found: Operation) -> Iterator[Finding]:
    known = found.parameters("query")
    own = [name for name, _ in parse_qsl(urlsplit(job.target_endpoint).query, keep_blank_values=True)]
    given = {*own, *map(str, request.query), *asked.more.values()}
    bases = {name.partition("[")[0] for name in given}
    missing = [name for name in _required(known) if name not in given | bases]
    if not any(_is_taken_apart(found.document, each) for each in known.values()):
        written = {**{f"{asked.at}.query.{name}": str(name) for name in request.query}, **asked.more}
        for key, name in written.items():
            if name in known or name.partition("[")[0] in known:
                continue
            meant = rest_schema.near(name, missing)
            missing = [each for each in missing if each != meant]
            yield key, f"{found} has no parameter {name!r}{rest_schema.hint(name, [meant] if meant else known)}"
    if missing:
        yield f"{asked.at}.query", f"{found} requires {_all(missing)} in its query; add {_them(missing)}."


def _headers(
    asked: _Asked, request: RestRequest, credentials: Credentials | None, found: Operation
) -> Iterator[Finding]:
    login = credentials.extra.get("header_name", "") if credentials is not None else ""
    given = {*_OURS, str(login).lower(), *(str(name).lower() for name in request.headers)}
    missing = [name for name in _required(found.parameters("header")) if name.lower() not in given]
    if missing:
        yield f"{asked.at}.headers", f"{found} requires the header {_all(missing)}; add {_them(missing)}."


def _required(parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    return (name for name, each in parameters.items() if rest_document.is_yes(each.get("required")))


def _is_taken_apart(document: Document, parameter: Mapping[str, Any]) -> bool:
    """Return whether it is an object whose fields stand in the query by themselves: they may have any name."""
    is_one = rest_document.is_no(parameter.get("explode")) or parameter.get("style", "form") != "form"
    return not is_one and document.part(parameter.get("schema")).get("type") == "object"


def _body(push: Push, found: Operation) -> Iterator[Finding]:
    if found.method == BODILESS:
        return
    body = found.document.part(found.spec.get("requestBody"))
    taken = dict(rest_operation.media_types(body))
    if not taken:
        yield (
            "request.method",
            f"{found} takes no body, and nothing of a message would arrive; choose another method or path.",
        )
        return
    name, kind = _content_type(push)
    media = next((taken[each] for each in (kind, "application/*", "*/*") if each in taken), None)
    if media is None:
        text = f"{found} takes no {kind!r} as its body, but: {rest_schema.quoted(taken)}"
        is_json = any(map(JSON_TYPE.fullmatch, taken))
        key = f"request.headers.{name}" if is_json else "request"
        yield key, f"{text}; {'write that as Content-Type.' if is_json else 'this adapter sends JSON only.'}"
    elif push.mapping is not None:
        yield from _mapped(found, push.mapping, media.get("schema"), way=())
    elif push.schema:
        yield from _as_it_is(found, push.schema, media.get("schema"))


def _content_type(push: Push) -> tuple[str, str]:
    """Return the header that says of what type a message is, as the job writes it or as it is by itself."""
    for name, value in (push.request.get("headers") or {}).items():
        if str(name).lower() == "content-type":
            return str(name), str(value).partition(";")[0].strip().lower()
    return "Content-Type", "application/json"


def _mapped(found: Operation, mapping: Mapping[str, Any], schema: Any, *, way: tuple[str, ...]) -> Iterator[Finding]:
    """Hold a mapping against the object that it makes, and each map in it against the object inside."""
    known = rest_schema.fields(found.document, schema)
    if known is None:
        return
    missing = [name for name in rest_schema.sent(found.document, known) if name not in mapping]
    for name, inner in mapping.items():
        at = (*way, str(name))
        if name in known.names:
            if isinstance(inner, Mapping):
                yield from _mapped(found, inner, known.names[name], way=at)
            continue
        meant = rest_schema.near(str(name), missing)
        missing = [each for each in missing if each != meant]
        if meant is not None or known.is_closed:
            hint = rest_schema.hint(str(name), [meant] if meant else known.names)
            yield f"mapping.{'.'.join(at)}", f"{found} takes no field {'.'.join(at)!r}{hint}"
    if missing:
        names = _all([".".join((*way, name)) for name in missing])
        yield ".".join(("mapping", *way)), f"{found} requires {names}; map {_them(missing)}."


def _as_it_is(found: Operation, payload: Mapping[str, Any], schema: Any) -> Iterator[Finding]:
    """Hold the schema of a payload that is sent as it is against the object that the vendor takes."""
    known = rest_schema.fields(found.document, schema)
    own = rest_schema.fields(rest_document.Document(name="push.schema", root=payload), payload)
    if known is None or own is None or not own.names:
        return
    missing = [name for name in rest_schema.sent(found.document, known) if name not in own.names]
    others = [name for name in own.names if name not in known.names] if known.is_closed else []
    wrong = [f"requires {_all(missing)}, which no payload has"] if missing else []
    wrong += [f"takes no field {_all(others)}"] if others else []
    if wrong:
        yield "schema", f"{found} {', and '.join(wrong)}; add a 'mapping'."


def _proof(push: Push, found: Operation) -> Iterator[Finding]:
    asked = {f"ack.{name}": way for name, way in push.ack.items()} | {f"success.{way}": way for way in push.success}
    yield from _answers(found, asked)


def _found(push: Push, found: Operation) -> Iterator[Finding]:
    """Hold what finds the record, and where that is the answer itself what proves it, against the answer."""
    match = str((push.find or {}).get("match") or "")
    asked = {"find.match": match}
    if match == "@":
        asked |= {f"find.success.{way}": way for way in (push.find or {}).get("success") or {}}
        asked |= {f"ack.{name}": way for name, way in push.ack.items()}
    yield from _answers(found, asked)


def _list(pull: Pull, found: Operation) -> Iterator[Finding]:
    page = pull.request.get("page")
    asked = {"request.records": pull.request.get("records")}
    if isinstance(page, Mapping):
        asked["request.page.next"] = page.get("next")
    yield from _answers(found, asked)


def _answers(found: Operation, asked: Mapping[str, object]) -> Iterator[Finding]:
    """Yield each plain way into the answer that no documented answer of success has."""
    schemas = list(_schemas(found))
    for key, way in asked.items():
        if not isinstance(way, str) or not PLAIN_PATH.fullmatch(way):
            continue
        lacks = [rest_schema.unknown(found.document, schema, way.split(".")) for schema in schemas]
        if lacks and None not in lacks:
            name, there = max(filter(None, lacks), key=lambda lack: len(lack[0]))
            hint = rest_schema.hint(name.rpartition(".")[2], there)
            yield key, f"{found} answers no {name!r}{hint}"


def _schemas(found: Operation) -> Iterator[Any]:
    """Yield the schema of each JSON that may come with a 2xx; None where one says nothing of it."""
    responses = found.spec.get("responses")
    for status, response in responses.items() if isinstance(responses, Mapping) else ():
        if _OK.fullmatch(str(status)):
            for kind, media in rest_operation.media_types(found.document.part(response)):
                if JSON_TYPE.fullmatch(kind) or kind.endswith("/*"):
                    yield media.get("schema")


def _all(names: Collection[str]) -> str:
    return rest_schema.quoted(names, last=" and ")


def _them(names: Sized) -> str:
    return "it" if len(names) == 1 else "them"
