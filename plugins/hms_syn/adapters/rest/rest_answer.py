"""What a REST vendor's answer proves: a status of success, the declared proof in the body, and nobody else's key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import http_status, json_calls, mapping, verdicts, words
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.job_spec import Push

_SUCCESS = 2
PRESENT = "present"
_KEY_NAME = ("idempotency", "key")
PLAIN_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
"""A JMESPath that is nothing but names and dots."""
_NOTHING: tuple[Any, ...] = (None, False, 0, "", [], {})


def receipt(response: Response, push: Push, *, key: str) -> Ack:
    """Return the receipt for the message with this idempotency key.

    A 409 counts only as the answer to a repeat of ours: it holds the reference, and a declared word or our key.

    :raises errors.SynError: as the port's ``send`` does
    """
    http_status.check(response)
    if response.status == HTTPStatus.CONFLICT:
        return _repeated(response, push, key)
    answer = document(response)
    check_owner(answer, response, push.ack, key=key)
    return prove(answer, push.success, push.ack)


def document(response: Response) -> Any:
    """Return the JSON value of an answer whose status says success; a 206 is a part of one.

    :raises errors.SynError: what any other status is · :raises errors.OutcomeUnknown: it is not proper JSON
    """
    if response.status // 100 != _SUCCESS or response.status == HTTPStatus.PARTIAL_CONTENT:
        raise http_status.failure(response)
    return json_calls.document(response)


def prove(answer: Any, success: Mapping[str, Any], ack: Mapping[str, str]) -> Ack:
    """Return the receipt as declared; where no success is declared, no status beside the reference may say no.

    :raises errors.SynError: as :func:`hms_syn.adapters.mapping.prove` does, and ``status_no`` or
        ``status_unrecognised`` for words that are no clear yes
    """
    if not success:
        _check_words(answer, ack.get("reference", ""))
    return mapping.prove(answer, success, ack)


def check_owner(answer: Any, response: Response, ack: Mapping[str, str], *, key: str) -> bool:
    """Return True if the answer names our idempotency key, beside the reference or in a header; False if it names none.

    :raises errors.OutcomeUnknown: it names another (``other_message``)
    """
    named = [response.headers.get("idempotency-key"), *_keys_in(answer, ack.get("reference", ""))]
    told = [str(each).strip().strip('"').lower() for each in named if isinstance(each, str) and each.strip()]
    if any(each.removeprefix("urn:uuid:") != key.lower() for each in told):
        raise errors.OutcomeUnknown(
            "The vendor's answer names the idempotency key of another message.", code="other_message"
        )
    return bool(told)


def _repeated(response: Response, push: Push, key: str) -> Ack:
    try:
        answer = json_calls.document(response)
        is_ours = check_owner(answer, response, push.ack, key=key)
        proven = prove(answer, push.success, push.ack)
    except (errors.Refused, errors.OutcomeUnknown):
        raise http_status.unknown(response, "http_409") from None
    if not (is_ours or any(allowed != PRESENT for allowed in push.success.values())):
        raise http_status.unknown(response, "http_409")
    return Ack(reference=proven.reference, status="duplicate")


def _keys_in(answer: Any, reference: str) -> Iterator[Any]:
    for record in _objects(answer, reference):
        for name, value in record.items():
            if words.split(str(name))[-2:] == _KEY_NAME:
                yield value


def _check_words(answer: Any, reference: str) -> None:
    """Look at every field that says how it went, in the objects on the way to the reference."""
    for record in _objects(answer, reference):
        for name, value in record.items():
            said = {words.singular(word) for word in words.split(str(name))}
            if (verdicts.is_status(said) or said == {"ok"}) and not isinstance(value, Mapping | list | None):
                _check_word(str(value))
            elif said & verdicts.ERROR and value not in _NOTHING:
                raise _unrecognised()


def _objects(answer: Any, reference: str) -> Iterator[Mapping[str, Any]]:
    path = reference.split(".")[:-1] if PLAIN_PATH.fullmatch(reference) else []
    for name in (*path, None):
        if not isinstance(answer, Mapping):
            return
        yield answer
        answer = answer.get(name)


def _check_word(text: str) -> None:
    verdict = verdicts.of(text)
    if verdict is False:
        raise errors.VendorRefused("A status beside the vendor's reference says no to this message.", code="status_no")
    if verdict is None:
        raise _unrecognised()


def _unrecognised() -> errors.OutcomeUnknown:
    """Return the error; it does not name the field, whose name is the vendor's word as long as no job declares it."""
    return errors.OutcomeUnknown(
        "What stands beside the vendor's reference is not to be taken for a yes; declare 'push.success' for it.",
        code="status_unrecognised",
    )
