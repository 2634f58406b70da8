"""Pulling files: each row of each file a record, in the order in which the vendor last wrote them."""

from __future__ import annotations

import datetime as dt
import fnmatch
import itertools
import posixpath
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from hms_syn import errors
from hms_syn.adapters import records
from hms_syn.adapters.sftp import csv_file
from hms_syn.domain import cursor_values
from hms_syn.domain.ack import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.sftp.sftp_session import Session
    from hms_syn.adapters.sftp.sftp_wire import Client
    from hms_syn.domain.job_spec import Cursor, JobSpec, Pull

PATTERN = "*.csv"
PAGE_BYTES = 8 * 1024 * 1024
"""A page ends where its rows are more than this, or than ``push.max_response_bytes`` where that is more."""
UNFINISHED = (".part", ".filepart", ".partial", ".tmp", ".temp", ".uploading", ".crdownload")
"""Endings under which programs write what is not finished yet."""
_BLOCK = 32 * 1024
_AT_A_TIME = 16
_UTC = dt.timezone.utc


class Listed(NamedTuple):
    """A file as the folder lists it."""

    place: str
    """What the cursor has of it: when it was last written, by the vendor's clock, and its name."""
    name: str
    written: int
    size: int

    @property
    def moment(self) -> str:
        """When it was last written, which says what file is meant without its name."""
        return self.place[: len("2024-09-02T10:00:00Z")]


class Row(NamedTuple):
    """A row of a file with its number, or what is wrong with it; the file's last one says where the pull stands."""

    file: Listed
    number: int
    content: dict[str, str] | str
    reached: str | None = None


def pages(session: Session, job: JobSpec, pull: Pull, cursor: str | None) -> Iterator[Page]:
    """Yield the rows of every file that is new since ``cursor``, page by page; a file that was read moves it on."""
    folder = session.door.folder(pull.request.get("folder"))
    line = job.push.max_response_bytes if job.push else 1024 * 1024
    with session.exchange() as sftp:
        files = _listed(sftp, folder, str(pull.request.get("pattern") or PATTERN), _since(cursor, pull.cursor))
        found = _rows(sftp, folder, files, line)
        rows, ahead = _take(found, [], pull.page_size, max(PAGE_BYTES, line))
    reached = cursor
    while True:
        for row in rows:
            if row.reached is not None and (reached is None or row.reached > reached):
                reached = row.reached
        yield _page(job, rows, cursor=reached, more=bool(ahead))
        if not ahead:
            return
        with session.exchange(going_on=True):
            rows, ahead = _take(found, ahead, pull.page_size, max(PAGE_BYTES, line))


def _since(cursor: str | None, spec: Cursor | None) -> str:
    """Return what a file's place must be behind: the cursor less the overlap, else the job's initial moment."""
    overlap = spec.overlap if spec else 0.0
    if cursor is not None and not overlap:
        return cursor
    given = (cursor or "").partition(" ")[0] or (spec.initial if spec else None)
    if given is None:
        return ""
    moment = cursor_values.moment(given)
    if moment is None:
        raise errors.ContractMismatch(
            "'pull.cursor.initial': write the moment from which on files are read, such as 2024-09-02T00:00:00Z."
        )
    earlier = moment - dt.timedelta(seconds=overlap if cursor is not None else 0)
    return earlier.astimezone(_UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(sftp: Client, folder: str, pattern: str, since: str) -> list[Listed]:
    """Return the files behind this place in their order; what is hidden or not finished is left for later."""
    found = []
    for entry in sftp.listdir_iter(folder, read_aheads=1):
        name = str(entry.filename)
        is_file = entry.st_mode is None or stat.S_ISREG(entry.st_mode)
        if not is_file or name.startswith(".") or name.lower().endswith(UNFINISHED):
            continue
        if not fnmatch.fnmatchcase(name, pattern):
            continue
        written = int(entry.st_mtime or 0)
        place = f"{dt.datetime.fromtimestamp(written, _UTC):%Y-%m-%dT%H:%M:%SZ} {name}"
        if place > since:
            found.append(Listed(place, name, written, int(entry.st_size or 0)))
    return sorted(found)


def _rows(sftp: Client, folder: str, files: list[Listed], line: int) -> Iterator[Row]:
    """Yield the rows of the files. The last one of each waits until the file is seen not to have changed meanwhile.

    One that has is left for the next pull, where it stands behind all others by its new time.
    """
    for file in files:
        last: Row | None = None
        path = posixpath.join(folder, file.name)
        try:
            for number, content in csv_file.records(_blocks(sftp, path, file.size), most=line):
                if last is not None:
                    yield last
                last = Row(file, number, content)
        except csv_file.UnreadableFileError as error:
            last = Row(file, last.number + 1 if last else 1, f"the file cannot be read: {error}")
        now = sftp.look(path)
        if now is None or (int(now.st_mtime or 0), int(now.st_size or 0)) != (file.written, file.size):
            continue
        yield Row(file, 0, "", file.place) if last is None else last._replace(reached=file.place)


def _blocks(sftp: Client, path: str, size: int) -> Iterator[bytes]:
    """Yield a file's bytes, some requests at a time, so that neither the line's delay nor the memory decides."""
    with sftp.open(path, "rb") as opened:
        wanted = ((start, min(_BLOCK, size - start)) for start in range(0, size, _BLOCK))
        while some := list(itertools.islice(wanted, _AT_A_TIME)):
            yield from opened.readv(some)


def _take(found: Iterator[Row], ahead: list[Row], size: int, most: int) -> tuple[list[Row], list[Row]]:
    """Return the rows of one page, and the first of the next one if there is any."""
    rows, weight = list(ahead), 0
    for row in found:
        is_full = sum(bool(each.number) for each in rows) >= size or weight > most
        if is_full and row.number:
            return rows, [row]
        rows.append(row)
        weight += sum(map(len, row.content.values())) if isinstance(row.content, dict) else 0
    return rows, []


def _page(job: JobSpec, rows: list[Row], *, cursor: str | None, more: bool) -> Page:
    told = dict(enumerate((row for row in rows if row.number), start=1))
    faults = {
        place: f"the file of {row.file.moment}, row {row.number}: {row.content}"
        for place, row in told.items()
        if isinstance(row.content, str)
    }
    whole: dict[int, Any] = {place: row.content for place, row in told.items() if place not in faults}
    made, sources = records.mapped(job, whole, faults)
    kept = [told[place] for place in told if place not in faults]
    return Page(
        records=tuple(made),
        sources=tuple(sources),
        identities=tuple(
            {"file": row.file.name, "row": row.number, "record": record} for row, record in zip(kept, made, strict=True)
        ),
        cursor=cursor,
        more=more,
        faults=faults,
    )
