"""Tables and columns as the database's own catalog has them: no name of a job or a message reaches a statement."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import MetaData, Table, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import NoSuchTableError

from hms_syn import errors
from hms_syn.adapters.sql.sql_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Column, Connection, Inspector


_NOT_READ = ("check_constraints", "foreign_keys", "indexes", "table_comment", "table_options", "unique_constraints")


def find_table(connection: Connection, name: str, *, key: str) -> Table:
    """Return a table or view by ``TABLE`` or ``SCHEMA.TABLE``, as the catalog spells it.

    :raises errors.ContractMismatch: there is none of this name, or two that differ only in case
    """
    look = sqlalchemy.inspect(connection)
    schema, _, bare = name.rpartition(".")
    found_schema = None
    if schema:
        found_schema = _one(schema, look.get_schema_names(), key=key, what="schema")
    names = [*look.get_table_names(schema=found_schema), *look.get_view_names(schema=found_schema)]
    # What is not listed may be there: a foreign or a temporary table.
    if _like(bare, names) or not look.has_table(bare, schema=found_schema):
        bare = _one(bare, names, key=key, what="table")
    table = Table(bare, MetaData(), schema=found_schema)
    try:
        _of_columns(look).reflect_table(table, None, resolve_fks=False)
    except NoSuchTableError:
        raise errors.ContractMismatch(f"'{key}': the database has no table {shown(name)}.") from None
    for column in table.columns:
        _give_plain_type(column, connection.dialect.name)
    return table


def find_column(table: Table, name: str) -> Column[Any] | None:
    """Return a column by its name; where none is spelled so, the only one that differs in case."""
    if name in table.columns:
        return table.columns[name]
    near = [column for column in table.columns if column.name.casefold() == name.casefold()]
    return near[0] if len(near) == 1 else None


def named_column(table: Table, name: str, *, key: str) -> Column[Any]:
    """Return the column a job names.

    :raises errors.ContractMismatch: naming it, the nearest one and the key of the job file
    """
    column = find_column(table, name)
    if column is None:
        raise errors.ContractMismatch(f"'{key}': {no_column(table, name)}")
    return column


def no_column(table: Table, name: str) -> str:
    """Return the sentence for a name that no column has."""
    near = difflib.get_close_matches(name.casefold(), [column.name.casefold() for column in table.columns], n=1)
    real = next((column.name for column in table.columns if near and column.name.casefold() == near[0]), None)
    hint = f"did you mean {shown(real)}?" if real else f"it has {', '.join(column.name for column in table.columns)}."
    return f"table {shown(table.name)} has no column {shown(name)}; {hint}"


def readable(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that JSON can carry: all but those of bytes."""
    return tuple(column for column in table.columns if not isinstance(column.type, types.LargeBinary))


def is_unique(connection: Connection, table: Table, column: Column[Any]) -> bool:
    """Return True if the catalog promises that no two rows have the same value in this column."""
    if [each.name for each in table.primary_key.columns] == [column.name]:
        return True
    look = sqlalchemy.inspect(connection)
    for constraint in look.get_unique_constraints(table.name, schema=table.schema):
        if constraint["column_names"] == [column.name]:
            return True
    # SQLite keeps what a table's own UNIQUE promises in an index without a name of its own.
    more = {"include_auto_indexes": True} if connection.dialect.name == "sqlite" else {}
    return any(
        index["unique"] and index["column_names"] == [column.name] and not _is_partial(index)
        for index in look.get_indexes(table.name, schema=table.schema, **more)
    )


def _of_columns(look: Inspector) -> Inspector:
    """Have a table's columns and primary key read, and nothing that no statement of ours needs.

    The catalog is asked less, and a CHECK that is NOT VALID is no business of ours: SQLAlchemy 2.0 takes its options
    for those of a dialect, and warns.
    """
    for what in _NOT_READ:
        setattr(look, f"get_multi_{what}", lambda **_: {})
    return look


def _is_partial(index: Any) -> bool:
    options = index.get("dialect_options") or {}
    return bool(options.get("postgresql_where") is not None or options.get("sqlite_where") is not None)


def _one(name: str, names: Iterable[str], *, key: str, what: str) -> str:
    known = list(names)
    if name in known:
        return name
    near = _like(name, known)
    if len(near) == 1:
        return near[0]
    if near:
        text = f"the database has several that differ only in case; write one of {', '.join(map(shown, near))}."
    else:
        close = difflib.get_close_matches(name.casefold(), known, n=1)
        text = f"the database has no {what} {shown(name)}{f'; did you mean {shown(close[0])}?' if close else '.'}"
    raise errors.ContractMismatch(f"'{key}': {text}")


def _like(name: str, names: Iterable[str]) -> list[str]:
    return [each for each in names if each.casefold() == name.casefold()]


def _give_plain_type(column: Column[Any], dialect: str) -> None:
    """Look through PostgreSQL's domains, and past the types that SQLite only declares."""
    if isinstance(column.type, postgresql.DOMAIN):
        column.type = column.type.data_type
    if dialect == "sqlite" and not isinstance(column.type, types.LargeBinary):
        column.type = types.NullType()
