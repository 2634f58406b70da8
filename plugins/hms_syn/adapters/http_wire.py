"""HTTP/1.1 as bytes: one request written, one answer read, and nothing forgiven that hides where an answer ends.

Where two readers could disagree on an answer (two lengths, a length beside chunks, a sign before a digit, a space
before a colon) it is no answer: what follows on the connection might be taken for the reply to another message.
"""

from __future__ import annotations

import re
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from hms_syn.adapters.deadline import TooMuchError
from hms_syn.adapters.inbox import BadHttpError, CutShortError, Inbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.deadline import BoundedSocket

MAX_LINE = 64 * 1024
MAX_HEADERS = 100
MAX_INTERIM = 20
"""Interim answers (1xx) before the final one."""

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_OUR_NAME = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OUR_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_THEIRS = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_FRAMING = frozenset([b"content-length", b"transfer-encoding"])
_INTERIM, _SWITCHING = 1, 101
_BODILESS = frozenset([204, 304])
_CHUNKED = -1
_GZIP_OR_ZLIB = 47


class Answer(NamedTuple):
    """One whole answer; ``reusable`` tells whether the connection is in a known state after it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool


def request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request down.

    :raises ValueError: when a header holds what would end it, or is not Latin-1
    """
    if not all(map(_OUR_NAME.fullmatch, headers)) or not all(map(_OUR_VALUE.fullmatch, headers.values())):
        raise ValueError
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read(sock: BoundedSocket, method: str, limit: int) -> Answer:
    """Read the answer to a request of this method; its body may have so many bytes, unpacked.

    :raises BadHttpError: it is not one · :raises CutShortError: it has no end · :raises NoAnswerError: nor a beginning
    :raises TooMuchError: it is larger than the limit
    """
    inbox = Inbox(sock)
    for _ in range(MAX_INTERIM):
        is_modern, status = _status(inbox)
        headers = _headers(inbox)
        if status // 100 != _INTERIM:
            break
    if status // 100 == _INTERIM:
        raise BadHttpError
    length = _length(headers, is_modern=is_modern)
    unpack = _unpacker(headers.get("content-encoding", ""))
    if method == "HEAD" or status in _BODILESS:
        return Answer(status, headers, b"", reusable=not length and inbox.is_empty)
    if length is not None and length > limit:
        raise TooMuchError
    pieces = inbox.rest() if length is None else _chunks(inbox) if length == _CHUNKED else inbox.exactly(length)
    body = _gathered(pieces, unpack, limit)
    connection = headers.get("connection", "").lower()
    stays = "close" not in connection if is_modern else connection == "keep-alive"
    return Answer(status, headers, body, reusable=stays and length is not None and inbox.is_empty)


def _status(inbox: Inbox) -> tuple[bool, int]:
    """Return whether it is HTTP/1.1, and the status."""
    try:
        found = _STATUS.fullmatch(inbox.line(MAX_LINE))
    except CutShortError:
        if not inbox.begins_like(b"HTTP/1."):
            raise BadHttpError from None
        raise
    if found is None or int(found[2]) == _SWITCHING:
        raise BadHttpError
    return found[1] == b"1", int(found[2])


def _headers(inbox: Inbox) -> Mapping[str, str]:
    """Return the headers by their names in lower case; what stands more than once is joined by commas."""
    found: dict[bytes, bytes] = {}
    name, left = b"", MAX_LINE
    for _ in range(MAX_HEADERS + 1):
        line = inbox.line(left)
        left -= len(line)
        if not line:
            return MappingProxyType({key.decode("ascii"): value.decode("latin-1") for key, value in found.items()})
        if line[:1] in b" \t":
            if not name or name in _FRAMING or not _VALUE.fullmatch(line):
                raise BadHttpError
            found[name] += b" " + line.strip(b" \t")
            continue
        field = _THEIRS.fullmatch(line)
        if field is None:
            raise BadHttpError
        name, value = field[1].lower(), field[2].strip(b" \t")
        found[name] = found[name] + b", " + value if name in found else value
    raise BadHttpError


def _length(headers: Mapping[str, str], *, is_modern: bool) -> int | None:
    """Return how long the body is: so many bytes, in chunks, or (None) up to the end of the connection."""
    said, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if said is not None or not is_modern or coding.lower() != "chunked":
            raise BadHttpError
        return _CHUNKED
    if said is None:
        return None
    if not _LENGTH.fullmatch(said):
        raise BadHttpError
    return int(said)


def _chunks(inbox: Inbox) -> Iterator[bytes]:
    while True:
        size = _CHUNK.fullmatch(inbox.line(MAX_LINE))
        if size is None:
            raise BadHttpError
        if not (count := int(size[1], 16)):
            _headers(inbox)  # a trailer, which tells us nothing
            return
        yield from inbox.exactly(count)
        if inbox.line(MAX_LINE):
            raise BadHttpError


def _gathered(pieces: Iterator[bytes], unpack: _Unpacker | None, limit: int) -> bytes:
    """Return the body, unpacked; never more than the limit is held."""
    found: list[bytes] = []
    size = 0
    for raw in pieces:
        piece = raw if unpack is None else unpack(raw, limit + 1 - size)
        size += len(piece)
        if size > limit:
            raise TooMuchError
        found.append(piece)
    if unpack is not None and found and not unpack.is_whole:
        raise CutShortError
    return b"".join(found)


def _unpacker(encoding: str) -> _Unpacker | None:
    """Return what undoes this content encoding, or None when there is nothing to undo."""
    name = encoding.lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return _Unpacker()
    raise BadHttpError


class _Unpacker:
    """One gzip or deflate stream; a broken one, or one with something behind it, is bad HTTP."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def is_whole(self) -> bool:
        return self._stream.eof

    def __call__(self, piece: bytes, limit: int) -> bytes:
        """Unpack a piece; the result has at most ``limit`` bytes, which is one more than may come."""
        try:
            plain = self._stream.decompress(piece, limit)
        except zlib.error:
            raise BadHttpError from None
        if self._stream.unused_data:
            raise BadHttpError
        return plain
