"""A vendor's procedure or function: found in the catalog, called by the names of its arguments, answered by one row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters.sql import sql_calls_oracle, sql_calls_postgresql, sql_rows, sql_values
from hms_syn.adapters.sql.sql_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from hms_syn.adapters.sql.sql_routine import Argument, Routine
    from hms_syn.adapters.sql.sql_session import Session
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import Push

REQUEST = "push.request.call"
_DIALECTS = {"postgresql": sql_calls_postgresql, "oracle": sql_calls_oracle}


def call(
    session: Session, push: Push, fields: Mapping[str, Any], *, key: str, known: dict[frozenset[str], Routine]
) -> Ack:
    """Call the routine and return the receipt in its answer; without one nothing is kept.

    ``known`` keeps what the catalog said, by the names that are given, for as long as the adapter lives.

    :raises errors.ContractMismatch: there is no such routine, or its answer is not one row · :raises
        errors.SynError: as :meth:`Session.transaction` does
    """
    given = dict(fields)
    if "key" in push.request:
        given[str(push.request["key"])] = key
    try:
        with session.transaction() as connection:
            names = frozenset(given)
            found = known.get(names) or known.setdefault(names, routine(connection, push, given))
            arguments = {name: _named(found, name, push) for name in given}
            values = {argument.name: (argument, given[name]) for name, argument in arguments.items()}
            answer = _DIALECTS[connection.dialect.name].answer(connection, found, values)
            return sql_rows.proof(sql_values.record(answer), push, _reference(push, answer))
    except errors.VendorBusy as error:
        if error.code == "connection_lost" and session.dialect == "oracle":
            # A procedure of Oracle's may commit by itself, and we did not hear its end.
            raise errors.OutcomeUnknown(
                "The database was lost in the call; it may have done it.", code="call_lost"
            ) from None
        raise


def routine(connection: Connection, push: Push, given: Iterable[str] | None) -> Routine:
    """Return the routine that ``push.request.call`` names; of several with one name, the one that takes what we give.

    :raises errors.ContractMismatch: there is none, or more than one
    """
    name = str(push.request.get("call") or "")
    dialect = _DIALECTS.get(connection.dialect.name)
    if dialect is None:
        raise errors.ContractMismatch(
            f"'{REQUEST}': {connection.dialect.name} has no procedures; name a 'table' instead."
        )
    found: list[Routine] = dialect.routines(connection, name)
    names = given if given is not None else push.mapping
    if names is not None and len(found) > 1:
        key = [str(push.request["key"])] if "key" in push.request and given is None else []
        found = [each for each in found if each.takes([*names, *key])]
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.ContractMismatch(f"'{REQUEST}': several routines are called {shown(name)} and take these fields.")
    raise errors.ContractMismatch(f"'{REQUEST}': the database has no routine {shown(name)} that takes these fields.")


def _named(found: Routine, name: str, push: Push) -> Argument:
    argument = found.argument(name)
    if argument is None:
        takes = ", ".join(each.name for each in found.arguments if each.goes_in)
        text = f"{shown('.'.join(found.name))} takes no argument {shown(name)}; it takes {takes}."
        kind = errors.UnmappablePayload if push.mapping is None else errors.ContractMismatch
        raise kind(f"'{REQUEST}': {text}")
    return argument


def _reference(push: Push, answer: Mapping[str, Any]) -> str:
    if "reference" in push.ack:
        return push.ack["reference"]
    if len(answer) == 1:
        return json.dumps(next(iter(answer)))
    raise errors.ContractMismatch(
        f"The routine answers {', '.join(answer) or 'nothing'}; say with 'push.ack.reference' which is the receipt."
    )
