"""How jobs stand: what waits, what is wrong, what went through lately, and why nothing moves.

A page of the board takes seven statements, however many messages there are. Nothing is counted beyond ``MOST``, and
every count is read off an index; settling a message keeps no count up to date, which its lanes would stand in line for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.store import incidents, vendor_board, why
from hms_syn.store.airflow_toggles import IS_GONE, IS_OFF, JOINED
from hms_syn.store.sound_files import IS_PARKED
from hms_syn.store.statements import SECOND, among, shown, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

MOST = 1000
"""Where counting ends: this number means so many or more."""
BUCKET = 300
BUCKETS = 24
"""The sparkline: deliveries in each five minutes of the last two hours."""

VENDOR = ("state", "since", "strikes", "last_ok_at", "code", "note", "certificate_until")
JOB_IDS = "SELECT job FROM hms_syn_job ORDER BY job"
NAMED = "SELECT job, name, endpoint FROM hms_syn_job WHERE job {among} ORDER BY job"
LINES = """hms_syn_lane l WHERE l.job = j.job"""
HEAD_OF_LINE = """(SELECT d.{0} FROM hms_syn_delivery d WHERE d.job = l.job AND d.ordering_key = l.ordering_key
                     AND d.epoch = l.epoch ORDER BY d.id LIMIT 1)"""
OF_HEAD = HEAD_OF_LINE.replace("{0}", "state")
SEQ_OF_HEAD = HEAD_OF_LINE.replace("{0}", "event_seq")
STANDING = f"""
SELECT j.job, j.name, j.endpoint, {{is_off}} AS paused, j.paused_by, j.paused_reason, j.paused_until, j.switched_at,
  j.maintenance, {{now}} AS now, {{is_gone}} AS is_gone, {IS_PARKED} AS is_parked,
  (SELECT COUNT(*) FROM (SELECT 1 FROM hms_syn_delivery d WHERE d.job = j.job LIMIT :most) t) AS waiting,
  (SELECT COUNT(*) FROM (SELECT {OF_HEAD} AS state FROM {LINES} AND l.owner IS NOT NULL LIMIT :most) t
    WHERE t.state = 'in_flight') AS in_flight,
  (SELECT COUNT(*) FROM (SELECT {OF_HEAD} AS state FROM {LINES}
                          ORDER BY l.epoch DESC, l.ready_at DESC, l.id DESC LIMIT :most) t
    WHERE t.state = 'in_doubt') AS in_doubt,
  ({{now}} - (SELECT MIN(e.published_at)
               FROM (SELECT {SEQ_OF_HEAD} AS seq FROM {LINES}
                      ORDER BY l.epoch DESC, l.ready_at DESC, l.id DESC LIMIT :most) t
               JOIN hms_syn_event e ON e.seq = t.seq)) AS oldest,
  (SELECT COUNT(*) FROM (SELECT 1 FROM hms_syn_settled s WHERE s.job = j.job AND s.state = 'delivered' LIMIT :most) t)
    AS delivered,
  (SELECT COUNT(*) FROM (SELECT 1 FROM hms_syn_settled s WHERE s.job = j.job AND s.state = 'dead_letter'
                          LIMIT :most) t) AS dead_letters,
  (SELECT MAX(s.settled_at) FROM hms_syn_settled s WHERE s.job = j.job AND s.state = 'delivered') AS last_ack
  FROM {{switches}} WHERE j.job {{among}} ORDER BY j.job"""  # noqa: S608 - constants
HEADS = "SELECT * FROM hms_syn_head_v WHERE job {among}"
THROUGHPUT = """
SELECT j.job, b.n, (SELECT COUNT(*) FROM (SELECT 1 FROM hms_syn_settled s WHERE s.job = j.job AND s.state = 'delivered'
           AND s.settled_at >= (CAST(:newest AS BIGINT) - b.n) * :bucket
           AND s.settled_at < (CAST(:newest AS BIGINT) - b.n + 1) * :bucket LIMIT :most) t) AS delivered
  FROM hms_syn_job j CROSS JOIN (SELECT {numbers}) b WHERE j.job {among} ORDER BY j.job, b.n DESC""".replace(
    "SELECT {numbers}", " UNION ALL ".join(f"SELECT {n} AS n" for n in range(BUCKETS))
)
"""The time comes as a parameter: what the clock says while the statement runs, no index can look for."""
NOW = "SELECT {now}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which jobs of the board: after an id, with these words in their id, name or endpoint, at most so many."""

    after: str = ""
    words: str = ""
    limit: int = 50


def job_ids(connection: Connection) -> list[str]:
    """Return the id of every job that is known."""
    return [row.job for row in connection.exec_driver_sql(JOB_IDS)]


def status(connection: Connection, jobs: Sequence[str] | None = None, *, has_airflow: bool) -> list[Mapping[str, Any]]:
    """One row for each of these jobs, by default all, in the order of their ids; a count of ``MOST`` is that or more.

    What is in doubt or in flight is the head of its line, and so is what has waited longest. With ``has_airflow`` the
    toggles of the jobs' DAGs are in this database, and count; ``dag_gone`` says then whether Airflow had a DAG of the
    job and has none any more, and is null without.
    """
    wanted = job_ids(connection) if jobs is None else list(jobs)
    heads = {row.job: row for row in among(connection, HEADS, wanted)}
    vendors = {row["job"]: row for row in vendor_board.vendors(connection, wanted)}
    on = incidents.shown(connection)
    switches, is_off = (JOINED, IS_OFF) if has_airflow else ("hms_syn_job j", "j.paused")
    statement = STANDING.replace("{switches}", switches).replace("{is_off}", is_off)
    statement = statement.replace("{is_gone}", IS_GONE if has_airflow else "NULL")
    return [
        {**_row(row, heads[row.job], vendors[row.job]), **why.watched(row, on)}
        for row in among(connection, statement, wanted, most=MOST)
        if row.job in heads
    ]


def board(connection: Connection, jobs: Sequence[str], *, page: Page, has_airflow: bool) -> list[Mapping[str, Any]]:
    """Return a page of these jobs, each with its throughput.

    ``throughput`` has the deliveries of each five minutes of the last two hours, the newest last.
    """
    found = [
        row.job
        for row in among(connection, NAMED, jobs)
        if row.job > page.after and page.words.casefold() in f"{row.job}\n{row.name}\n{row.endpoint}".casefold()
    ]
    shown_now = found[: page.limit]
    throughput: dict[str, list[int]] = {job: [] for job in shown_now}
    newest = int(connection.execute(sql(connection, NOW)).scalar_one()) // (BUCKET * SECOND)
    for row in among(connection, THROUGHPUT, shown_now, newest=newest, bucket=BUCKET * SECOND, most=MOST):
        throughput[row.job].append(row.delivered)
    rows = status(connection, shown_now, has_airflow=has_airflow)
    return [{**row, "throughput": throughput[row["job"]]} for row in rows]


def _row(row: Row[Any], head: Row[Any], vendor: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "job": row.job,
        "name": row.name,
        "endpoint": row.endpoint,
        **why.switch(row),
        "dag_gone": None if row.is_gone is None else bool(row.is_gone),
        "waiting": row.waiting,
        "in_flight": row.in_flight,
        "in_doubt": row.in_doubt,
        "oldest_s": None if row.oldest is None else round(float(row.oldest) / SECOND, 1),
        "delivered": row.delivered,
        "dead_letters": row.dead_letters,
        "last_ack_at": shown(row.last_ack),
        "vendor": {name: vendor[name] for name in VENDOR},
        "why": why.nothing_moves(head, row, vendor),
        "cause": why.cause(head, row),
    }
