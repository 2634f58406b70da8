"""Functions and procedures of PostgreSQL: its catalog of them, and a call by named arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from hms_syn import errors
from hms_syn.adapters.sql import sql_values
from hms_syn.adapters.sql.sql_routine import Argument, Routine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


_ROUTINES = text("""
    SELECT n.nspname, p.proname, p.prokind::text AS kind, p.proargnames AS names, p.proargmodes::text[] AS modes,
      p.pronargs AS inputs, p.pronargdefaults AS defaults,
      ARRAY(SELECT format_type(u.type, NULL)
            FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS u(type, n) ORDER BY u.n
      ) AS types
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p') AND lower(p.proname) = lower(:name)
      AND CASE WHEN :schema = '' THEN pg_function_is_visible(p.oid) ELSE lower(n.nspname) = lower(:schema) END
    ORDER BY p.oid
""")
_ZONELESS = "timestamp without time zone"


def routines(connection: Connection, name: str) -> list[Routine]:
    """Return every routine of a name; the exact spelling goes before others."""
    schema, _, bare = name.rpartition(".")
    rows = connection.execute(_ROUTINES, {"schema": schema, "name": bare}).all()
    exact = [row for row in rows if row.proname == bare and schema in ("", row.nspname)]
    return [
        Routine(name=(row.nspname, row.proname), is_function=row.kind == "f", arguments=_arguments(row))
        for row in exact or rows
    ]


def answer(connection: Connection, routine: Routine, values: Mapping[str, tuple[Argument, Any]]) -> Mapping[str, Any]:
    """Call it and return the one row it answers.

    :raises errors.ContractMismatch: it answers none, or several · :raises errors.UnmappablePayload: a value is no text
    """
    quote = connection.dialect.identifier_preparer.quote
    given, bound = [], {}
    for number, (name, (argument, value)) in enumerate(values.items()):
        given.append(f"{quote(name)} => CAST(:p{number} AS {argument.type.replace(':', '')})")
        bound[f"p{number}"] = _as_text(argument, value)
    if not routine.is_function:
        given += [f"{quote(each.name)} => NULL" for each in routine.arguments if each.comes_out and not each.goes_in]
    called = f"{'.'.join(map(quote, routine.name))}({', '.join(given)})"
    statement = f"SELECT * FROM {called} LIMIT 2" if routine.is_function else f"CALL {called}"  # noqa: S608 - the catalog's own names
    result = connection.execute(text(statement), bound)
    rows = result.mappings().all() if result.returns_rows else []
    if len(rows) != 1:
        raise errors.ContractMismatch(
            "The routine answers no row, or several; nothing was kept. One row is the receipt.", code="call_no_row"
        )
    return dict(rows[0])


def _arguments(row: Any) -> tuple[Argument, ...]:
    modes = row.modes or ["i"] * len(row.types)
    names = row.names or [""] * len(row.types)
    inputs = [place for place, mode in enumerate(modes) if mode in "ib"]
    optional = set(inputs[len(inputs) - row.defaults :]) if row.defaults else set()
    return tuple(
        Argument(name=name, type=kind, goes_in=mode in "ib", comes_out=mode in "ob", optional=place in optional)
        for place, (name, kind, mode) in enumerate(zip(names, row.types, modes, strict=True))
    )


def _as_text(argument: Argument, value: Any) -> str | None:
    found = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if found is not None and "\x00" in found:
        raise errors.UnmappablePayload(
            f"The field for argument {sql_values.shown(argument.name)} holds a NUL character, which PostgreSQL cannot "
            "store."
        )
    if found is None or argument.type != _ZONELESS:
        return found
    try:
        return sql_values.in_utc(sql_values.moment(found)).isoformat()  # PostgreSQL would drop the zone in silence
    except ValueError:
        raise errors.UnmappablePayload(
            f"The field for argument {sql_values.shown(argument.name)} is no timestamp."
        ) from None
