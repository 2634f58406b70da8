"""A judge of what happened: what was published, what the vendor saw, what the tables say. It trusts none of our code.

Each violation begins with the name of the promise that is broken:

I1 what was published is kept · I2 nothing is made up · I3 delivered means that the vendor accepted it ·
I4 nothing is left open · I5 what is closed stays closed · I6 one key per message · I8 no more repeats than unknown
outcomes, and no more of those than faults · I9 in order · I10 nothing old arrives after something newer · A2 the audit
trail's hashes and chains · A5 the intent before the send · A6 delivered on the record exactly once · A7 each attempt
ended exactly once · A9 events in their only order (A4: what was published is on the record); and what pace.py judges:
I7 the same bytes at every attempt · I11 one request at a time · I16 a pause is a pause · I17 no retry before its time
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import create_engine, text
from tests.harness import pace
from tests.harness.pace import Backoff, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

OUTCOMES = ("acked", "refused", "unknown", "not_sent")
CLOSED = ("delivered", "dead_letter", "discarded")
GRAMMAR = re.compile(
    r"queued (attempt (acked |refused |not_sent |(unknown |stale )(in_doubt resolved )?))*"
    r"(attempt |in_doubt |(delivered (pulled )*|dead_letter |discarded )?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One event as its publisher knows it; ``fact`` is what the vendor calls it, and unique in a test."""

    message_id: str
    fact: str
    lane: str = ""
    returned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as the vendor knows it."""

    key: str
    fact: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything that is known of one job: ``published`` by one publisher in this order, ``arrivals`` in theirs."""

    job: str
    published: Sequence[Published]
    arrivals: Sequence[Arrival]
    deliveries: Sequence[Row]
    attempts: Sequence[Row]
    audit: Sequence[Row]
    faults: int = 0
    drained: bool = True
    visits: Sequence[Visit] = ()
    pauses: Sequence[tuple[float, float]] = ()
    backoff: Backoff | None = None
    by_fact: Mapping[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        places: dict[str, list[int]] = defaultdict(list)
        for place, arrival in enumerate(self.arrivals):
            places[arrival.fact].append(place)
        object.__setattr__(self, "by_fact", places)


class Vendor(Protocol):
    """A vendor that knows what it got."""

    arrivals: list[Arrival]
    visits: list[Visit]


def read(
    url: str, job: str, published: Sequence[Published], received: Mapping[str, Any] | Vendor, **facts: Any
) -> History:
    """Read the store's public views, and put the vendor's own record beside them; ``facts`` are the history's own."""
    is_court = isinstance(received, dict)
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            deliveries, attempts, audit = (
                [dict(row) for row in connection.execute(text(statement), {"job": job}).mappings()]
                for statement in (
                    "SELECT * FROM hms_syn_delivery_v WHERE job = :job ORDER BY seq",
                    "SELECT * FROM hms_syn_attempt_v WHERE job = :job",
                    "SELECT * FROM hms_syn_audit_v ORDER BY seq",
                )
            )
    finally:
        engine.dispose()
    return History(
        job=job,
        published=published,
        arrivals=arrivals_of(received) if is_court else list(received.arrivals),
        visits=visits_of(received) if is_court else list(received.visits),
        deliveries=deliveries,
        attempts=attempts,
        audit=audit,
        **facts,
    )


def arrivals_of(received: Mapping[str, Any]) -> list[Arrival]:
    """Return the hearings that reached the sandbox's court, whatever it did with them."""
    return [
        Arrival(
            key=row["message_id"].removeprefix("urn:uuid:"),
            fact=row["case_id"],
            accepted=bool(re.search(r"accepted COURT-\d+$", row["outcome"])),
        )
        for row in received["arrivals"]
        if row["operation"] == "CreateHearing"
    ]


def visits_of(received: Mapping[str, Any]) -> list[Visit]:
    """Return when each hearing's request came to the sandbox's court, and when its answer was out."""
    return [
        Visit(
            key=row["message_id"].removeprefix("urn:uuid:"),
            digest=row["digest"],
            began=pace.seconds(row["began"]),
            ended=pace.seconds(row["ended"]) if row["ended"] else None,
        )
        for row in received["visits"]
        if row["operation"] == "CreateHearing"
    ]


def violations(history: History) -> list[str]:
    """Return every broken promise, with the message it was broken for; an empty list is a clean bill."""
    return [violation for check in CHECKS for violation in check(history)]


def _kept(history: History) -> Iterator[str]:
    queued = [row["message_id"] for row in history.deliveries]
    for event in history.published:
        if event.returned and event.message_id not in queued:
            yield f"I1 {event.message_id}: published, and not in the queue"
    for message_id in set(queued) - {event.message_id for event in history.published}:
        yield f"I2 {message_id}: in the queue, and never published"
    for message_id in {one for one in queued if queued.count(one) > 1}:
        yield f"I2 {message_id}: in the queue more than once"
    if history.drained:
        for row in history.deliveries:
            if row["state"] not in CLOSED:
                yield f"I4 {row['message_id']}: still {row['state']} after the drain"


def _vendor(history: History) -> Iterator[str]:
    facts = {event.fact: event for event in history.published}
    keys = {row["message_id"]: row["idempotency_key"] for row in history.deliveries}
    for fact in history.by_fact.keys() - facts.keys():
        yield f"I2 {fact}: the vendor has it, and it was never published"
    owner: dict[str, str] = {}
    for fact, event in facts.items():
        arrived = {history.arrivals[place].key for place in history.by_fact.get(fact, ())}
        if arrived - {keys.get(event.message_id)} or "" in arrived:
            yield f"I6 {event.message_id}: arrived under {len(arrived)} key(s), not under its own alone"
    for message_id, key in keys.items():
        if owner.setdefault(key, message_id) != message_id:
            yield f"I6 {message_id}: has the key of {owner[key]}"
    for row in history.deliveries:
        event = next((event for event in history.published if event.message_id == row["message_id"]), None)
        places = history.by_fact.get(event.fact, ()) if event else ()
        if row["state"] == "delivered" and not any(history.arrivals[place].accepted for place in places):
            yield f"I3 {row['message_id']}: delivered, and the vendor never accepted it"


def _repeats(history: History) -> Iterator[str]:
    doubtful = 0
    for event in history.published:
        rows = [row for row in history.attempts if row["message_id"] == event.message_id]
        unknown = sum(row["outcome"] in ("unknown", "stale", None) for row in rows)
        arrived = len(history.by_fact.get(event.fact, ()))
        doubtful += unknown
        if arrived - 1 > unknown:
            yield f"I8 {event.message_id}: {arrived} arrivals, and only {unknown} unknown outcome(s)"
        sent = sum(row["outcome"] != "not_sent" for row in rows)
        if arrived > sent:
            yield f"A5 {event.message_id}: {arrived} arrivals, and only {sent} attempt(s) on record to send it"
    if doubtful > history.faults:
        yield f"I8: {doubtful} unknown outcomes, and only {history.faults} fault(s)"


def _order(history: History) -> Iterator[str]:
    lanes: dict[str, list[Published]] = defaultdict(list)
    for event in history.published:
        if history.by_fact.get(event.fact):
            lanes[event.lane].append(event)
    late = {row["message_id"] for row in history.audit if row["event"] == "stale"}
    for lane in lanes.values():
        for one, next_one in pairwise(lane):
            places, after = history.by_fact[one.fact], history.by_fact[next_one.fact][0]
            settled = next((place for place in places if history.arrivals[place].accepted), places[-1])
            if settled > after:
                yield f"I9 {next_one.message_id}: arrived before {one.message_id} was settled"
            if sum(place > after for place in places) > (one.message_id in late):
                yield f"I10 {one.message_id}: arrived again after {next_one.message_id}"


def _chain(history: History) -> Iterator[str]:
    tips: dict[str, str] = {}
    for row in history.audit:
        if hashlib.sha256(b"\x00" + row["body"].encode()).hexdigest() != row["hash"]:
            yield f"A2 seq {row['seq']}: the hash is not the body's"
        body = json.loads(row["body"])
        if any(body.get(name) != row[name] for name in ("actor", "at", "attempt", "event", "job", "message_id")):
            yield f"A2 seq {row['seq']}: the columns are not what was hashed"
        if body.get("prev") != (tips.get(row["message_id"]) if row["message_id"] else None):
            yield f"A2 seq {row['seq']}: does not follow its message's previous row"
        if row["message_id"]:
            tips[row["message_id"]] = row["hash"]


def _closed(history: History) -> Iterator[str]:
    states = {row["message_id"]: row["state"] for row in history.deliveries}
    for message_id, events in _events(history).items():
        count, state = events.count("delivered"), states.get(message_id)
        if count != (state == "delivered"):
            yield f"A6 {message_id}: {state}, and {count} delivered row(s) in the audit trail"
        first = next((place for place, name in enumerate(events) if name in CLOSED), None)
        if first is not None and set(events[first + 1 :]) - {"stale", "erased", "pulled"}:
            yield f"I5 {message_id}: went on after it was {events[first]}"
    for message_id in states.keys() - _events(history).keys():
        yield f"A6 {message_id}: {states[message_id]}, and not in the audit trail"


def _attempts(history: History) -> Iterator[str]:
    ended: dict[tuple[str, int], list[str]] = defaultdict(list)
    begun: list[tuple[str, int]] = []
    for row in history.audit:
        if row["job"] == history.job and row["attempt"] is not None:
            place = (row["message_id"], row["attempt"])
            if row["event"] == "attempt":
                begun.append(place)
            elif row["event"] in OUTCOMES:
                ended[place].append(row["event"])
    stored = {(row["message_id"], row["attempt"]): row["outcome"] for row in history.attempts}
    if sorted(begun) != sorted(stored):
        yield f"A7: {len(begun)} attempt(s) in the audit trail, {len(stored)} in the table"
    for place, outcome in stored.items():
        wanted = [] if outcome in (None, "stale") else [outcome]
        if ended[place] != wanted or (outcome is None and history.drained):
            yield f"A7 {place[0]}: attempt {place[1]} is {outcome}, in the audit trail {ended[place]}"


def _grammar(history: History) -> Iterator[str]:
    published = Counter(row["message_id"] for row in history.audit if row["event"] == "published")
    for message_id, events in _events(history, late=False).items():
        if published[message_id] != 1:
            yield f"A9 {message_id}: published {published[message_id]} times"
        if not GRAMMAR.fullmatch("".join(f"{event} " for event in events)):
            yield f"A9 {message_id}: {' '.join(events)}"
    for message_id in {event.message_id for event in history.published if event.returned} - published.keys():
        yield f"A4 {message_id}: published, and not in the audit trail"


def _events(history: History, *, late: bool = True) -> dict[str, list[str]]:
    """Each message's events at this job in order; ``late=False`` leaves out what a late worker only noted."""
    settled = {(row["message_id"], row["attempt"]) for row in history.audit if row["event"] in OUTCOMES}
    events: dict[str, list[str]] = defaultdict(list)
    for row in history.audit:
        noted = row["event"] == "stale" and (row["message_id"], row["attempt"]) in settled
        if row["job"] == history.job and row["message_id"] and (late or not noted):
            events[row["message_id"]].append(row["event"])
    return events


CHECKS = (
    *(_kept, _vendor, _repeats, _order, _chain, _closed, _attempts, _grammar),
    *(pace.same_bytes, pace.serial, pace.paused, pace.backed_off),
)
