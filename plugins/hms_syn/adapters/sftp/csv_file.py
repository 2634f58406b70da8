"""Messages as files of CSV (RFC 4180, UTF-8), and files of CSV as records; never a value in an error."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.domain.ack import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ().,/-]*")
"""A number, a telephone number or a date: it begins like a formula and is none."""
_NAME_CHARS = 100


class UnreadableFileError(Exception):
    """A file that cannot be read on as CSV; holds the reason."""


def written(fields: Mapping[str, Any], columns: Sequence[str] | None = None) -> bytes:
    """Return a file of a header and one row. ``columns`` are those of the job's mapping, also where one has no value.

    :raises errors.UnmappablePayload: naming the column that holds what a cell cannot, or what a spreadsheet would run
    """
    names = list(columns if columns is not None else fields)
    if not names:
        raise errors.UnmappablePayload("There is no field to make a column of.")
    cells = [_cell(name, fields.get(name)) for name in names]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([[_cell(name, name) for name in names], cells])
    try:
        return text.getvalue().encode()
    except UnicodeEncodeError:
        raise errors.UnmappablePayload("A field holds half a character, which UTF-8 cannot carry.") from None


def records(blocks: Iterable[bytes], *, most: int) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each row below the header by its number from 1 on: a record, or what is wrong with it.

    ``most`` is the bytes that one line of the file may have.

    :raises UnreadableFileError: the rest of the file cannot be read
    """
    reader = csv.reader(_lines(blocks, most), strict=True)
    header: list[str] | None = None
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise UnreadableFileError(f"what follows row {number} is no CSV") from None
        if cells is None:
            return
        if not cells:
            continue  # an empty line
        if header is None:
            header = _header(cells)
            continue
        number += 1
        yield number, _record(header, cells)


def _record(header: Sequence[str], cells: Sequence[str]) -> dict[str, str] | str:
    if len(cells) != len(header):
        return f"it has {len(cells)} fields where the header has {len(header)}"
    if any(_is_broken(cell) for cell in cells):
        return "it is not UTF-8"
    return dict(zip(header, cells, strict=True))


def _header(cells: list[str]) -> list[str]:
    if any(_is_broken(cell) for cell in cells) or not all(cell.strip() for cell in cells):
        raise UnreadableFileError("a name in its header is empty or not UTF-8")
    names = [cell.strip() for cell in cells]
    if len(set(names)) < len(names):
        raise UnreadableFileError("two columns have the same name in its header")
    return names


def _lines(blocks: Iterable[bytes], most: int) -> Iterator[str]:
    """Yield line by line; bytes that are not UTF-8 stay recognisable in it."""
    rest, is_first = b"", True
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield _decoded(line + b"\n", is_first=is_first)
            is_first = False
        if len(rest) > most or any(len(line) > most for line in lines):
            raise UnreadableFileError(f"a line of it is longer than {most} bytes ('push.max_response_bytes')")
    if rest:
        yield _decoded(rest, is_first=is_first)


def _decoded(line: bytes, *, is_first: bool) -> str:
    text = line.decode("utf-8", "surrogateescape")
    return text.removeprefix("\ufeff") if is_first else text


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    shown = repr(printable(name)[:_NAME_CHARS])
    if isinstance(value, dict | list):
        raise errors.UnmappablePayload(f"Column {shown} is a map or a list; map its parts to columns.")
    text = mapping.text(value)
    if "\x00" in text:
        raise errors.UnmappablePayload(f"Column {shown} holds a NUL character, which no CSV reader takes.")
    if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text.strip()):
        raise errors.UnmappablePayload(
            f"Column {shown} begins like a formula, which a spreadsheet would run; put a letter before it in "
            "'push.mapping', or leave it out.",
            code="csv_formula",
        )
    return text
