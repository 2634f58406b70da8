"""What is wrong now, at all jobs and vendors at once: a few statements whose cost does not grow with what waits.

The age of a queue is that of the message at the head of its lines: the line that has been due longest, and those that
are being sent or back off. Lines behind those are younger, as lines are taken in the order they became due.
"""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.incident import CALMER, DEAD_LETTER, IN_DOUBT, OFFLINE, QUEUE_AGE, SILENCE, Trouble
from hms_syn.domain.topics import matches
from hms_syn.store.statements import NEVER, SECOND, among, sql
from hms_syn.store.views import STALE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row

FEW, MANY = 20, 100
"""So many lines of a job are looked at: of those that wait for an officer, and of those that back off."""
NOW = "SELECT {now}"
VENDORS = f"""SELECT DISTINCT v.endpoint, v.since FROM hms_syn_vendor v JOIN hms_syn_job j ON j.endpoint = v.endpoint
  WHERE j.enabled AND v.state = 'offline' AND NOT ({STALE.replace("{clock}", "{now}")})"""
_HEAD = """FROM hms_syn_delivery d WHERE d.job = {0}.job AND d.ordering_key = {0}.ordering_key AND d.epoch = {0}.epoch
           ORDER BY d.id LIMIT 1"""
_STUCK = f"""EXISTS (SELECT 1 FROM (SELECT job, ordering_key, epoch FROM hms_syn_lane
   WHERE job = j.job AND ready_at >= {NEVER} ORDER BY id LIMIT {FEW}) l
   WHERE (SELECT d.state {_HEAD.format("l")}) {{0}} 'in_doubt')"""
OFFICER = f"""SELECT * FROM (SELECT j.job, {_STUCK.format("=")} AS in_doubt,
   {_STUCK.format("<>")} OR EXISTS (SELECT 1 FROM hms_syn_settled s WHERE s.job = j.job AND s.state = 'dead_letter')
     AS dead_letter FROM hms_syn_job j WHERE j.enabled) t WHERE in_doubt OR dead_letter"""
_LINES = "SELECT job, ordering_key, epoch FROM hms_syn_lane WHERE job = j.job AND epoch = j.present"
AGES = f"""SELECT j.job, j.queue_age, j.held_until, j.switched_at, j.paused,
    (SELECT MIN((SELECT (SELECT e.published_at FROM hms_syn_event e WHERE e.seq = d.event_seq) {_HEAD.format("w")}))
       FROM (SELECT * FROM ({_LINES} AND ready_at <= :now ORDER BY ready_at, id LIMIT 1) due
             UNION ALL
             SELECT * FROM ({_LINES} AND ready_at > :now AND ready_at < {NEVER} ORDER BY ready_at LIMIT {MANY}) later
            ) w) AS oldest
   FROM (SELECT job, queue_age, held_until, switched_at, paused,
                (SELECT MIN(epoch) FROM hms_syn_lane l WHERE l.job = r.job) AS present
           FROM hms_syn_job r WHERE enabled AND queue_age IS NOT NULL) j"""
LISTENING = """SELECT job, alerts, silence, registered_at, held_until, switched_at, paused FROM hms_syn_job
  WHERE enabled AND silence IS NOT NULL"""
TOPICS = """WITH RECURSIVE t(topic) AS (SELECT MIN(topic) FROM hms_syn_event
    UNION ALL
    SELECT (SELECT MIN(e.topic) FROM hms_syn_event e WHERE e.topic > t.topic) FROM t WHERE t.topic IS NOT NULL)
  SELECT topic FROM t WHERE topic IS NOT NULL"""
"""Every topic there is, found by one step in its index each."""
LATEST = """SELECT w.value AS topic, (SELECT e.published_at FROM hms_syn_event e WHERE e.topic = w.value
     ORDER BY e.seq DESC LIMIT 1) AS published_at FROM {words}"""


def look(connection: Connection) -> tuple[list[Trouble], list[Trouble]]:
    """Return what is wrong, and what is not enough to begin an incident but too much to end one."""
    seen, lingering = list(_at_once(connection)), []
    now = connection.execute(sql(connection, NOW)).scalar_one()
    for trouble, age, limit in [*_ages(connection, now), *_silences(connection, now)]:
        if age > limit:
            seen.append(trouble)
        elif age >= limit * (CALMER if trouble.kind == QUEUE_AGE else 1):
            lingering.append(trouble)
    return seen, lingering


def _at_once(connection: Connection) -> Iterator[Trouble]:
    """Yield what is wrong as soon as it is so."""
    for row in connection.execute(sql(connection, VENDORS)):
        yield Trouble(kind=OFFLINE, endpoint=row.endpoint, since=row.since / SECOND)
    for row in connection.execute(sql(connection, OFFICER)):
        if row.in_doubt:
            yield Trouble(kind=IN_DOUBT, job=row.job)
        if row.dead_letter:
            yield Trouble(kind=DEAD_LETTER, job=row.job)


def _ages(connection: Connection, now: int) -> Iterator[tuple[Trouble, int, int]]:
    """Yield each queue with its age and its limit; what is or was held on purpose did not age meanwhile."""
    for row in connection.execute(sql(connection, AGES), {"now": now}):
        if row.oldest is None:
            continue
        age = _age(row, row.oldest, now, limit=row.queue_age)
        yield Trouble(kind=QUEUE_AGE, job=row.job, since=row.oldest / SECOND), age, row.queue_age


def _silences(connection: Connection, now: int) -> Iterator[tuple[Trouble, int, int]]:
    """Yield each job that expects events, with the time since the last one and its limit."""
    jobs = connection.execute(sql(connection, LISTENING)).all()
    hears = {row.job: json.loads(row.alerts)["hears"] for row in jobs}
    latest = _latest(connection, {pattern for patterns in hears.values() for pattern in patterns})
    for row in jobs:
        since = max([row.registered_at, *(latest[pattern] for pattern in hears[row.job])])
        age = _age(row, since, now, limit=row.silence)
        yield Trouble(kind=SILENCE, job=row.job, since=since / SECOND), age, row.silence


def _age(row: Row[Any], since: int, now: int, *, limit: int) -> int:
    """Return how long something of a job has lasted, not counting from before its last pause or maintenance ended.

    While one is on it is the limit itself: that begins no incident and ends none.
    """
    if row.paused or row.held_until > now:
        return limit
    return now - max(since, int(row.held_until), int(row.switched_at))


def _latest(connection: Connection, patterns: set[str]) -> dict[str, int]:
    """Return when an event of each topic, or pattern of topics, was published last; 0 where none ever was."""
    topics = {pattern: [pattern] for pattern in patterns if "*" not in pattern}
    if len(topics) < len(patterns):
        known = connection.execute(sql(connection, TOPICS)).scalars().all()
        topics |= {pattern: [topic for topic in known if matches(pattern, topic)] for pattern in patterns - set(topics)}
    wanted = sorted({topic for found in topics.values() for topic in found})
    at = {row.topic: row.published_at for row in among(connection, LATEST, wanted)} if wanted else {}
    return {pattern: max((at[topic] or 0 for topic in found), default=0) for pattern, found in topics.items()}
