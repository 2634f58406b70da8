"""Pulling a table page by page: each begins behind the last row of the one before, and none is skipped by an offset."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select

from hms_syn import errors
from hms_syn.adapters import cursors, records
from hms_syn.adapters.sql import sql_source, sql_values
from hms_syn.adapters.sql.sql_source import SINCE
from hms_syn.domain.ack import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, RowMapping, Select
    from sqlalchemy.sql.elements import KeyedColumnElement

    from hms_syn.adapters.sql.sql_session import Session
    from hms_syn.adapters.sql.sql_source import Source
    from hms_syn.domain.job_spec import Cursor, JobSpec, Pull

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
PAGE_BYTES = 8 * 1024 * 1024
"""A page ends where its rows are more than this, or than ``push.max_response_bytes`` where that is more."""
_STREAMED = {"stream_results": True, "max_row_buffer": 100}
"""Rows come as they are read, so that a page of large ones is never held whole; drivers that cannot take no notice."""
_NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)


def pages(session: Session, job: JobSpec, pull: Pull, cursor: str | None) -> Iterator[Page]:
    """Yield the rows from ``cursor`` on, those that have its very value included.

    A page has ``page_size`` rows, or fewer where they are large. Where the rows are in the order of the cursor's
    column, each page moves the cursor on; otherwise only the last one does, for an earlier page proves nothing about
    the rows of a later one.
    """
    spec = pull.cursor
    since = spec.initial if cursor is None and spec else reaching_back(cursor, spec)
    with session.transaction() as connection:
        source = sql_source.source(connection, pull)
    if source.takes_since and since is None:
        raise errors.ContractMismatch(
            "'pull.cursor.initial': the SELECT takes :since; say what the first pull asks for."
        )
    bound = {} if since is None else {SINCE: _since(since, source, session.dialect)}
    most = max(PAGE_BYTES, job.push.max_response_bytes if job.push else 0)
    reached, after = cursor, None
    while True:
        statement = page_statement(source, since=since is not None, after=after, limit=pull.page_size + 1)
        with session.transaction() as connection:
            found, full = _read(connection.execute(statement, bound, execution_options=_STREAMED).mappings(), most)
        keys = [tuple(row[column.name] for column in source.order) for row in found]
        if any(left == right for left, right in itertools.pairwise(keys)) or (after and after in keys[:1]):
            raise errors.ContractMismatch(
                "'pull.request.order_by': two rows are alike in these columns, so that one could be left out between "
                "two pages; add a column that tells them apart."
            )
        more = full or len(found) > pull.page_size
        rows = found[:-1] if more else found
        faults: dict[int, str] = {}
        readable = _readable(rows, faults)
        reached = _reached(reached, spec, source, list(readable.values()))
        is_safe = source.is_in_order_of_cursor or not more
        yield _page(job, source, readable, faults, cursor=reached if is_safe else cursor, more=more)
        if not more:
            return
        after = keys[len(rows) - 1]


def _read(rows: Iterable[RowMapping], most: int) -> tuple[list[dict[str, Any]], bool]:
    """Read rows until they are more than ``most`` bytes, but one at least and the first behind them; say if so."""
    found: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        found.append(dict(row))
        size += sum(len(value if isinstance(value, str | bytes) else str(value)) for value in row.values())
        if size > most and len(found) > 1:
            return found, True
    return found, False


def page_statement(source: Source, *, since: bool, after: tuple[Any, ...] | None, limit: int) -> Select[Any]:
    """Return the statement for one page: from ``:since`` on, behind the row ``after`` in the source's order."""
    wanted: list[ColumnElement[bool]] = []
    if source.cursor is not None:
        wanted.append(source.cursor.is_not(None))
        if since:
            wanted.append(source.cursor >= bindparam(SINCE, type_=source.cursor.type))
    if after is not None:
        wanted.append(_behind(source.order, after))
    return select(*source.columns).where(*wanted).order_by(*source.order).limit(limit)


def reaching_back(cursor: str | None, spec: Cursor | None) -> str | None:
    """Return the cursor less the overlap, where it is a moment, in the very form the cursor has.

    A column of text is compared as text, so ``2024-09-02 10:00:00`` must not become ``2024-09-02T09:58:00Z``.
    """
    match = _MOMENT.fullmatch(cursor or "")
    if cursor is None or spec is None or not spec.overlap or match is None:
        return cursor
    day, between, time, fraction, zone = match.groups()
    at = dt.datetime.fromisoformat(f"{day}T{time or '00:00:00'}.{(fraction or '').ljust(6, '0')}")
    earlier = (at - dt.timedelta(seconds=spec.overlap)).isoformat(timespec="microseconds")
    shown = earlier[:10]
    if between:
        shown += between + earlier[11:19] + (f".{earlier[20 : 20 + len(fraction)]}" if fraction else "")
    return shown + (zone or "")


def _behind(order: Sequence[KeyedColumnElement[Any]], after: Sequence[Any]) -> ColumnElement[bool]:
    """Compare column by column: not every database compares rows."""
    first, value = order[0], bindparam(None, after[0], type_=order[0].type)
    if len(order) == 1:
        return first > value
    return and_(first >= value, or_(first > value, _behind(order[1:], after[1:])))


def _since(since: str, source: Source, dialect: str) -> Any:
    """Return the cursor as its column compares; where the column has no type, as what it looks like."""
    if source.cursor is None:
        return since
    try:
        value = sql_values.to_column(since, source.cursor, dialect=dialect)
    except errors.UnmappablePayload as error:
        raise errors.ContractMismatch(f"'pull.cursor': {error}") from None
    if dialect == "sqlite" and _NUMBER.fullmatch(since):
        return float(since) if "." in since else int(since)
    if dialect == "oracle" and isinstance(value, str) and _MOMENT.fullmatch(value):
        return sql_values.moment(value)
    return value


def _reached(reached: str | None, spec: Cursor | None, source: Source, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return how far we are: never back; the database's order decides, and ours only where it is another one."""
    if spec is None or source.cursor is None or not rows:
        return reached
    if not source.is_in_order_of_cursor:
        name = source.cursor.name
        values = [str(row[name]) for row in rows]
        given = [*values, *([reached] if reached else [])]
        return reduce(lambda best, each: each if cursors.is_after(each, best) else best, given)
    last = str(rows[-1][source.cursor.name])
    if reached is not None and spec.overlap and not cursors.is_after(last, reached):
        return reached
    return last


def _readable(rows: Sequence[Mapping[str, Any]], faults: dict[int, str]) -> dict[int, dict[str, Any]]:
    """Return the rows that JSON can carry by their place on the page; the others are faults."""
    found: dict[int, dict[str, Any]] = {}
    for place, row in enumerate(rows, start=1):
        try:
            found[place] = sql_values.record(row)
        except errors.ContractMismatch as error:
            faults[place] = str(error)
    return found


def _page(
    job: JobSpec,
    source: Source,
    rows: Mapping[int, Mapping[str, Any]],
    faults: dict[int, str],
    *,
    cursor: str | None,
    more: bool,
) -> Page:
    named = {column.name for column in (*source.order, *([source.cursor] if source.cursor is not None else []))}
    made, sources = records.mapped(job, rows, faults)
    # Two rows that are mapped alike are still two; one row that has changed is another record.
    identities = [
        {"row": {name: row[name] for name in sorted(named)}, "record": record}
        for row, record in zip(sources, made, strict=True)
    ]
    return Page(
        records=tuple(made),
        sources=tuple(sources),
        identities=tuple(identities),
        cursor=cursor,
        more=more,
        faults=faults,
    )
