"""A connection with an end: every wait on it, of any kind, comes out of one budget of seconds."""

from __future__ import annotations

import math
import select
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer

_PIECE = 64 * 1024
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class TooMuchError(Exception):
    """The peer sent more bytes than the budget of this exchange."""


class Deadline:
    """A moment after which nothing is waited for any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left.

        :raises TimeoutError: when there are none
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class BoundedSocket:
    """A connected socket that obeys a deadline and a budget of received bytes.

    ``began`` tells whether a byte of the current exchange may have left this machine, ``heard`` whether one came back.
    It waits by ``poll`` alone: a socket with a timeout of its own would ask the system twice as often, and let go of
    Python's lock as often, which is what many threads with a vendor each pay for.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.setblocking(False)
        self._waits_for = {event: _poll(sock, event) for event in (select.POLLIN, select.POLLOUT)}
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._budget = 0
        self._deadline = Deadline(0)
        self.began = self.heard = False

    def begin(self, *, deadline: Deadline, budget: int) -> None:
        """Start an exchange: nothing sent yet, this much time, this many bytes to receive."""
        self._deadline, self._budget = deadline, budget
        self.began = self.heard = False

    def is_quiet(self) -> bool:
        """Return True if the peer has neither closed the connection nor said anything out of turn."""
        return not self._waits_for[select.POLLIN].poll(0)

    def sendall(self, data: ReadableBuffer) -> None:
        """Send it all before the deadline."""
        view = memoryview(data).cast("B")
        # A TLS record can leave in part before its send fails; a plain send that fails has moved nothing.
        self.began = self.began or self._tls is not None
        while view:
            self._deadline.left()
            try:
                view = view[self._sock.send(view[:_PIECE]) :]
            except _NOT_NOW as why:
                self._wait(why, select.POLLOUT)
            else:
                self.began = True

    def receive(self, size: int) -> bytes:
        """Return at most so many bytes of what is there, before the deadline and within the budget."""
        if self._tls is None:
            self._wait(None, select.POLLIN)
        while True:
            self._deadline.left()
            try:
                piece = self._sock.recv(size)
                break
            except _NOT_NOW as why:
                self._wait(why, select.POLLIN)
        self.heard = self.heard or bool(piece)
        self._budget -= len(piece)
        if self._budget < 0:
            raise TooMuchError
        return piece

    def _wait(self, why: Exception | None, event: int) -> None:
        """Return once the socket is ready for what is wanted, or for what TLS wants first."""
        if isinstance(why, ssl.SSLWantReadError):
            event = select.POLLIN
        elif isinstance(why, ssl.SSLWantWriteError):
            event = select.POLLOUT
        while not self._waits_for[event].poll(math.ceil(self._deadline.left() * 1000)):
            pass

    def last_word(self, error: Exception) -> Exception:
        """Return why the peer broke off: its TLS alert where a failed send has left that unread, else the error."""
        if self._tls is not None and not self.heard:
            try:
                self._sock.recv(1)
            except (OSError, ValueError) as alert:
                return alert
        return error

    def disconnect(self) -> None:
        """Close the connection."""
        self._sock.close()


def _poll(sock: socket.socket, event: int) -> select.poll:
    poll = select.poll()
    poll.register(sock, event)
    return poll
