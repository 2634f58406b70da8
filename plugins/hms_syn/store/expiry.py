"""What has been closed for longer than its jobs keep payloads: found by an index, from where the last look ended.

Each job's closed deliveries are looked at once, in the order in which they were closed, when the job's own term for
them is over; so are the records it has pulled. A message is erased at that moment if the term of every other job that
has it is over too. If not, it is passed over: the job whose term ends last comes to it last and erases it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hms_syn.ports import Act
from hms_syn.store import erasing
from hms_syn.store.places import STANDS
from hms_syn.store.statements import SECOND, micros, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.sql_store import SqlStore

STRAGGLERS = 60 * SECOND
"""A transaction of ours that is idle for 30 s is ended, so what is older than this cannot appear any more."""
ACTOR = "hms-syn retention"
NOW = "SELECT {now} AS now"
PLACE = "SELECT retained_at AS at, retained_id AS id, retained_seq AS seq FROM hms_syn_job WHERE job = :job"
MOVE = "UPDATE hms_syn_job SET retained_at = :at, retained_id = :id, retained_seq = :seq WHERE job = :job"
_ONE_STATE = """SELECT * FROM (SELECT settled_at, id, message_id FROM hms_syn_settled
   WHERE job = :job AND state = '{state}' AND settled_at >= :at AND settled_at < :until
     AND (settled_at, id) > (:at, :id)
   ORDER BY settled_at, id LIMIT :limit) AS {state}"""
CLOSED = (
    " UNION ALL ".join(_ONE_STATE.format(state=state) for state in sorted(erasing.DONE))
    + " ORDER BY settled_at, id LIMIT :limit"
)
PULLED = """SELECT seq, message_id, agency, published_at FROM hms_syn_event WHERE topic = :topic AND seq > :seq
             ORDER BY seq LIMIT :limit"""
MESSAGE = """SELECT seq, agency, published_at, erased_at FROM hms_syn_event WHERE message_id = :message_id {keep}"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a job's closed deliveries, and the records it pulled, have been looked at."""

    at: int = 0
    id: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One batch: what was found over, how many messages were looked at, and where the next batch goes on."""

    over: list[str]
    looked: int
    place: Place


@dataclass(frozen=True, slots=True)
class Expiry:
    """Looks at one store under the terms of ``jobs``: one that is missing counts as one that keeps for ever."""

    store: SqlStore
    jobs: Sequence[JobSpec]

    def find(self, job: JobSpec, place: Place | None, *, limit: int) -> Look:
        """Look at a job's next batch, and change nothing."""
        return self.store.look(lambda connection: self._look(connection, job, place, limit=limit)[0])

    def erase(self, job: JobSpec, place: Place | None, *, limit: int) -> Look:
        """Erase what is over of a job's next batch and note how far it has come, in one transaction."""
        act = Act(actor=ACTOR, reason=f"retention.payload of {job.id} is over")

        def work(connection: Connection) -> Look:
            look, settled_place, rows = self._look(connection, job, place, limit=limit)
            for message_id, row in rows:
                erasing.destroy(connection, row, act, message_id=message_id)
            connection.execute(
                sql(connection, MOVE),
                {"job": job.id, "at": settled_place.at, "id": settled_place.id, "seq": settled_place.seq},
            )
            return look

        return self.store.write(work)

    def _look(
        self, connection: Connection, job: JobSpec, place: Place | None, *, limit: int
    ) -> tuple[Look, Place, list[tuple[str, Row[Any]]]]:
        """Return what was found, the place that is safe to go on from at another time, and the rows that are over."""
        now: int = connection.execute(sql(connection, NOW)).scalar_one()
        row = connection.execute(sql(connection, PLACE), {"job": job.id}).one_or_none()
        noted = Place() if row is None else Place(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        place = place or noted
        until = now - micros(job.retention or 0.0)
        values = {"job": job.id, "at": place.at, "id": place.id, "until": until, "limit": limit}
        closed = connection.execute(sql(connection, CLOSED), values).all()
        pulled = self._pulled(connection, job, place, until=until, limit=limit - len(closed))
        terms = {each.id: each.retention for each in self.jobs}
        ids = dict.fromkeys([row.message_id for row in closed] + [r.message_id for r in pulled if r.agency == job.id])
        rows = [(one, row) for one in ids if (row := _over(connection, one, terms, now=now)) is not None]
        following, safe = (
            _after(place, closed, pulled, until=now),
            _after(noted, closed, pulled, until=now - STRAGGLERS),
        )
        return Look([one for one, _ in rows], len(closed) + len(pulled), following), safe, rows

    def _pulled(
        self, connection: Connection, job: JobSpec, place: Place, *, until: int, limit: int
    ) -> Sequence[Row[Any]]:
        """Return records that the job has pulled, up to the first that is too young."""
        if job.pull is None or limit <= 0:
            return []
        values = {"topic": job.pull.publish_topic, "seq": place.seq, "limit": limit}
        rows = connection.execute(sql(connection, PULLED), values).all()
        young = next((n for n, row in enumerate(rows) if row.published_at >= until), len(rows))
        return rows[:young]


def _over(connection: Connection, message_id: str, terms: Mapping[str, float | None], *, now: int) -> Row[Any] | None:
    """Return a message's row, locked, if the term of every job that has it or has pulled it is over."""
    here = {"message_id": message_id}
    event = connection.execute(sql(connection, MESSAGE), here).one_or_none()
    if event is None or event.erased_at is not None:
        return None
    ends = [(event.agency, event.published_at)] if event.agency in terms else []
    for row in connection.execute(sql(connection, STANDS), here):
        if row.state not in erasing.DONE:
            return None
        ends.append((row.job, row.settled_at))
    is_over = all((term := terms.get(job)) is not None and at + micros(term) < now for job, at in ends)
    return event if is_over else None


def _after(place: Place, closed: Sequence[Row[Any]], pulled: Sequence[Row[Any]], *, until: int) -> Place:
    """Return the place behind the last rows that are older than ``until``."""
    old_closed = [row for row in closed if row.settled_at < until]
    old_pulled = [row for row in pulled if row.published_at < until]
    if old_closed:
        place = replace(place, at=old_closed[-1].settled_at, id=old_closed[-1].id)
    return replace(place, seq=old_pulled[-1].seq) if old_pulled else place
