"""What will be sent next, looked at and left alone: nothing is claimed, locked or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.store import undecodable
from hms_syn.store.standing import MOST
from hms_syn.store.statements import micros, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hms_syn.domain.delivery import Delivery
    from hms_syn.store.keyring import Keyring
    from hms_syn.store.sql_store import SqlStore

LONGEST_TRANSACTION = 3600.0
"""Seconds: an event has the time at which its transaction took its place, so a later place may have an earlier time."""
LANES = """SELECT ordering_key, epoch FROM hms_syn_lane WHERE job = :job
            ORDER BY epoch, ready_at, id LIMIT :limit"""
OF_LANE = """SELECT d.id, d.message_id, d.ordering_key, d.idempotency_key, d.attempts, d.state, d.endpoint, e.topic,
                    e.body, e.headers, e.salt, e.key_id, e.data_key, e.published_at
               FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq
              WHERE d.job = :job AND d.ordering_key = :ordering_key AND d.epoch = :epoch ORDER BY d.id LIMIT :limit"""
WAITING = """SELECT endpoint, COUNT(*) AS waiting
               FROM (SELECT endpoint FROM hms_syn_delivery WHERE job = :job LIMIT :most) t
              GROUP BY endpoint ORDER BY endpoint"""
LAST = "SELECT COALESCE(MAX(seq), 0) FROM hms_syn_event"
NEXT = "SELECT seq, published_at FROM hms_syn_event WHERE seq > :seq ORDER BY seq LIMIT 1"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Looks at one store, each in one transaction that only reads."""

    store: SqlStore

    def messages(self, job: str, *, limit: int) -> list[Delivery]:
        """Return the next messages of a job in the order in which its lines are taken, however long they still wait.

        A row that cannot be read is left out.
        """
        return self.store.look(lambda connection: _messages(connection, job, limit=limit, keyring=self.store.keyring))

    def waiting(self, job: str) -> Mapping[str, int]:
        """Count a job's open messages by the endpoint that they were accepted for; counting ends at 1,000."""
        return self.store.look(lambda connection: _waiting(connection, job))

    def place_before(self, since: float) -> int:
        """Return a place on the bus after which all stands that was published since a time, in seconds."""
        at = micros(max(0.0, since - LONGEST_TRANSACTION))
        return self.store.look(lambda connection: _place_before(connection, at))


def _messages(connection: Connection, job: str, *, limit: int, keyring: Keyring) -> list[Delivery]:
    found: list[Delivery] = []
    for lane in connection.execute(sql(connection, LANES), {"job": job, "limit": limit}).all():
        here = {"job": job, "ordering_key": lane.ordering_key, "epoch": lane.epoch, "limit": limit - len(found)}
        rows = connection.execute(sql(connection, OF_LANE), here).all()
        read = (undecodable.delivery(row, job, row.ordering_key, keyring=keyring) for row in rows)
        found += [delivery for delivery in read if delivery is not None]
        if len(found) >= limit:
            break
    return found


def _waiting(connection: Connection, job: str) -> Mapping[str, int]:
    rows = connection.execute(sql(connection, WAITING), {"job": job, "most": MOST})
    return {row.endpoint: row.waiting for row in rows}


def _place_before(connection: Connection, at: int) -> int:
    """Halve the bus until the place is found: times have no index, places have, and the two rise together."""
    low, high = 0, connection.execute(sql(connection, LAST)).scalar_one()
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(sql(connection, NEXT), {"seq": middle}).one_or_none()
        if row is None or row.published_at >= at:
            high = middle
        else:
            low = row.seq
    return low
