"""The one guarded client for every byte that goes to a vendor over HTTP.

It never follows a redirect, never looks at proxies or credentials in the environment, decides on the address it is
really connected to, and gives up at one deadline that covers everything from the name to the last byte. What it
raises says whether a request byte left this machine: :class:`errors.NotSent` before, :class:`errors.OutcomeUnknown`
after. No error quotes the vendor.
"""

from __future__ import annotations

import hashlib
import http.client
import time
import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import dialing, urls
from hms_syn.adapters.deadline import BoundedSocket, Deadline, TooMuchError
from hms_syn.adapters.urls import check_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["GuardedClient", "Response", "check_url"]

IDLE_SECONDS = 4.0
"""A kept connection older than this is not used again: many servers close theirs after five seconds."""

_PIECE = 64 * 1024
_OVERHEAD = 1024 * 1024  # status lines, headers and chunk sizes on top of the body
_GZIP_OR_ZLIB = 47


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

    def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send one request and return the whole answer, whatever its status.

        :raises errors.NotSent: no byte left · :raises errors.OutcomeUnknown: something left, no whole answer came
        :raises errors.ContractMismatch: the URL is not one this job may call
        """
        check_url(url, self._allow_private)
        if urls.origin(url) != urls.origin(self._endpoint):
            raise errors.ContractMismatch(
                "A URL leads away from the job's target_endpoint; nothing was sent.", code="foreign_origin"
            )
        deadline = Deadline(self._timeout)
        sock = self._sock = self._connected(deadline)
        sock.begin(deadline=deadline, budget=8 * self._max + _OVERHEAD)
        keep = False
        try:
            answer, keep = self._exchange(sock, method, url, headers=headers, body=body)
        except TimeoutError:
            raise _failed(sock, "timeout", f"No whole answer came within {self._timeout:g} s.") from None
        except OSError as error:
            raise _failed(sock, "reset", f"The connection broke ({type(error).__name__}).") from None
        except TooMuchError:
            raise _failed(sock, "too_large", "The answer is larger than the job allows.") from None
        except http.client.IncompleteRead:
            raise _failed(sock, "truncated", "The answer was cut short.") from None
        except (http.client.HTTPException, ValueError):
            raise _failed(sock, "bad_http", "The answer is not proper HTTP.") from None
        finally:
            if not keep:
                self.close()
        self._idle_since = time.monotonic()
        return answer

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
            self._context = dialing.tls_context(*self._cert)
        tls = self._context if scheme == "https" else None
        return BoundedSocket(dialing.dial(host, port, allow_private=self._allow_private, deadline=deadline, tls=tls))

    def _exchange(
        self, sock: BoundedSocket, method: str, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> tuple[Response, bool]:
        """Return the answer, and whether the connection can be used again."""
        scheme, host, port = urls.origin(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection_class: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        connection = connection_class(host, port)
        connection.default_port = 443 if scheme == "https" else 80  # decides on Host's port
        connection.auto_open = 0
        connection.sock = sock
        connection.request(
            method,
            target,
            body=body or None,
            headers={"Accept-Encoding": "identity", "Connection": "keep-alive"} | dict(headers),
        )
        raw = connection.getresponse()
        names: dict[str, str] = {}
        for name, value in raw.getheaders():
            key = name.lower()
            if key == "content-length" and (not value.strip().isdigit() or names.get(key, value) != value):
                raise http.client.HTTPException
            names[key] = f"{names[key]}, {value}" if key in names and key != "content-length" else value
        content = self._body(raw, names)
        return Response(status=raw.status, headers=MappingProxyType(names), body=content), not raw.will_close

    def _body(self, raw: http.client.HTTPResponse, headers: Mapping[str, str]) -> bytes:
        decode = _decoder(headers.get("content-encoding", ""))
        if raw.length is not None and raw.length > self._max:
            raise TooMuchError
        pieces: list[bytes] = []
        size = 0
        while piece := raw.read(_PIECE):
            decoded = decode.decompress(piece, self._max + 1 - size) if decode else piece
            size += len(decoded)
            if size > self._max:
                raise TooMuchError
            pieces.append(decoded)
            if decode and (decode.unused_data or decode.unconsumed_tail):
                raise http.client.HTTPException
        if raw.length or (decode and pieces and not decode.eof):
            raise http.client.IncompleteRead(b"")
        return b"".join(pieces)


def _decoder(encoding: str) -> Any:
    """Return what undoes this content encoding, or None when there is nothing to undo."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate()
    raise http.client.HTTPException


class _Inflate:
    """A gzip or deflate stream; a broken one is bad HTTP."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def decompress(self, piece: bytes, limit: int) -> bytes:
        try:
            return self._stream.decompress(piece, limit)
        except zlib.error:
            raise http.client.HTTPException from None


def _failed(sock: BoundedSocket, code: str, text: str) -> errors.SynError:
    if sock.began:
        return errors.OutcomeUnknown(f"{text} The vendor may have the request.", code=code)
    return errors.NotSent(f"{text} No byte of the request left.", code=code)
