"""Eviction orders, which go to all three pretend vendors: how they are published, and what each vendor has of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from tests.harness.history import Arrival, History, read, visits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.harness.history import Published
    from tests.harness.pace import Visit
    from tests.harness.topology import Topology

JOBS = {"court_eviction_sync": "court", "state_payments_sync": "payments", "hospital_records_sync": "hospital"}
"""Each job with the vendor it sends to."""
TOPIC = "hud.eviction.ordered"
CASES = 8
FIRST = date(2024, 1, 1)
SENDS = {"court": "CreateHearing", "payments": "POST /holds", "hospital": "POST /fhir/Task"}
"""What each vendor calls a message of ours, beside the questions it is asked."""
TOOK = re.compile(r"(?:already )?(?:accepted|placed|created|kept) \S+$")
TURNED_AWAY = re.compile("not authenticated|token_expired").match
"""A 401 stopped it at the door; with a new token it goes out once more in the same attempt (docs/auth.md)."""

KEEPS_ON = """\
import itertools, sys, time
from hms_a2a import Bus
from hms_syn.errors import StoreUnavailable
from tests.harness.three_vendors import TOPIC, order
bus, first, step, pause = Bus("hud"), int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
due = time.monotonic()
for number in itertools.count(first, step):
    while True:
        try:
            bus.publish_topic(TOPIC, order(number), message_id=f"{number:05}")
        except StoreUnavailable:
            time.sleep(0.1)
        else:
            break
    print(f"{number:05}", flush=True)
    due = max(due + pause, time.monotonic())
    time.sleep(due - time.monotonic() if due > time.monotonic() else 0)
"""
"""Publishes every so manieth order for ever, at a steady rate, and says of each when it has been accepted."""


def order(number: int) -> dict[str, Any]:
    """Return the nth eviction order; its number is in what each vendor keeps, its case is the ordering key."""
    return {
        "case_id": lane(number),
        "hearing_date": (FIRST + timedelta(days=number)).isoformat(),
        "reason": f"{number:05}",
        "subsidy_id": f"S-{number}",
        "property": {"id": f"P-{number}", "address": f"{number} Main Street"},
    }


def lane(number: int) -> str:
    """Return the case of the nth order."""
    return f"HUD-{number % CASES}"


def at_the_vendors(topology: Topology) -> dict[str, list[tuple[str, int, str]]]:
    """Return what each vendor has on record, in its order: case, number and the key it came with."""
    return {job: on_record(vendor, topology.call(vendor, "GET", "/received")) for job, vendor in JOBS.items()}


def on_record(vendor: str, received: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return what this vendor keeps: case, number and key of each order."""
    if vendor == "court":
        return [
            (row["case_id"], (date.fromisoformat(row["hearing_date"]) - FIRST).days, _bare(row["message_id"]))
            for row in received["hearings"]
        ]
    if vendor == "payments":
        return [(row["case_id"], int(row["reason"]), row["key"]) for row in received["holds"]]
    return [
        (row["groupIdentifier"]["value"], int(row["code"]["text"].split()[-1]), row["identifier"][0]["value"])
        for row in received["resources"]
        if row["resourceType"] == "Task"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one vendor saw, in the judge's terms."""

    arrivals: list[Arrival]
    visits: list[Visit]
    spoilt: int
    """Requests that the vendor was told to spoil, or their answers; a slow answer is a whole one."""


def seen(topology: Topology, job: str) -> Seen:
    """Return what a job's vendor saw: an order's number by the vendor's own record of its key, or else by ours."""
    vendor = JOBS[job]
    received = topology.call(vendor, "GET", "/received")
    with topology.store.engine.connect() as connection:
        ours = connection.execute(
            text("SELECT idempotency_key, message_id FROM hms_syn_delivery_v WHERE job = :job"), {"job": job}
        )
        facts = {str(row.idempotency_key): row.message_id for row in ours}
    facts |= {key: f"{number:05}" for _, number, key in on_record(vendor, received)}
    sent = [
        row for row in received["arrivals"] if row["operation"] == SENDS[vendor] and not TURNED_AWAY(row["outcome"])
    ]
    keys = [_bare(row["message_id" if vendor == "court" else "key"]) for row in sent]
    return Seen(
        arrivals=[
            Arrival(key=key, fact=facts.get(key, key), accepted=bool(TOOK.search(row["outcome"])))
            for key, row in zip(keys, sent, strict=True)
        ],
        visits=visits_of(received) if vendor == "court" else [],
        spoilt=sum(_is_spoilt(row["outcome"]) for row in received["arrivals"]),
    )


def history(topology: Topology, job: str, published: Iterable[Published], *, faults: int, **facts: Any) -> History:
    """Return all that is known of one job; what its vendor spoilt counts as a fault each."""
    vendor = seen(topology, job)
    url = topology.store.engine.url.render_as_string(hide_password=False)
    return read(url, job, list(published), vendor, faults=faults + vendor.spoilt, **facts)


def _bare(key: str) -> str:
    return key.removeprefix("urn:uuid:")


def _is_spoilt(outcome: str) -> bool:
    mode, is_mode, _ = outcome.partition(": ")
    return bool(is_mode) and mode not in ("slow", "refused", "fault", "not authenticated")
