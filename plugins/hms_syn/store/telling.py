"""Telling Airflow of deliveries: which of a job's it has not been told of yet.

The bus has one ``delivered`` event for each delivery, stored in the transaction that settled it. A mark per job says up
to which of them Airflow was told; it moves only once Airflow has them, so a run that dies in between tells them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.store import job_switches, undecodable
from hms_syn.store.horizon import EVERYTHING, horizon
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.store.sql_store import SqlStore

UNTOLD = """SELECT seq, message_id, topic, body, headers, salt, key_id, data_key, erased_at FROM hms_syn_event
             WHERE topic = :topic AND seq > (SELECT told FROM hms_syn_job WHERE job = :job) AND seq <= :until
             ORDER BY seq LIMIT :limit"""
MARK = "UPDATE hms_syn_job SET told = :seq WHERE job = :job AND told < :seq"
SKIP = """UPDATE hms_syn_job SET told = (SELECT MAX(seq) FROM hms_syn_event WHERE topic = :topic)
           WHERE job = :job AND told < (SELECT MAX(seq) FROM hms_syn_event WHERE topic = :topic)"""
LANE_OF_NOTHING = """INSERT INTO hms_syn_lane (job, ordering_key, epoch, ready_at)
                     SELECT job, 'syn:tell', epoch, {now} FROM hms_syn_job WHERE job = :job
                     ON CONFLICT (job, ordering_key, epoch) DO NOTHING"""
"""A due line with nothing in it: the bell rings for it, and the run it starts drops it."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What Airflow is to be told of one job."""

    store: SqlStore
    job: str

    def untold(self, *, limit: int, settled: bool = True) -> list[tuple[int, Mapping[str, Any]]]:
        """Return the next deliveries, oldest first, each with its place on the bus: ids and receipts, no payload.

        Only those before which none can come any more, unless ``settled`` is False.
        """
        values = {"job": self.job, "topic": f"syn.{self.job}.delivered", "limit": limit}

        def work(connection: Connection) -> Sequence[Row[Any]]:
            until = horizon(connection) if settled else EVERYTHING
            return connection.execute(sql(connection, UNTOLD), {**values, "until": until}).all()

        rows = [(row.seq, undecodable.told_of(row, self.store.keyring)) for row in self.store.look(work)]
        return [(seq, told[0] if told is not None else {}) for seq, told in rows]

    def told(self, seq: int) -> None:
        """Note that Airflow has been told of all up to here."""
        values = {"job": self.job, "seq": seq}
        self.store.write(lambda connection: connection.execute(sql(connection, MARK), values))

    def skip(self) -> None:
        """Pass over all that Airflow has not been told of: nobody there listens."""
        values = {"job": self.job, "topic": f"syn.{self.job}.delivered"}
        self.store.write(lambda connection: connection.execute(sql(connection, SKIP), values))

    def leave_to_the_next_run(self) -> None:
        """Have the bell ring for a run that goes on telling."""

        def work(connection: Connection) -> None:
            connection.execute(sql(connection, LANE_OF_NOTHING), {"job": self.job})
            job_switches.rearm(connection, self.job)

        self.store.write(work)
