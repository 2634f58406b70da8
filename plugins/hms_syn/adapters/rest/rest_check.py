"""What is wrong with a REST job as it is written, asked before any message is at stake; nothing is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping, templates
from hms_syn.adapters.auth.fields import HEADER_VALUE
from hms_syn.adapters.rest.rest_paging import LINK
from hms_syn.adapters.rest.rest_request import KEY, METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.domain.job_spec import Pull, Push

Finding = tuple[str, str]
"""A key below the side's section, and what is wrong and what to do."""
RESERVED = frozenset({
    "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "cookie", "expect", "host",
    "idempotency-key", "keep-alive", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "webhook-id", "webhook-signature", "webhook-timestamp",
})  # fmt: skip
"""Headers that say where a request ends, who we are, or which message it is: those are not the job file's."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_HOLE = re.compile(r"\{[^{}]*\}")
_DOTS = re.compile(r"(?:\.|%2[eE]){1,2}")
JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
"""A media type of JSON (RFC 6839, 3.1), with its parameters."""


def push_problems(push: Push) -> Iterator[Finding]:
    """Yield all that would stop this job's messages, or make their answers prove nothing."""
    yield from _request(push.request, "push", _known(push))
    for key, expressions in (("mapping", push.mapping or {}), ("ack", push.ack)):
        yield from _expressions(key, expressions)
    yield from _expressions("success", {name: name for name in push.success})
    if "reference" not in push.ack:
        yield (
            "ack.reference",
            "is missing; say where in the answer the vendor's receipt stands: a message counts as delivered only with "
            "it.",
        )
    if push.find is not None:
        request = push.find.get("request") or {}
        for key, text in _request(request, "find", _known(push)):
            yield f"find.{key}", text
        if not any(templates.holes([request.get("path"), request.get("query"), request.get("headers")])):
            yield "find.request", f"asks the same for every message; put {{{KEY}}} or a field of the message into it."
        yield from _expressions("find", {"match": push.find.get("match") or ""})
        yield from _expressions("find.success", {name: name for name in push.find.get("success") or {}})


def pull_problems(pull: Pull) -> Iterator[Finding]:
    """Yield all that would stop this job's pulls."""
    request, page = pull.request, pull.request.get("page")
    yield from _request(request, "pull", frozenset())
    asked = {str(name) for name in (request.get("query") or {})}
    if "records" in request:
        yield from _expressions("request", {"records": request["records"]})
    if isinstance(page, Mapping):
        if ("next" in page) != ("after" in page):
            yield "request.page", "needs 'next', where the token stands, and 'after', the parameter that takes it."
        yield from _expressions("request.page", {"next": page["next"]} if "next" in page else {})
        names = [str(page[key]) for key in ("size", "after") if key in page]
    else:
        names = []
        if page not in (None, LINK):
            yield "request.page", f"is neither a map of 'size', 'after' and 'next' nor the word {LINK!r}."
    if pull.cursor is not None:
        yield from _expressions("cursor", {"field": pull.cursor.field})
        names.append(pull.cursor.parameter)
    for name in sorted({name for name in names if name in asked or names.count(name) > 1}):
        yield "request.query", f"{name!r} would stand twice in the URL; leave it out here."
    yield from _expressions("mapping", pull.mapping or {})
    if pull.dedupe_key is not None:
        yield from _expressions("", {"dedupe_key": pull.dedupe_key})


def refuse(side: str, problems: Iterator[Finding]) -> None:
    """Raise what is wrong, if anything is.

    :raises errors.ContractMismatch: saying all of it
    """
    wrong = [f"'{side}.{key}': {text}" for key, text in problems]
    if wrong:
        raise errors.ContractMismatch("\n".join(wrong))


def _known(push: Push) -> frozenset[str] | None:
    """Return the names a hole may have, or None where only a message's payload decides."""
    if push.mapping is not None:
        return frozenset({*map(str, push.mapping), KEY})
    schema = push.schema or {}
    is_whole = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    return frozenset({*map(str, schema.get("properties") or {}), KEY}) if is_whole else None


def _request(request: Mapping[str, Any], side: str, known: frozenset[str] | None) -> Iterator[Finding]:
    method = request.get("method")
    if method is not None and method not in METHODS[side]:
        yield "request.method", f"write {' or '.join(METHODS[side])}."
    yield from _path(str(request.get("path") or ""))
    for key, check in (("query", _parameter), ("headers", _header)):
        declared = request.get(key)
        if declared is None:
            continue
        if not isinstance(declared, Mapping):
            yield f"request.{key}", "is not a map; write names and values below it."
            continue
        for name, value in declared.items():
            yield from ((f"request.{key}", text) for text in check(str(name), value))
        names = [str(name).lower() for name in declared]
        if key == "headers" and len(set(names)) != len(names):
            yield "request.headers", "one name stands there twice; capitals make no difference."
    for key in ("path", "query", "headers"):
        yield from ((f"request.{key}", text) for text in _holes(request.get(key), known))


def _path(path: str) -> Iterator[Finding]:
    bare = _HOLE.sub("x", path)
    if not _PATH.fullmatch(bare) or "//" in bare:
        yield (
            "request.path",
            "is no plain path; percent-encode what is no letter or digit, and write parameters under 'query'.",
        )
    if any(_DOTS.fullmatch(part) for part in bare.split("/")):
        yield "request.path", "leads to another path; write it without '.' and '..'."


def _parameter(name: str, value: Any) -> Iterator[str]:
    values = value if isinstance(value, list | tuple) else [value]
    if any(not isinstance(each, str | int | bool) for each in values):
        yield f"{name!r} is neither a value nor a list of values."


def _header(name: str, value: Any) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"{name!r} is no name of a header."
    elif name.lower() in RESERVED:
        yield f"{name!r} is set by the adapter or by the job's connection; leave it out."
    elif not isinstance(value, str | int) or not HEADER_VALUE.fullmatch(str(value)):
        yield f"{name!r} needs a text of printable ASCII characters."
    elif name.lower() == "content-type" and not JSON_TYPE.fullmatch(str(value)):
        yield f"{name!r}: this adapter sends JSON; write a type of JSON, such as application/vnd.api+json."


def _holes(template: Any, known: frozenset[str] | None) -> Iterator[str]:
    for text in templates.stray_braces(template):
        yield f"{text!r} has a brace that is no {{name}}."
    for name in templates.holes(template):
        if known is not None and name.partition(".")[0] not in known:
            choices = ", ".join(f"{{{choice}}}" for choice in sorted(known))
            yield f"nothing fills {{{name}}}; there are: {choices}." if known else f"no message fills {{{name}}}."


def _expressions(key: str, expressions: Mapping[str, Any]) -> Iterator[Finding]:
    check: Callable[..., None] = mapping.check_expressions
    for name, expression in expressions.items():
        where = f"{key}.{name}".removeprefix(".")
        try:
            check({name: expression}, key=key)
        except errors.ContractMismatch as error:
            yield where, str(error).partition(": ")[2] or str(error)
