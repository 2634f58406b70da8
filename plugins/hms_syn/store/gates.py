"""The gate of each vendor: its breaker, what it asked for by Retry-After, and its pace, shared by all its jobs.

A vendor is an endpoint. While its gate is closed no lane of its jobs is taken, whatever the lane's own due time. A
breaker that was open lets one message through when its time is over; that one decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.domain.job_spec import Breaker
from hms_syn.store.batch import Change
from hms_syn.store.statements import micros, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hms_syn.domain.job_spec import JobSpec

FAILED = """INSERT INTO hms_syn_gate (endpoint, failures, open_until)
    VALUES (:endpoint, :floor,
            {greatest}({now} + :asked, CASE WHEN :floor >= :after THEN {now} + :open_for ELSE 0 END))
    ON CONFLICT (endpoint) DO UPDATE SET failures = {greatest}(hms_syn_gate.failures + 1, :floor),
      open_until = {greatest}(hms_syn_gate.open_until * :keep, {now} + :asked,
        CASE WHEN {greatest}(hms_syn_gate.failures + 1, :floor) >= :after THEN {now} + :open_for ELSE 0 END)"""
HEALED = """UPDATE hms_syn_gate SET failures = 0, open_until = open_until * :keep
             WHERE endpoint = :endpoint AND failures > 0"""
PROBE = """UPDATE hms_syn_gate SET open_until = {now} + :lease
            WHERE endpoint = :endpoint AND open_until <= {now}"""
SHUT = """INSERT INTO hms_syn_gate (endpoint, failures, open_until) VALUES (:endpoint, :after, {now} + :open_for)
    ON CONFLICT (endpoint) DO UPDATE SET failures = {greatest}(hms_syn_gate.failures, :after),
      open_until = {greatest}(hms_syn_gate.open_until, {now} + :open_for)"""
REOPEN = "UPDATE hms_syn_gate SET open_until = 0 WHERE endpoint = :endpoint AND open_until > 0"
PACE = """INSERT INTO hms_syn_gate (endpoint, next_at) VALUES (:endpoint, {now} + :gap)
    ON CONFLICT (endpoint) DO UPDATE SET next_at = {now} + :gap WHERE hms_syn_gate.next_at <= {now}"""


def failed(job: JobSpec, *, asked: float, at_once: bool, probing: bool) -> Change:
    """Count a failure of the job's vendor; ``asked`` seconds it is left alone anyway, ``at_once`` opens its breaker.

    What the probe of an open breaker finds replaces the time the gate was closed for it.
    """
    breaker = job.push.breaker if job.push else Breaker()
    values = {
        "endpoint": job.target_endpoint,
        "asked": micros(asked),
        "after": breaker.after,
        "floor": breaker.after if at_once else 1,
        "open_for": micros(max(asked, breaker.open_for)),
        "keep": 0 if probing else 1,
    }
    return Change("gate", FAILED, values)


def healed(job: JobSpec, *, probing: bool) -> Change:
    """Forget the failures of the job's vendor: it has answered.

    Only a probe's answer opens the gate: any other was asked before, and the vendor may have asked to wait since.
    """
    return Change("gate", HEALED, {"endpoint": job.target_endpoint, "keep": 0 if probing else 1}, must=None)


def is_probe(job: JobSpec, failures: int | None) -> bool:
    """Return whether so many failures make the next message a probe of a breaker that was open."""
    return bool(failures and job.push and failures >= job.push.breaker.after)


def probe(job: JobSpec) -> Change:
    """Be the one message that tries whether the vendor is back; missed when another is."""
    lease = job.push.lease if job.push else 0
    return Change("probe", PROBE, {"endpoint": job.target_endpoint, "lease": micros(lease)})


def pace(job: JobSpec) -> list[Change]:
    """Take the next place in the vendor's pace; missed when it is not time yet."""
    if job.push is None or job.push.rate_limit is None:
        return []
    gap = micros(1 / job.push.rate_limit)
    return [Change("pace", PACE, {"endpoint": job.target_endpoint, "gap": gap})]


def shut(connection: Connection, endpoint: str, breaker: Breaker) -> None:
    """Open the breaker of a vendor whose heartbeat says that it is offline; one message tries when its time is over."""
    values = {"endpoint": endpoint, "after": breaker.after, "open_for": micros(breaker.open_for)}
    connection.execute(sql(connection, SHUT), values)


def reopen(connection: Connection, endpoint: str) -> None:
    """Let one message try a vendor at once that is back; where it had failed before, that one decides for the rest."""
    connection.execute(sql(connection, REOPEN), {"endpoint": endpoint})
