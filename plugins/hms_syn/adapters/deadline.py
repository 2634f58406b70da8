"""A connection with an end: every wait on it, of any kind, comes out of one budget of seconds."""

from __future__ import annotations

import io
import select
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer, WriteableBuffer

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
    """A connected socket as ``http.client`` wants it, that obeys a deadline and a budget of received bytes.

    ``began`` tells whether a byte of the current exchange may have left this machine.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._budget = 0
        self._deadline = Deadline(0)
        self.began = False

    def begin(self, *, deadline: Deadline, budget: int) -> None:
        """Start an exchange: nothing sent yet, this much time, this many bytes to receive."""
        self._deadline, self._budget, self.began = deadline, budget, False

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

    def receive(self, buffer: WriteableBuffer) -> int:
        """Read what is there, before the deadline and within the budget."""
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self._budget -= count
        if self._budget < 0:
            raise TooMuchError
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the stream an answer is read from."""
        return io.BufferedReader(_Stream(self), _PIECE)

    def close(self) -> None:
        """Do nothing: ``http.client`` closes its end before the body is read."""

    def disconnect(self) -> None:
        """Close the connection for real."""
        self._sock.close()


class _Stream(io.RawIOBase):
    """The receiving half of a bounded socket."""

    def __init__(self, sock: BoundedSocket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._sock.receive(buffer)
