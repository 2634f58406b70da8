"""The heartbeat of a vendor: which job asks, what one answer means, and what the bus is told.

A vendor is asked in its own dialect, by its adapter. The rules of counting are in :mod:`hms_syn.domain.vendor_health`,
the beat of many vendors in :mod:`hms_syn.flow.rounds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain.job_spec import Breaker, Heartbeat, Push
from hms_syn.domain.topic_event import OUR_IDS, OURS, new_event
from hms_syn.domain.vendor_health import Ping, VendorState, Verdict
from hms_syn.errors import NeedsOfficer, OutcomeUnknown, SynError, TryAgain
from hms_syn.flow.publish import route

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.vendor_health import Change
    from hms_syn.ports import Adapter, RoutedEvent, Subscription

SOMEBODY_IS_THERE = frozenset(
    f"http_{status}" for status in (301, 302, 303, 307, 308, 401, 403, 404, 405, 406, 410, 421, 426)
)
"""Answers that say "not here" or "not you". From a page that no job has named they are a sign of life: that there is
such a page was our guess."""
MAX_NOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One endpoint as it is pinged: by the job that asks most often, for all jobs that lead there."""

    job: JobSpec
    rules: Heartbeat
    breaker: Breaker

    @property
    def endpoint(self) -> str:
        """The endpoint, which names the vendor."""
        return self.job.target_endpoint


def vendors_of(jobs: Iterable[JobSpec]) -> dict[str, Vendor]:
    """Return the vendors that are to be pinged, by endpoint: those of jobs that are on and have a heartbeat."""
    vendors: dict[str, Vendor] = {}
    for job in sorted(jobs, key=lambda job: (job.heartbeat.interval if job.heartbeat else 0.0, job.id)):
        if not job.enabled or job.heartbeat is None:
            continue
        breaker = (job.push or Push()).breaker
        first = vendors.get(job.target_endpoint)
        if first is None:
            vendors[job.target_endpoint] = Vendor(job=job, rules=job.heartbeat, breaker=breaker)
            continue
        patient = Breaker(
            after=max(first.breaker.after, breaker.after), open_for=max(first.breaker.open_for, breaker.open_for)
        )
        vendors[job.target_endpoint] = Vendor(job=first.job, rules=first.rules, breaker=patient)
    return vendors


def ping(vendor: Vendor, adapter: Adapter) -> Ping:
    """Ask a vendor whether it is there; return what that came to.

    What hinders us, such as a connection that is not there, says nothing of the vendor.
    """
    try:
        adapter.ping()
    except SynError as error:
        if _is_a_sign_of_life(error, vendor.rules):
            return found(vendor, Verdict.ANSWERED, code=error.code, note=str(error))
        verdict = Verdict.UNASKED if isinstance(error, NeedsOfficer) else Verdict.FAILED
        asked = (error.retry_after or 0.0) if isinstance(error, TryAgain) else 0.0
        return found(vendor, verdict, code=error.code, note=str(error), asked=asked)
    except Exception as error:  # noqa: BLE001 - an adapter that raises anything has not found its vendor
        note = f"The adapter failed with {type(error).__name__}"
        return found(vendor, Verdict.FAILED, code="adapter_error", note=note)
    return found(vendor, Verdict.ANSWERED)


def _is_a_sign_of_life(error: SynError, rules: Heartbeat) -> bool:
    is_guessed = "path" not in rules.request
    return is_guessed and isinstance(error, OutcomeUnknown) and error.code in SOMEBODY_IS_THERE


def found(vendor: Vendor, verdict: Verdict, *, code: str = "", note: str = "", asked: float = 0.0) -> Ping:
    """Return what a ping of this vendor found."""
    return Ping(
        endpoint=vendor.endpoint,
        verdict=verdict,
        code=code,
        note=note[:MAX_NOTE],
        asked=asked,
        rules=vendor.rules,
        breaker=vendor.breaker,
    )


def news(change: Change, subscriptions: Sequence[Subscription]) -> RoutedEvent:
    """Return the bus event that says that a vendor went offline or came back, and which jobs take it."""
    facts = {
        "endpoint": change.endpoint,
        "jobs": list(change.jobs),
        "state": change.state.value,
        "since": change.at,
        "code": change.code,
    }
    if change.state is VendorState.ONLINE:
        facts["offline_since"] = change.since
    event = new_event(f"syn.vendor.{change.state.value}", facts, agency=OURS, message_id=f"{OUR_IDS}vendor:{change.id}")
    return route(event, subscriptions, check=False)
