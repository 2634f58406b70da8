"""``rest.json.v1``: vendors that take and give JSON over HTTP, such as a state's payment gateway.

The job file says where a message goes and what proves its acceptance. A message counts as delivered only when the
status says success and the body holds the declared proof with the vendor's reference; a 409 counts where it answers a
repeat of ours and holds the same proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import rfc8785

from hms_syn import errors
from hms_syn.adapters import cursors, health_page, http_status, mapping
from hms_syn.adapters.auth import choice
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.json_calls import JsonCalls
from hms_syn.adapters.records import Reading
from hms_syn.adapters.rest import rest_answer, rest_check, rest_contract, rest_find, rest_paging
from hms_syn.adapters.rest.rest_request import BODILESS, KEY, RestRequest
from hms_syn.domain import canonical_json
from hms_syn.domain.job_spec import Push

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec, Pull
    from hms_syn.ports import Credentials, Pins

ID = "rest.json.v1"
_ACCEPT = {"Accept": "application/json"}
_BODY = {"Content-Type": "application/json", **_ACCEPT}
PULL_BYTES = 8 * 1024 * 1024
"""The largest page of a pull, unless ``push.max_response_bytes`` allows more."""


class RestJsonV1:
    """One job's REST vendor; made without a look at the network."""

    idempotent = True  # every push carries the same Idempotency-Key and the same bytes on every attempt

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # there is no contract to fetch
        self.finds = job.push is not None and job.push.find is not None
        self._job = job
        self._credentials = credentials
        self._opened: list[JsonCalls] = []

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the vendor's receipt; raise as the port says otherwise."""
        push, request = self._push
        fields, body = self._mapped(message, request)
        key = message.idempotency_key
        own = {**(_BODY if body else _ACCEPT), "Idempotency-Key": key, **message.trace_header}
        response = self._push_calls.request(
            request.method, request.url(fields), headers=request.lines(fields, own), body=body, key=key
        )
        return rest_answer.receipt(response, push, key=key)

    def find(self, message: Delivery) -> Ack | None:
        """Ask the vendor for one message as ``push.find`` says; raise as the port says otherwise."""
        push, request = self._push
        if push.find is None:
            raise errors.ContractMismatch("The job does not say how to ask the vendor for a message: add 'push.find'.")
        asked = RestRequest.of(self._job.target_endpoint, push.find.get("request") or {}, side="find")
        try:
            fields, _ = self._mapped(message, request)
            url, headers = asked.url(fields), asked.lines(fields, _ACCEPT)
        except errors.UnmappablePayload as error:
            raise errors.ContractMismatch(f"'push.find' cannot ask for this message. {error}") from None
        response = self._push_calls.request(asked.method, url, headers=headers)
        return rest_find.receipt(response, push, key=message.idempotency_key)

    def preview(self, message: Delivery) -> bytes:
        """Return the body that ``send`` would carry; nothing is sent."""
        _, request = self._push
        fields, body = self._mapped(message, request)
        request.url(fields)
        request.lines(fields, {})
        return body

    def where(self, message: Delivery) -> str:
        """Return the method and address of the request, and the headers that the job declares, each on a line."""
        _, request = self._push
        fields, _ = self._mapped(message, request)
        declared = (f"{name}: {value}" for name, value in request.lines(fields, {}).items())
        return "\n".join([f"{request.method} {request.url(fields)}", *declared])

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the vendor's records since ``cursor``, page by page; no page is kept.

        Only the last page moves the cursor on: the vendor need not sort by it, so an earlier page proves nothing
        about the records of a later one.
        """
        pull, request = self._pull
        asked = _asked(cursor, pull)
        trail, reading = rest_paging.Trail(pull.request.get("page")), Reading(self._job, cursor)
        url = request.url({}, more=asked)
        while True:
            response, answer = self._page(url, request)
            is_empty = response.status == HTTPStatus.NO_CONTENT
            rows = [] if is_empty else rest_paging.records(answer, pull.request.get("records"))
            following = trail.after(url, response, answer, rows)
            yield reading.page(rows, more=following is not None)
            if following is None:
                return
            url = following if isinstance(following, str) else request.url({}, more={**asked, **following})

    def ping(self) -> None:
        """Return if the vendor's health page answers 2xx within the heartbeat's timeout; raise otherwise."""
        health_page.ping(self._job, self._credentials)

    def check(self) -> list[tuple[str, str]]:
        """Return (dotted key, what is wrong and what to do) for all that can be seen without the vendor.

        An OpenAPI document that ``request.openapi`` names is read here, and nowhere else.
        """
        job = self._job
        found = choice.problems(job, self._credentials)
        if job.push is not None and job.push_adapter == ID:
            found += _below("push", rest_check.push_problems(job.push))
            found += _below("push", rest_contract.push_problems(job, job.push, self._credentials))
        if job.pull is not None and job.pull_adapter == ID:
            found += _below("pull", rest_check.pull_problems(job.pull))
            found += _below("pull", rest_contract.pull_problems(job, job.pull, self._credentials))
        return found

    def close(self) -> None:
        """Give the connections back."""
        for calls in self._opened:
            calls.close()
        self._opened.clear()

    @cached_property
    def _push(self) -> tuple[Push, RestRequest]:
        """The push side and its request, once it is sure that an answer can prove anything."""
        push = self._job.push or Push()
        rest_check.refuse("push", rest_check.push_problems(push))
        return push, RestRequest.of(self._job.target_endpoint, push.request, side="push")

    @cached_property
    def _pull(self) -> tuple[Pull, RestRequest]:
        """The pull side and its request, once it is sure that it can be read."""
        pull = self._job.pull
        if pull is None:
            raise errors.ContractMismatch("The job has no 'pull' side.")
        rest_check.refuse("pull", rest_check.pull_problems(pull))
        return pull, RestRequest.of(self._job.target_endpoint, pull.request, side="pull")

    @cached_property
    def _push_calls(self) -> JsonCalls:
        push, _ = self._push
        return self._calls(push.timeout, push.max_response_bytes)

    @cached_property
    def _pull_calls(self) -> JsonCalls:
        pull, _ = self._pull
        allowed = self._job.push.max_response_bytes if self._job.push else 0
        return self._calls(pull.timeout, max(PULL_BYTES, allowed))

    def _calls(self, timeout: float, size: int) -> JsonCalls:
        calls = JsonCalls(
            http=client_for(self._job, self._credentials, timeout=timeout, max_bytes=size),
            auth=choice.authenticator(self._job, self._credentials),
            timeout=timeout,
        )
        self._opened.append(calls)
        return calls

    def _mapped(self, message: Delivery, request: RestRequest) -> tuple[Mapping[str, Any], bytes]:
        """Return what may fill a hole for this message, and its body: the same bytes on every attempt."""
        body = mapping.of_message(self._push[0].mapping, message)
        try:
            text = canonical_json.dumps(dict(body))
        except (rfc8785.CanonicalizationError, UnicodeError):
            raise errors.UnmappablePayload("This payload holds a value that JSON cannot carry exactly.") from None
        return {**body, KEY: message.idempotency_key}, b"" if request.method == BODILESS else text.encode()

    def _page(self, url: str, request: RestRequest) -> tuple[Response, Any]:
        """Fetch one page; its document is None where the vendor says that there is none (204)."""
        response = self._pull_calls.request(request.method, url, headers=request.lines({}, _ACCEPT))
        http_status.check(response)
        if response.status == HTTPStatus.NO_CONTENT:
            return response, None
        try:
            return response, rest_answer.document(response)
        except errors.VendorRefused as error:
            raise errors.ContractMismatch(
                f"The vendor refuses what the pull asks (HTTP {response.status}); correct 'pull.request'.",
                code=error.code,
            ) from None


def _below(side: str, problems: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"job.{side}.{key}", text) for key, text in problems]


def _asked(cursor: str | None, pull: Pull) -> dict[str, Any]:
    """Return the parameters that every page of this pull is asked with."""
    asked: dict[str, Any] = {}
    if pull.cursor is not None and (since := cursors.asked_for(cursor, pull.cursor)) is not None:
        asked[pull.cursor.parameter] = since
    page = pull.request.get("page")
    if isinstance(page, Mapping) and "size" in page:
        asked[str(page["size"])] = pull.page_size
    return asked
