"""The vendor board: when each vendor is asked next, how it stands, and what follows when that changes.

One row per endpoint, so two jobs on one vendor ping it once. Whoever pings takes what is due in one statement, and what
the pings found is one transaction: counts, state, and on a change the bus event, the audit row, the vendor's gate and
the lines that wait behind it. A process that dies in between has changed nothing, and two see one change once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain import vendor_health
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.topic_event import OURS
from hms_syn.domain.vendor_health import Change, Health, VendorState, Verdict
from hms_syn.errors import StoreUnavailable
from hms_syn.ports import RegistryChanged, RoutedEvent, Subscription
from hms_syn.store import audit_trail, bus, gates, job_switches
from hms_syn.store.keyring import NO_KEYS
from hms_syn.store.statements import SECOND, among, micros, moment, shown, sql
from hms_syn.store.views import STALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from hms_syn.domain.vendor_health import Ping
    from hms_syn.store.sql_store import SqlStore

TRIES = 10
KNOWN = "SELECT endpoint, every FROM hms_syn_vendor WHERE endpoint {among}"
WATCH = """INSERT INTO hms_syn_vendor (endpoint, state, since, next_ping_at, every)
   VALUES (:endpoint, 'unknown', {now}, {now} - ({now} - :phase) % :every + :every * :later, :every)
   ON CONFLICT (endpoint) DO UPDATE SET every = excluded.every, next_ping_at = excluded.next_ping_at"""
NEXT = "SELECT MIN(next_ping_at) - {now} FROM hms_syn_vendor WHERE endpoint {among}"
TAKE = """UPDATE hms_syn_vendor SET next_ping_at = next_ping_at + every * (1 + ({now} - next_ping_at) / every)
   WHERE endpoint IN (SELECT endpoint FROM hms_syn_vendor WHERE next_ping_at <= {now} AND endpoint {among}
                       ORDER BY next_ping_at LIMIT :most {skip_locked}) RETURNING endpoint"""
"""Pings stay on their beat: the next is due whole intervals after this one was, however late it is."""
LOCKED = """SELECT endpoint, state, strikes, successes, since, last_ok_at, pinged_at, next_ping_at, every, code, note,
       certificate_until, {now} AS now
  FROM hms_syn_vendor WHERE endpoint {among} ORDER BY endpoint {lock}"""
NOTED = """UPDATE hms_syn_vendor SET state = :state, strikes = :strikes, successes = :successes, since = :since,
       last_ok_at = :last_ok_at, pinged_at = :pinged_at, next_ping_at = :next_ping_at, code = :code, note = :note,
       certificate_until = :certificate_until WHERE endpoint = :endpoint"""
JOBS = "SELECT job FROM hms_syn_job WHERE endpoint = :endpoint ORDER BY job"
CHANGED = """INSERT INTO hms_syn_vendor_change (endpoint, state, at, since, code, note, jobs)
   VALUES (:endpoint, :state, :at, :since, :code, :note, :jobs) RETURNING id"""
ACCEPTS = """SELECT 1 FROM hms_syn_settled s JOIN hms_syn_job j ON j.job = s.job
  WHERE j.endpoint = :endpoint AND s.settled_at > {now} - :every AND s.state = 'delivered' LIMIT 1"""
VENDORS = f"""SELECT j.job, j.endpoint, v.since, v.strikes, v.last_ok_at, v.pinged_at, v.code, v.note,
       v.certificate_until, CASE WHEN {STALE.replace("{clock}", "{now}")} THEN 'unknown' ELSE v.state END AS state
  FROM hms_syn_job j LEFT JOIN hms_syn_vendor v ON v.endpoint = j.endpoint"""  # noqa: S608 - constants
OFFLINE = f"""SELECT v.since FROM hms_syn_vendor v
  WHERE v.endpoint = :endpoint AND v.state = 'offline' AND NOT ({STALE.replace("{clock}", "{now}")})"""  # noqa: S608 - constants
UNTOLD = """SELECT id, endpoint, state, at, since, code, note, jobs FROM hms_syn_vendor_change
             WHERE told_at IS NULL ORDER BY id LIMIT :limit"""
TOLD = "UPDATE hms_syn_vendor_change SET told_at = {now} WHERE id = :id AND told_at IS NULL"
KNOWN_STATES = (VendorState.ONLINE.value, VendorState.OFFLINE.value)
News = Callable[[Change, Sequence[Subscription]], RoutedEvent]
"""Makes the bus event of a change, and says which jobs take it."""


@dataclass(frozen=True, slots=True)
class VendorBoard:
    """The heartbeat's part of a store, each call one transaction."""

    store: SqlStore

    def watch(self, vendors: Mapping[str, float], *, at_once: bool = False) -> None:
        """Have these endpoints pinged, each so many seconds apart, at a place of its own in the interval.

        ``at_once`` makes one that is new due now.
        """
        known = {row.endpoint: row.every for row in self.store.look(lambda it: among(it, KNOWN, sorted(vendors)))}
        rows = [
            {"endpoint": endpoint, "every": every, "phase": zlib.crc32(endpoint.encode()) % every, "later": later}
            for endpoint, every in ((endpoint, max(1, micros(seconds))) for endpoint, seconds in vendors.items())
            for later in (int(not at_once or endpoint in known),)
            if known.get(endpoint) != every
        ]
        if rows:
            self.store.write(lambda connection: connection.execute(sql(connection, WATCH), rows))

    def take_due(self, endpoints: Sequence[str], *, most: int) -> list[str]:
        """Take at most so many of these endpoints that are due to be pinged; nobody else gets them this time."""
        return self.store.write(
            lambda connection: [row.endpoint for row in among(connection, TAKE, endpoints, most=most)]
        )

    def next_due(self, endpoints: Sequence[str]) -> float | None:
        """Return the seconds until the first of these is to be pinged; 0 or less is now, None when there is none."""
        [row] = self.store.look(lambda connection: among(connection, NEXT, endpoints))
        return None if row[0] is None else float(row[0]) / SECOND

    def note(self, pings: Sequence[Ping], news: News) -> list[Change]:
        """Store what pings found, and all that follows, in one transaction; return the changes.

        Each must be of another endpoint.

        :raises StoreUnavailable: the database does not answer; note them again. A ping whose commit was not heard of
            then counts twice
        """
        for _ in range(TRIES):
            try:
                return self.store.write(lambda connection: _note(connection, pings, news))
            except RegistryChanged:
                continue
        raise StoreUnavailable("Jobs kept being registered while a vendor's state was stored; it is tried again")

    def vendors(self) -> list[Mapping[str, Any]]:
        """Return one row per job: its vendor's state, since when, and what the last ping met."""
        return self.store.look(vendors)

    def offline_since(self, endpoint: str) -> str | None:
        """Return since when a vendor is offline; None when it is not, or when nobody knows."""
        here = {"endpoint": endpoint}
        return self.store.look(lambda connection: shown(connection.execute(sql(connection, OFFLINE), here).scalar()))

    def untold(self, *, limit: int = 1000) -> list[Change]:
        """Return the changes that people have not been told of, oldest first."""
        return self.store.look(lambda connection: _untold(connection, limit=limit))

    def mark_told(self, changes: Sequence[Change]) -> None:
        """Put on record that people have been told of these."""
        if changes:
            ids = [{"id": change.id} for change in changes]
            self.store.write(lambda connection: connection.execute(sql(connection, TOLD), ids))


def vendors(connection: Connection, jobs: Sequence[str] | None = None) -> list[Mapping[str, Any]]:
    """Return one row per job, or for these only, in order; a state that is too old to be true is ``unknown``."""
    every = sql(connection, f"{VENDORS} ORDER BY j.job")
    some = f"{VENDORS} WHERE j.job {{among}} ORDER BY j.job"
    return [
        {
            "job": row.job,
            "endpoint": row.endpoint,
            "state": row.state or VendorState.UNKNOWN.value,
            "since": shown(row.since) if row.state in KNOWN_STATES else None,
            "strikes": row.strikes or 0,
            "last_ok_at": shown(row.last_ok_at),
            "pinged_at": shown(row.pinged_at),
            "code": row.code or "",
            "note": row.note or "",
            "certificate_until": shown(row.certificate_until),
        }
        for row in (connection.execute(every) if jobs is None else among(connection, some, jobs))
    ]


def _note(connection: Connection, pings: Sequence[Ping], news: News) -> list[Change]:
    by_endpoint = {ping.endpoint: ping for ping in pings}
    changes, noted = [], []
    for row in among(connection, LOCKED, sorted(by_endpoint)):
        ping = by_endpoint[row.endpoint]
        before = Health(state=VendorState(row.state), strikes=row.strikes, successes=row.successes)
        now = vendor_health.after(before, ping.verdict, ping.rules)
        noted.append(_noted(row, ping, now))
        if vendor_health.is_news(before, now):
            changes.append(_changed(connection, row, ping, now))
    if noted:
        connection.execute(sql(connection, NOTED), noted)
    for change in changes:
        _act_on(connection, change, by_endpoint[change.endpoint])
    if changes:
        _tell_the_bus(connection, changes, news)
    return changes


def _noted(row: Row[Any], ping: Ping, health: Health) -> dict[str, Any]:
    """Return a vendor's row as it is after a ping."""
    whole_intervals = -(-micros(ping.asked) // row.every) if micros(ping.asked) > row.every else 0
    end = row.certificate_until if ping.certificate_until is None else micros(ping.certificate_until)
    return {
        "endpoint": row.endpoint,
        "state": health.state.value,
        "strikes": health.strikes,
        "successes": health.successes,
        "since": row.since if health.state.value == row.state else row.now,
        "last_ok_at": row.now if ping.verdict is Verdict.ANSWERED else row.last_ok_at,
        "pinged_at": row.pinged_at if ping.verdict is Verdict.UNASKED else row.now,
        "next_ping_at": row.next_ping_at + whole_intervals * row.every,
        "code": ping.code,
        "note": ping.note,
        "certificate_until": end,
    }


def _changed(connection: Connection, row: Row[Any], ping: Ping, health: Health) -> Change:
    jobs = list(connection.execute(sql(connection, JOBS), {"endpoint": row.endpoint}).scalars())
    code, note = (ping.code, ping.note) if health.state is VendorState.OFFLINE else (row.code, row.note)
    values = {
        "endpoint": row.endpoint,
        "state": health.state.value,
        "at": row.now,
        "since": row.since,
        "code": code,
        "note": note,
        "jobs": json.dumps(jobs),
    }
    number = connection.execute(sql(connection, CHANGED), values).scalar_one()
    return _change({**values, "id": number})


def _change(values: Mapping[str, Any]) -> Change:
    return Change(
        id=values["id"],
        endpoint=values["endpoint"],
        state=VendorState(values["state"]),
        at=shown(values["at"]) or "",
        since=shown(values["since"]) or "",
        code=values["code"],
        note=values["note"],
        jobs=tuple(json.loads(values["jobs"])),
    )


def _act_on(connection: Connection, change: Change, ping: Ping) -> None:
    """Leave a vendor alone that is offline, unless it has just accepted a message; let all go that waits for one."""
    if change.state is VendorState.ONLINE:
        job_switches.vendor_is_back(connection, change.jobs)
        gates.reopen(connection, change.endpoint)
        return
    here = {"endpoint": change.endpoint, "every": micros(ping.rules.interval)}
    if connection.execute(sql(connection, ACCEPTS), here).first() is None:
        gates.shut(connection, change.endpoint, ping.breaker)


def _tell_the_bus(connection: Connection, changes: Sequence[Change], news: News) -> None:
    version, subscriptions = job_switches.subscriptions(connection)
    for change in changes:
        routed = news(change, subscriptions)
        bus.publish(connection, version, [routed], repeats="skip", keyring=NO_KEYS)
        facts = {"endpoint": change.endpoint, "jobs": list(change.jobs), "code": change.code, "since": change.since}
        entry = AuditEntry(
            at=moment(),
            actor=OURS,
            event=change.state.value,
            message_id=routed.event.message_id,
            detail={name: value for name, value in facts.items() if value},
        )
        audit_trail.write(connection, [entry])


def _untold(connection: Connection, *, limit: int) -> list[Change]:
    rows = connection.execute(sql(connection, UNTOLD), {"limit": limit})
    return [_change(dict(row)) for row in rows.mappings()]
