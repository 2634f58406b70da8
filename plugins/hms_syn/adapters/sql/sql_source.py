"""What a pull reads: a table of the catalog, or the job's own SELECT as if it were one, and in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, select, text
from sqlalchemy.exc import CompileError

from hms_syn import errors
from hms_syn.adapters.sql import sql_catalog
from hms_syn.adapters.sql.sql_values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, FromClause
    from sqlalchemy.sql.elements import KeyedColumnElement

    from hms_syn.domain.job_spec import Pull

REQUEST = "pull.request"
SINCE = "since"
_READS = re.compile(r"\s*(?:SELECT|WITH)\b[^;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows to read. ``order`` tells any two of them apart; ``cursor`` is the column that says how far we are."""

    rows: FromClause
    columns: tuple[KeyedColumnElement[Any], ...]
    order: tuple[KeyedColumnElement[Any], ...]
    cursor: KeyedColumnElement[Any] | None
    takes_since: bool = False

    @property
    def is_in_order_of_cursor(self) -> bool:
        """True where a page that was read leaves nothing behind it: then each page moves the cursor on."""
        return self.cursor is not None and self.order[0] is self.cursor


def source(connection: Connection, pull: Pull) -> Source:
    """Return what ``pull.request`` names.

    :raises errors.ContractMismatch: it does not fit the catalog, or cannot be read page by page
    """
    request = pull.request
    if ("table" in request) == ("select" in request):
        raise errors.ContractMismatch(f"'{REQUEST}': write one of 'table' and 'select'.")
    return _of_select(connection, pull) if "select" in request else _of_table(connection, pull)


def statement_of(given: str) -> str:
    """Return the job's own SELECT, ready to stand in parentheses.

    :raises errors.ContractMismatch: it is more than one statement that reads, or takes more than ``:since``
    """
    if not _READS.fullmatch(given):
        raise errors.ContractMismatch(f"'{REQUEST}.select': write one SELECT or WITH, without a semicolon.")
    try:
        names = set(text(given).compile().params)
    except CompileError:
        names = {""}
    if names - {SINCE}:
        raise errors.ContractMismatch(
            f"'{REQUEST}.select': it may take :{SINCE} only; pages are cut by the adapter. Write '\\:' for a colon."
        )
    return f"{given}\n"  # a comment at its end must not swallow what follows


def _of_table(connection: Connection, pull: Pull) -> Source:
    table = sql_catalog.find_table(connection, str(pull.request["table"]), key=f"{REQUEST}.table")
    cursor = None
    if pull.cursor is not None:
        cursor = sql_catalog.named_column(table, _plain(pull.cursor.field), key="pull.cursor.field")
    wanted = [sql_catalog.named_column(table, name, key=f"{REQUEST}.order_by") for name in _order_by(pull.request)] or (
        [] if cursor is None else [cursor]
    )
    own = list(table.primary_key.columns)
    if not own and "order_by" not in pull.request:
        raise errors.ContractMismatch(
            f"'{REQUEST}.order_by': table {shown(table.name)} has no primary key; name columns that no two rows share."
        )
    order = tuple({each.name: each for each in (*wanted, *own)}.values())
    for each in order:
        if each.nullable and each is not cursor and not each.primary_key:
            raise errors.ContractMismatch(
                f"'{REQUEST}.order_by': column {shown(each.name)} may be NULL, which has no place in an order."
            )
    return Source(rows=table, columns=sql_catalog.readable(table), order=order, cursor=cursor)


def _of_select(connection: Connection, pull: Pull) -> Source:
    given = statement_of(str(pull.request["select"]))
    takes_since = SINCE in text(given).compile().params
    empty = select(text("*")).select_from(text(f"({given}) vendor")).where(text("1 = 0"))
    names = list(connection.execute(empty, {SINCE: None} if takes_since else {}).keys())
    rows = text(given).columns(*(column(name) for name in names)).subquery("vendor")

    def find(name: str, key: str) -> KeyedColumnElement[Any]:
        near = [each for each in rows.c if each.name.casefold() == name.casefold()]
        if len(near) != 1:
            raise errors.ContractMismatch(
                f"'{key}': the SELECT gives no column {shown(name)}; it gives {', '.join(names)}."
            )
        return near[0]

    cursor = None if pull.cursor is None else find(_plain(pull.cursor.field), "pull.cursor.field")
    wanted = _order_by(pull.request)
    if not wanted:
        raise errors.ContractMismatch(f"'{REQUEST}.order_by': name columns of the SELECT that no two rows share.")
    order = tuple(find(name, f"{REQUEST}.order_by") for name in wanted)
    return Source(rows=rows, columns=tuple(rows.c), order=order, cursor=cursor, takes_since=takes_since)


def _order_by(request: Mapping[str, Any]) -> list[str]:
    return [_plain(name) for name in str(request.get("order_by") or "").split(",") if name.strip()]


def _plain(name: str) -> str:
    """Return a column's name without the quotes it has as a JMESPath."""
    return name.strip().strip('"')
