"""Reaching a peer: resolve once, refuse what is not allowed, connect, shake hands, all before one deadline."""

from __future__ import annotations

import queue
import socket
import threading
from typing import TYPE_CHECKING, NamedTuple

from hms_syn import errors
from hms_syn.adapters import tls, urls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from hms_syn.adapters.deadline import Deadline


class Candidate(NamedTuple):
    """One address a name resolved to."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]


def dial(
    host: str, port: int, *, allow_private: Sequence[str], deadline: Deadline, context: ssl.SSLContext | None
) -> socket.socket:
    """Return a connected socket, behind TLS if a context is given.

    :raises errors.NotSent: in nearly every case of failure; the code says which phase it was
    :raises errors.LoginRefused: the peer does not accept our certificate
    """
    allowed = _allowed(host, port, allow_private=allow_private, deadline=deadline)
    sock = _connect(allowed, deadline=deadline)
    try:
        if urls.is_refused(_ip(sock.getpeername()), allow_private):
            raise _address_refused()
        return sock if context is None else _shake_hands(sock, host, deadline=deadline, context=context)
    except OSError as error:
        sock.close()
        raise _no_connection(error) from None
    except errors.TryAgain:
        sock.close()
        raise


def addresses(host: str, port: int, *, allow_private: Sequence[str], deadline: Deadline) -> list[str]:
    """Return the addresses a name leads to that may be reached, for a driver that connects by itself.

    :raises errors.NotSent: there is none (``dns``, ``address_refused``)
    """
    found = _allowed(host, port, allow_private=allow_private, deadline=deadline)
    return list(dict.fromkeys(_ip(candidate.sockaddr) for candidate in found))


def _allowed(host: str, port: int, *, allow_private: Sequence[str], deadline: Deadline) -> list[Candidate]:
    allowed = [
        candidate
        for candidate in _resolve(host, port, deadline=deadline)
        if not urls.is_refused(_ip(candidate.sockaddr), allow_private)
    ]
    if not allowed:
        raise _address_refused()
    return allowed


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
    raise _no_connection(failure) from None


def _shake_hands(sock: socket.socket, host: str, *, deadline: Deadline, context: ssl.SSLContext) -> socket.socket:
    try:
        sock.settimeout(deadline.left())
        return context.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        raise tls.failed(error) from None


def _ip(sockaddr: tuple[str, int] | tuple[str, int, int, int]) -> str:
    return sockaddr[0].partition("%")[0]


def _no_connection(error: OSError) -> errors.NotSent:
    return errors.NotSent(
        f"The connection to the vendor failed ({type(error).__name__}); nothing was sent.", code="connect"
    )


def _address_refused() -> errors.NotSent:
    return errors.NotSent(
        "The vendor's name leads to a private, loopback or reserved address that 'allow_private' does not hold; "
        "nothing was sent.",
        code="address_refused",
    )
