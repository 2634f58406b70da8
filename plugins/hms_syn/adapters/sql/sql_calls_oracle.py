"""Functions and procedures of Oracle: its catalog of them, and an anonymous block that calls one by named arguments.

No Oracle server could be had where this was written: the statements are compiled and read by tests, not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Numeric, String, bindparam, outparam, text

from hms_syn import errors
from hms_syn.adapters.sql import sql_values
from hms_syn.adapters.sql.sql_routine import Argument, Routine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, TextClause
    from sqlalchemy.types import TypeEngine


_ARGUMENTS = text("""
    SELECT owner, package_name, object_name, overload, argument_name, data_type, in_out, defaulted, position
    FROM all_arguments
    WHERE data_level = 0 AND object_name = UPPER(:name) AND (
      (owner = UPPER(NVL(:first, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')))
        AND NVL(package_name, ' ') = UPPER(NVL(:second, ' ')))
      OR (:second IS NULL AND owner = SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') AND package_name = UPPER(:first)))
    ORDER BY owner, package_name, overload, position
""")
_LONGEST = 4000


def routines(connection: Connection, name: str) -> list[Routine]:
    """Return every routine of a name: ``NAME``, ``SCHEMA.NAME``, ``PACKAGE.NAME`` or ``SCHEMA.PACKAGE.NAME``."""
    *before, bare = name.split(".")
    first, second = (*before, None, None)[:2]
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in connection.execute(_ARGUMENTS, {"name": bare, "first": first, "second": second}):
        found.setdefault((row.owner, row.package_name, row.object_name, row.overload), []).append(row)
    return [
        Routine(
            name=tuple(part for part in place[:3] if part),
            is_function=any(row.position == 0 for row in rows),
            arguments=tuple(map(_argument, rows)),
        )
        for place, rows in found.items()
    ]


def block(routine: Routine, values: Mapping[str, tuple[Argument, Any]]) -> TextClause:
    """Return the anonymous block: what goes in is bound as ``p0``, ``p1``, what comes out as ``o0``, ``o1``."""
    given, bound = [], []
    for number, (name, (argument, value)) in enumerate(values.items()):
        given.append(f'"{name}" => :p{number}')
        bound.append(bindparam(f"p{number}", _typed(argument, value), type_=_type(argument)))
    result = ""
    for number, argument in enumerate(_outs(routine)):
        bound.append(outparam(f"o{number}", _type(argument)))
        if argument.name:
            given.append(f'"{argument.name}" => :o{number}')
        else:
            result = f":o{number} := "
    called = ".".join(f'"{part}"' for part in routine.name)
    return text(f"BEGIN {result}{called}({', '.join(given)}); END;").bindparams(*bound)


def answer(connection: Connection, routine: Routine, values: Mapping[str, tuple[Argument, Any]]) -> Mapping[str, Any]:
    """Call it and return what comes out, by the names of its arguments; a function's value is ``result``."""
    outs = _outs(routine)
    result: Any = connection.execute(block(routine, values))
    return {argument.name or "result": result.out_parameters[f"o{number}"] for number, argument in enumerate(outs)}


def _argument(row: Any) -> Argument:
    return Argument(
        name=row.argument_name or "",
        type=row.data_type or "",
        goes_in="IN" in row.in_out.split("/"),
        comes_out="OUT" in row.in_out,
        optional=row.defaulted == "Y",
    )


def _outs(routine: Routine) -> list[Argument]:
    return [each for each in routine.arguments if each.comes_out and not each.goes_in]


def _type(argument: Argument) -> TypeEngine[Any]:
    if argument.type.startswith(("DATE", "TIMESTAMP")):
        return DateTime()
    return Numeric() if argument.type in ("NUMBER", "FLOAT", "INTEGER") else String(_LONGEST)


def _typed(argument: Argument, value: Any) -> Any:
    try:
        column = sql_values.stand_in(argument.name, _type(argument))
        return sql_values.to_column(value, column, dialect="oracle")
    except errors.UnmappablePayload as error:
        raise errors.UnmappablePayload(str(error).replace("column", "argument")) from None
