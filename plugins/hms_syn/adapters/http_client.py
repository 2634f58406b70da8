"""The one guarded client for every byte that goes to a vendor over HTTP.

It never follows a redirect, never looks at proxies or credentials in the environment, decides on the address it is
really connected to, and gives up at one deadline that covers everything from the name to the last byte. What it
raises says whether a request byte left this machine: :class:`errors.NotSent` before, :class:`errors.OutcomeUnknown`
after. No error quotes the vendor.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import dialing, http_wire, tls, urls
from hms_syn.adapters.deadline import BoundedSocket, Deadline, TooMuchError
from hms_syn.adapters.inbox import BadHttpError, CutShortError, NoAnswerError
from hms_syn.adapters.urls import check_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

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
        self._cert = (client_cert, client_key)
        self._context: ssl.SSLContext | None = None
        self._sock: BoundedSocket | None = None
        self._idle_since = 0.0

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
        deadline = deadline or Deadline(self._timeout)
        sock = self._sock = self._connected(deadline)
        sock.begin(deadline=deadline, budget=8 * self._max + _OVERHEAD)
        keep = False
        try:
            sock.sendall(written)
            answer = http_wire.read(sock, method, self._max)
            keep = answer.reusable
        except TimeoutError:
            raise _failed(sock, "timeout", f"No whole answer came within {self._timeout:g} s.") from None
        except (OSError, NoAnswerError) as error:
            if not sock.heard and (tls.refuses_us(error) or tls.refuses_us(sock.last_word(error))):
                raise tls.certificate_refused() from None
            raise _failed(sock, "reset", f"The connection broke ({type(error).__name__}).") from None
        except TooMuchError:
            raise _failed(sock, "too_large", "The answer is larger than the job allows.") from None
        except CutShortError:
            raise _failed(sock, "truncated", "The answer was cut short.") from None
        except BadHttpError:
            raise _failed(sock, "bad_http", "The answer is not proper HTTP.") from None
        finally:
            if not keep:
                self.close()
        self._idle_since = time.monotonic()
        return Response(status=answer.status, headers=answer.headers, body=answer.body)

    def close(self) -> None:
        """Give the connection back; a later request opens a new one."""
        if self._sock is not None:
            self._sock.disconnect()
            self._sock = None

    def _connected(self, deadline: Deadline) -> BoundedSocket:
        if self._sock is not None:
            if time.monotonic() - self._idle_since < IDLE_SECONDS and self._sock.is_quiet():
                return self._sock
            self.close()
        scheme, host, port = urls.origin(self._endpoint)
        if scheme == "https" and self._context is None:
            self._context = tls.context(*self._cert)
        context = self._context if scheme == "https" else None
        return BoundedSocket(
            dialing.dial(host, port, allow_private=self._allow_private, deadline=deadline, context=context)
        )

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


def _failed(sock: BoundedSocket, code: str, text: str) -> errors.SynError:
    if sock.began:
        return errors.OutcomeUnknown(f"{text} The vendor may have the request.", code=code)
    return errors.NotSent(f"{text} No byte of the request left.", code=code)
