"""What a FHIR server says when it does not say yes: an OperationOutcome, read by its codes alone.

Every issue has a severity and a code of the closed set IssueType (R4). The texts beside them may name a
patient; they are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import http_status, json_calls

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response

_REFUSED = frozenset(
    {"invalid", "structure", "required", "value", "invariant", "processing", "not-supported", "duplicate", "not-found"}
    | {"deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule"}
)
_LOGIN = frozenset({"security", "login", "unknown", "expired", "forbidden"})
_LATER = frozenset({"throttled", "lock-error", "transient", "conflict"})
"""The server has not done it: too many calls, a lock, an edit by another."""
_UNSURE = frozenset({"timeout", "no-store", "exception", "incomplete", "suppressed", "multiple-matches"})
"""The server gave up somewhere in the middle, or cannot say which resource is meant."""
_CLIENT_ERROR = 4
_PLAIN = frozenset({400, 409, 413, 422})
"""Statuses about the message; the others say that it came to the wrong place, or nothing that is known."""


def failure(response: Response) -> errors.SynError:
    """Return the error that an answer without success is.

    The status decides where it is clear by itself (401, 403, 412, 429, 503, a wrong address); the codes of an
    OperationOutcome decide in the 4xx that are about the message. A 5xx stays unknown unless they say "later".
    """
    if response.status == HTTPStatus.PRECONDITION_FAILED:
        return errors.OutcomeUnknown(
            "The vendor has several resources with our identifier; an officer must look which is the message's.",
            code="fhir_ambiguous",
        )
    try:
        http_status.check(response)
    except errors.SynError as error:
        return error
    codes = _codes_of(response)
    if not codes and response.status == HTTPStatus.CONFLICT:
        codes = frozenset({"conflict"})
    about_us = response.status // 100 == _CLIENT_ERROR
    return (_told(response, codes) if about_us or codes <= _LATER else None) or http_status.failure(response)


def codes_in(resource: Any) -> frozenset[str]:
    """Return the codes of an OperationOutcome's errors; a code that is not in the set is left out.

    A severity that is not one of the set counts as an error: it says nothing that could be relied on.
    """
    issues = resource.get("issue") if isinstance(resource, Mapping) else None
    found = [issue for issue in issues if isinstance(issue, Mapping)] if isinstance(issues, list) else []
    known = _REFUSED | _LOGIN | _LATER | _UNSURE
    return frozenset(
        code
        for issue in found
        if issue.get("severity") not in ("warning", "information")
        and isinstance(code := issue.get("code"), str)
        and code in known
    )


def is_clean(resource: Mapping[str, Any]) -> bool:
    """Return True for an OperationOutcome that reports no error: information and warnings only."""
    issues = resource.get("issue")
    return isinstance(issues, list) and all(
        isinstance(issue, Mapping) and issue.get("severity") in ("warning", "information") for issue in issues
    )


def _codes_of(response: Response) -> frozenset[str]:
    try:
        document = json_calls.document(response)
    except errors.OutcomeUnknown:
        return frozenset()
    is_outcome = isinstance(document, Mapping) and document.get("resourceType") == "OperationOutcome"
    return codes_in(document) if is_outcome else frozenset()


def _told(response: Response, codes: frozenset[str]) -> errors.SynError | None:
    """Return the error that the codes name, the least certain first; None where they name none."""
    if codes & _UNSURE:
        return http_status.unknown(response, _word(codes & _UNSURE))
    if codes & _LATER:
        return _busy(response, codes & _LATER)
    if codes & _LOGIN:
        return _login(response, codes & _LOGIN)
    if codes & _REFUSED and response.status in _PLAIN:
        word = min(codes & _REFUSED)
        return errors.VendorRefused(
            f"The vendor refused this resource ({word}; HTTP {response.status}).", code=_word([word])
        )
    return None


def _busy(response: Response, codes: Iterable[str]) -> errors.VendorBusy:
    return errors.VendorBusy(
        f"The vendor asked us to come back later ({min(codes)}; HTTP {response.status}).",
        code=_word(codes),
        retry_after=http_status.later(response),
    )


def _login(response: Response, codes: Iterable[str]) -> errors.LoginRefused:
    return errors.LoginRefused(
        f"The vendor does not accept our credentials ({min(codes)}; HTTP {response.status}); check the job's "
        "connection.",
        code=_word(codes),
        retry_after=max(http_status.LOGIN_WAIT, http_status.later(response) or 0),
    )


def _word(codes: Iterable[str]) -> str:
    return f"fhir_{min(codes).replace('-', '_')}"
