"""Calls that carry JSON, for REST and FHIR alike: authenticated, read strictly, with one second try after a 401."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import http_status
from hms_syn.adapters.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.auth.authenticator import Authenticator
    from hms_syn.adapters.http_client import GuardedClient, Response

MAX_DEPTH = 100
"""An answer nested deeper than this is no answer of a vendor; Python's own reader would end the process far later."""
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_NOT_A_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[^][{}"]+', re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonCalls:
    """One vendor's door: who we are, and the client that may reach it. ``timeout`` covers a token and the call."""

    http: GuardedClient
    auth: Authenticator
    timeout: float

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        key: str = "",
        deadline: Deadline | None = None,
    ) -> Response:
        """Send one request and return the whole answer, whatever its status; a 401 gets one try with a new token.

        Several may share one deadline, as with :meth:`GuardedClient.request`.

        :raises errors.SynError: as :meth:`GuardedClient.request` and :meth:`Authenticator.headers` do
        """
        deadline = deadline or Deadline(self.timeout)
        response = self._once(method, url, headers, body, key, deadline)
        if response.status == HTTPStatus.UNAUTHORIZED and self.auth.renew():
            response = self._once(method, url, headers, body, key, deadline)
        return response

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, key: str, deadline: Deadline
    ) -> Response:
        own = self.auth.headers(body=body, key=key, deadline=deadline)
        return self.http.request(method, url, headers={**headers, **own}, body=body, deadline=deadline)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()


def document(response: Response) -> Any:
    """Return an answer's JSON value; every name once, no NaN or infinity, no half characters, declared as JSON.

    :raises errors.OutcomeUnknown: ``empty``, ``html``, ``not_json`` (the media type), ``bad_json``
    """
    body = response.body
    if not body.strip():
        raise http_status.unknown(response, "empty")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON.fullmatch(kind):
        is_page = b"<html" in body[:1024].lower() or kind == "text/html"
        raise http_status.unknown(response, "html" if is_page else "not_json")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise http_status.unknown(response, "bad_json")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_refuse, parse_float=_finite
        )
        if _HALF.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise http_status.unknown(response, "bad_json") from None
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a name that stands there twice says two things, and so nothing."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_constant: str) -> Any:
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _depth(body: bytes) -> int:
    """Return how deeply an answer is nested, texts left out."""
    deepest = level = 0
    for char in _NOT_A_BRACKET.sub(b"", body):
        level += 1 if char in b"[{" else -1 if char in b"]}" else 0
        deepest = max(deepest, level)
    return deepest
