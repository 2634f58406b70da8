"""Where a message stands: its open and its closed deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.errors import UnknownMessage
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

STANDS = """SELECT job, state, NULL AS settled_at FROM hms_syn_delivery WHERE message_id = :message_id
            UNION ALL SELECT job, state, settled_at FROM hms_syn_settled WHERE message_id = :message_id ORDER BY job"""
"""Where a message stands at each job, looked at without a lock."""


def open_at(connection: Connection, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    """Return a message's open deliveries, or that of one job, and lock them."""
    return _rows(connection, "hms_syn_delivery", message_id, job)


def settled_at(connection: Connection, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    """Return a message's closed deliveries, or that of one job, and lock them."""
    return _rows(connection, "hms_syn_settled", message_id, job)


def _rows(connection: Connection, table: str, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    of_job = "" if job is None else "AND job = :job"
    return connection.execute(
        sql(connection, f"SELECT * FROM {table} WHERE message_id = :message_id {of_job} ORDER BY id {{lock}}"),  # noqa: S608 - constants
        {"message_id": message_id, "job": job} if job is not None else {"message_id": message_id},
    ).all()


def where_it_stands(connection: Connection, message_id: str) -> str:
    """Say how a message stands at each job, and whether it was erased.

    :raises UnknownMessage: there is no such message
    """
    rows = [*open_at(connection, message_id, None), *settled_at(connection, message_id, None)]
    statement = "SELECT erased_at FROM hms_syn_event WHERE message_id = :message_id"
    known = connection.execute(sql(connection, statement), {"message_id": message_id}).first()
    if known is None:
        raise UnknownMessage(f"No message has the id '{message_id}'; 'hms-syn trace' finds it by other words")
    places = [f"{row.state} at {row.job}" for row in rows] or ["kept, no job takes its topic"]
    return ", ".join([*places, "its payload erased"] if known.erased_at is not None else places)
