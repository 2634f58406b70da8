"""How far the bus can be read without passing over what is still on its way.

An event takes its place (``seq``) before its transaction commits, so a later place may be seen earlier. Whoever reads
on from the last place they saw would never see the earlier one. On PostgreSQL each publication therefore says, by a
shared advisory lock that ends with its transaction, which place was the last one before it began; nobody waits for that
lock. What stands before all of those places is final. SQLite has one writer at a time: places are committed in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.store.statements import PUBLISHING, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERYTHING = 2**62
LAST = "SELECT last_value FROM hms_syn_event_seq_seq"
HELD_BACK = f"""SELECT GREATEST(MAX(((:last - CAST(objid AS bigint) + 1073741824) & 2147483647) - 1073741824), 0)
                  FROM pg_locks WHERE locktype = 'advisory' AND classid = {PUBLISHING} AND objsubid = 2
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""  # noqa: S608 - a constant
"""By how many places the oldest open publication began before the last one; a lock has room for 31 bits of a place."""


def horizon(connection: Connection) -> int:
    """Return the last place on the bus before which nothing can come any more; read events after asking, not before.

    The last place is asked for before the locks, and both before the events: whoever begins in between takes a later
    place, and whoever ends in between is seen by the statement that follows.
    """
    if connection.dialect.name != "postgresql":
        return EVERYTHING
    last: int = connection.execute(sql(connection, LAST)).scalar_one()
    held_back: int | None = connection.execute(sql(connection, HELD_BACK), {"last": last}).scalar_one()
    return last - (held_back or 0)
