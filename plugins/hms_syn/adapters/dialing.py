"""Reaching a peer: resolve once, refuse what is not allowed, connect, shake hands, all before one deadline."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from typing import TYPE_CHECKING, NamedTuple

from hms_syn import errors
from hms_syn.adapters import urls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.adapters.deadline import Deadline


class Candidate(NamedTuple):
    """One address a name resolved to."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]


def dial(
    host: str, port: int, *, allow_private: Sequence[str], deadline: Deadline, tls: ssl.SSLContext | None
) -> socket.socket:
    """Return a connected socket, behind TLS if a context is given.

    :raises errors.NotSent: in every case of failure; the code says which phase it was
    """
    allowed = [
        candidate
        for candidate in _resolve(host, port, deadline=deadline)
        if not urls.is_refused(_ip(candidate.sockaddr), allow_private)
    ]
    if not allowed:
        raise _address_refused()
    sock = _connect(allowed, deadline=deadline)
    try:
        if urls.is_refused(_ip(sock.getpeername()), allow_private):
            raise _address_refused()
        return sock if tls is None else _shake_hands(sock, host, deadline=deadline, tls=tls)
    except OSError as error:
        sock.close()
        raise _not_sent("connect", error) from None
    except errors.NotSent:
        sock.close()
        raise


def tls_context(client_cert: str | None, client_key: str | None) -> ssl.SSLContext:
    """Return a context that verifies the peer, speaks TLS 1.2 at least and shows our certificate if there is one.

    :raises errors.ContractMismatch: when our certificate or key cannot be read
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if client_cert:
        try:
            context.load_cert_chain(client_cert, client_key)
        except (OSError, ValueError):
            raise errors.ContractMismatch(
                "The client certificate or key of the connection cannot be read; check 'client_cert' and 'client_key'.",
                code="client_cert",
            ) from None
    return context


def _resolve(host: str, port: int, *, deadline: Deadline) -> list[Candidate]:
    """Ask the resolver in a thread of its own, because it knows no timeout."""
    answers: queue.SimpleQueue[list[Candidate] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([Candidate(row[0], row[4]) for row in found])  # type: ignore[arg-type]  # no port-less families
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError())

    threading.Thread(target=ask, name="hms-syn-dns", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except (queue.Empty, TimeoutError):
        raise errors.NotSent("The vendor's name was not resolved in time; nothing was sent.", code="dns") from None
    if isinstance(answer, OSError):
        raise errors.NotSent("The vendor's name could not be resolved; nothing was sent.", code="dns")
    return answer


def _connect(candidates: Sequence[Candidate], *, deadline: Deadline) -> socket.socket:
    """Try the addresses in turn, each with a fair share of the time left."""
    failure: OSError = TimeoutError()
    for index, candidate in enumerate(candidates):
        sock = socket.socket(candidate.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left() / (len(candidates) - index))
            sock.connect(candidate.sockaddr)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise _not_sent("connect", failure) from None


def _shake_hands(sock: socket.socket, host: str, *, deadline: Deadline, tls: ssl.SSLContext) -> socket.socket:
    try:
        sock.settimeout(deadline.left())
        return tls.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        raise _not_sent("tls", error) from None


def _ip(sockaddr: tuple[str, int] | tuple[str, int, int, int]) -> str:
    return sockaddr[0].partition("%")[0]


def _not_sent(code: str, error: Exception) -> errors.NotSent:
    """Tell the phase and the kind of failure; the system's own text may quote what the peer sent."""
    kind = "certificate not valid" if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
    phase = "TLS handshake with" if code == "tls" else "connection to"
    return errors.NotSent(f"The {phase} the vendor failed ({kind}); nothing was sent.", code=code)


def _address_refused() -> errors.NotSent:
    return errors.NotSent(
        "The vendor's name leads to a private, loopback or reserved address that 'allow_private' does not hold; "
        "nothing was sent.",
        code="address_refused",
    )
