"""A connection with an end: every wait on it, of any kind, comes out of one budget of seconds."""

from __future__ import annotations

import select
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer

_PIECE = 64 * 1024


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
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._budget = 0
        self._deadline = Deadline(0)
        self.began = self.heard = False

    def begin(self, *, deadline: Deadline, budget: int) -> None:
        """Start an exchange: nothing sent yet, this much time, this many bytes to receive."""
        self._deadline, self._budget = deadline, budget
        self.began = self.heard = False

    def is_quiet(self) -> bool:
        """Return True if the peer has neither closed the connection nor said anything out of turn."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def sendall(self, data: ReadableBuffer) -> None:
        """Send it all before the deadline."""
        view = memoryview(data).cast("B")
        # A TLS record can leave in part before its send fails; a plain send that fails has moved nothing.
        self.began = self.began or isinstance(self._sock, ssl.SSLSocket)
        while view:
            self._sock.settimeout(self._deadline.left())
            view = view[self._sock.send(view[:_PIECE]) :]
            self.began = True

    def receive(self, size: int) -> bytes:
        """Return at most so many bytes of what is there, before the deadline and within the budget."""
        self._sock.settimeout(self._deadline.left())
        piece = self._sock.recv(size)
        self.heard = self.heard or bool(piece)
        self._budget -= len(piece)
        if self._budget < 0:
            raise TooMuchError
        return piece

    def last_word(self, error: Exception) -> Exception:
        """Return why the peer broke off: its TLS alert where a failed send has left that unread, else the error."""
        if isinstance(self._sock, ssl.SSLSocket) and not self.heard:
            try:
                self._sock.settimeout(0)
                self._sock.recv(1)
            except (OSError, ValueError) as alert:
                return alert
        return error

    def disconnect(self) -> None:
        """Close the connection."""
        self._sock.close()
