"""The one guarded client for every byte that goes to a vendor over HTTP.

It never follows a redirect, never looks at proxies or credentials in the environment, decides on the address it is
really connected to, and gives up at one deadline that covers everything from the name to the last byte. What it
raises says whether a request byte left this machine: :class:`errors.NotSent` before, :class:`errors.OutcomeUnknown`
after. No error quotes the vendor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import http_wire, urls
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.inbox import BadHttpError, CutShortError, NoAnswerError
from hms_syn.adapters.kept_connection import KeptConnection, NoWholeAnswerError, Place
from hms_syn.adapters.urls import check_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.adapters.deadline import BoundedSocket
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

__all__ = ["GuardedClient", "Response", "check_url"]

IDLE_SECONDS = 4.0
"""A kept connection older than this is not used again: many servers close theirs after five seconds."""

_OVERHEAD = 1024 * 1024  # status lines, headers and chunk sizes on top of the body


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer, never a part of one; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fingerprint(self) -> str:
        """The length and digest of the body: what may be said about it in an error."""
        return f"{len(self.body)} bytes, sha256 {hashlib.sha256(self.body).hexdigest()[:16]}"


class GuardedClient:
    """A keep-alive connection to one vendor's origin, for one thread at a time."""

    def __init__(
        self,
        endpoint: str,
        *,
        allow_private: Sequence[str] = (),
        timeout: float,
        max_response_bytes: int,
        client_cert: str | None = None,
        client_key: str | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._allow_private = tuple(allow_private)
        self._timeout = timeout
        self._max = max_response_bytes
        self._connection = KeptConnection(
            place=self._place,
            allow_private=self._allow_private,
            timeout=timeout,
            cert=(client_cert, client_key),
            idle_seconds=IDLE_SECONDS,
            what="request",
        )

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", deadline: Deadline | None = None
    ) -> Response:
        """Send one request and return the whole answer, whatever its status; several may share one deadline.

        :raises errors.NotSent: no byte left · :raises errors.OutcomeUnknown: something left, no whole answer came
        :raises errors.LoginRefused: the peer does not accept our certificate, and has looked at nothing else
        :raises errors.ContractMismatch: the URL is not one this job may call
        """
        check_url(url, self._allow_private)
        if urls.origin(url) != urls.origin(self._endpoint):
            raise errors.ContractMismatch(
                "A URL leads away from the job's target_endpoint; nothing was sent.", code="foreign_origin"
            )
        written = self._written(method, url, headers, body)

        def talk(sock: BoundedSocket) -> tuple[Response, bool]:
            sock.sendall(written)
            try:
                answer = http_wire.read(sock, method, self._max)
            except NoAnswerError:
                raise NoWholeAnswerError("reset", "The connection broke before an answer came.") from None
            except CutShortError:
                raise NoWholeAnswerError("truncated", "The answer was cut short.") from None
            except BadHttpError:
                raise NoWholeAnswerError("bad_http", "The answer is not proper HTTP.") from None
            return Response(status=answer.status, headers=answer.headers, body=answer.body), answer.reusable

        deadline = deadline or Deadline(self._timeout)
        return self._connection.exchange(talk, deadline=deadline, budget=8 * self._max + _OVERHEAD)

    def close(self) -> None:
        """Give the connection back; a later request opens a new one."""
        self._connection.close()

    def _place(self) -> Place:
        scheme, host, port = urls.origin(self._endpoint)
        return Place(host, port, encrypted=scheme == "https")

    def _written(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
        parts = urlsplit(url)
        own = {
            "Host": urls.origin(url).authority,
            "Accept-Encoding": "identity",
            "Connection": "keep-alive",
        }
        try:
            return http_wire.request(
                method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), {**own, **headers}, body
            )
        except ValueError:
            raise errors.ContractMismatch(
                "A header of the request holds a character that HTTP cannot carry; look at the vendor's WSDL and the "
                "connection. Nothing was sent.",
                code="bad_header",
            ) from None


def client_for(job: JobSpec, credentials: Credentials | None, *, timeout: float, max_bytes: int) -> GuardedClient:
    """Return a client that may reach this job's vendor and nothing else."""
    extra: Mapping[str, Any] = credentials.extra if credentials else {}
    return GuardedClient(
        job.target_endpoint,
        allow_private=job.allow_private,
        timeout=timeout,
        max_response_bytes=max_bytes,
        client_cert=extra.get("client_cert"),
        client_key=extra.get("client_key"),
    )
