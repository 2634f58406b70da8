"""Asking a REST vendor for one message: what it answers, and what the record in it proves."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import find_answers, http_status, json_calls, templates, verdicts, words
from hms_syn.adapters.rest import rest_answer

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import Push

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def receipt(response: Response, push: Push, *, key: str) -> Ack | None:
    """Return the receipt in the record that the vendor has, or None for a clear "no such thing".

    :raises errors.SynError: as the port's ``find`` does
    """
    find = push.find or {}
    http_status.check(response)
    try:
        if response.status in _GONE and _asks_for_one(find):
            _check_absence(response)
            return None
        record = _record(rest_answer.document(response), str(find.get("match") or ""))
        if record is None:
            return None
        rest_answer.check_owner(record, response, push.ack, key=key)
        return rest_answer.prove(record, find.get("success") or {}, push.ack)
    except errors.VendorRefused as error:
        raise find_answers.unproved(error) from None


def _asks_for_one(find: Mapping[str, Any]) -> bool:
    """Return True if the path names one resource: then its absence is an answer, not a wrong address."""
    return any(templates.holes((find.get("request") or {}).get("path") or ""))


def _check_absence(response: Response) -> None:
    """Refuse a 404 that is not the vendor's own: a page comes from whoever stands in front of it."""
    if response.body.strip():
        json_calls.document(response)


def _record(answer: Any, match: str) -> Mapping[str, Any] | None:
    found = find_answers.only(match, answer)
    if found in (None, "", []):
        _check_clear(answer)
        return None
    if not isinstance(found, Mapping):
        raise find_answers.no_record()
    return found


def _check_clear(answer: Any) -> None:
    """Refuse to take for a "no such thing" what is no answer to the question: a bare word, or talk of an error."""
    troubled = isinstance(answer, str | int | float) or (
        isinstance(answer, Mapping)
        and any(
            value and {words.singular(word) for word in words.split(str(name))} & verdicts.ERROR
            for name, value in answer.items()
        )
    )
    if troubled:
        raise errors.OutcomeUnknown("The vendor answers the question with something else.", code="find_unclear")
