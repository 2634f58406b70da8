"""What a peer has said and nobody has read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.deadline import BoundedSocket

_PIECE = 64 * 1024


class BadHttpError(Exception):
    """These bytes are not an answer in HTTP/1.1."""


class CutShortError(Exception):
    """The peer ended the connection in the middle of its answer."""


class NoAnswerError(Exception):
    """The peer ended the connection without a byte of an answer."""


class Inbox:
    """Bytes from one connection, taken line by line or piece by piece."""

    def __init__(self, sock: BoundedSocket) -> None:
        self._sock = sock
        self._data = b""
        self._at = 0
        self._heard = False

    @property
    def is_empty(self) -> bool:
        """True when nothing has come that was not taken."""
        return self._at == len(self._data)

    def begins_like(self, word: bytes) -> bool:
        """Return False once it is clear that what comes does not begin with this word."""
        return word.startswith(self._data[self._at : self._at + len(word)])

    def line(self, limit: int) -> bytes:
        """Take the bytes up to the next line's end, without it.

        :raises BadHttpError: when they are more than the limit · :raises CutShortError: when the end comes first
        """
        while (end := self._data.find(b"\n", self._at)) < 0:
            if len(self._data) - self._at > limit:
                raise BadHttpError
            if not self._more():
                raise CutShortError if self._heard else NoAnswerError
        if end - self._at > limit:
            raise BadHttpError
        line = self._data[self._at : end]
        self._at = end + 1
        return line.removesuffix(b"\r")

    def exactly(self, count: int) -> Iterator[bytes]:
        """Take this many bytes, in pieces.

        :raises CutShortError: when there are not so many
        """
        while count:
            if self.is_empty and not self._more():
                raise CutShortError
            piece = self._data[self._at : self._at + count]
            self._at += len(piece)
            count -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """Take all bytes until the peer ends the connection, in pieces."""
        while not self.is_empty or self._more():
            piece, self._at = self._data[self._at :], len(self._data)
            yield piece

    def _more(self) -> bool:
        piece = self._sock.receive(_PIECE)
        self._data, self._at = self._data[self._at :] + piece, 0
        self._heard = self._heard or bool(piece)
        return bool(piece)
