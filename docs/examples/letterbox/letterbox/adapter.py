"""``letterbox.v1``: a vendor that takes letters as JSON over HTTP and answers with a number for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hms_syn import errors
from hms_syn.adapters import http_status, json_calls, mapping
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.http_client import client_for
from hms_syn.domain.ack import Ack, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

MAX_ANSWER = 1024 * 1024


class LetterboxV1:
    """One job's letterbox; made without a look at the network."""

    idempotent = True  # the vendor keeps the Idempotency-Key of every letter
    finds = True

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # for vendors with a contract to keep, such as a WSDL
        self._job = job
        self._login = credentials

    def send(self, message: Delivery) -> Ack:
        """Post one letter; the answer's number is the receipt."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.idempotency_key}
        answer = self._ask("POST", "/letters", timeout=self._push_timeout, headers=headers, body=self.preview(message))
        return _receipt(answer, json_calls.document(answer))

    def find(self, message: Delivery) -> Ack | None:
        """Ask for the letter with this key: an empty list is the vendor's clear no, and nothing else is."""
        answer = self._ask("GET", f"/letters?key={message.idempotency_key}", timeout=self._push_timeout)
        found = _list(answer, "letters")
        return _receipt(answer, found[0]) if found else None

    def preview(self, message: Delivery) -> bytes:
        """Return the letter as it is posted: from the same message always the same bytes."""
        declared = self._job.push.mapping if self._job.push else None
        letter = message.payload if declared is None else mapping.apply(declared, message.payload, message.meta)
        return json.dumps(letter, sort_keys=True).encode()

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the letters' changes after number ``cursor``, a page at a time."""
        side = self._job.pull
        size, timeout = (side.page_size, side.timeout) if side else (100, 30.0)
        more = True
        while more:
            query = urlencode({"after": cursor or "0", "limit": size})
            changes = _list(self._ask("GET", f"/changes?{query}", timeout=timeout), "changes")
            more = len(changes) == size
            cursor = str(changes[-1]["number"]) if changes else cursor
            yield Page(records=tuple(changes), cursor=cursor, more=more)

    def ping(self) -> None:
        """Return if the vendor answers 2xx at /health."""
        self._ask("GET", "/health", timeout=self._job.heartbeat.timeout if self._job.heartbeat else 5.0)

    def check(self) -> list[tuple[str, str]]:
        """Return what this adapter cannot do for the job: it understands no ``request`` at all."""
        sides = {"job.push.request": self._job.push, "job.pull.request": self._job.pull}
        return [(key, "letterbox.v1 takes none; leave it out") for key, side in sides.items() if side and side.request]

    def close(self) -> None:
        """Keep nothing open: each call has a connection of its own."""

    @property
    def _push_timeout(self) -> float:
        return self._job.push.timeout if self._job.push else 30.0

    def _ask(
        self, method: str, path: str, *, timeout: float, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """Return a successful answer; every other is the error that its status says."""
        http = client_for(self._job, self._login, timeout=timeout, max_bytes=MAX_ANSWER)
        calls = json_calls.JsonCalls(http=http, auth=authenticator(self._job, self._login), timeout=timeout)
        try:
            url = self._job.target_endpoint.rstrip("/") + path
            answer = calls.request(method, url, headers=headers or {}, body=body)
        finally:
            calls.close()
        http_status.check(answer)
        if answer.status // 100 != 2:
            raise http_status.failure(answer)
        return answer


def _receipt(answer: Response, letter: Any) -> Ack:
    """Return the receipt that a letter's record holds; without a number it proves nothing."""
    if not isinstance(letter, dict) or not isinstance(letter.get("number"), str) or not letter["number"].strip():
        raise http_status.unknown(answer, "ack_missing")
    return Ack(reference=letter["number"], status=str(letter.get("status", "")))


def _list(answer: Response, name: str) -> list[Any]:
    """Return the list of this name; an answer without it says nothing, not even that there is nothing."""
    document = json_calls.document(answer)
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise errors.OutcomeUnknown("The vendor's answer has no list where one belongs.", code="no_list")
    return found
