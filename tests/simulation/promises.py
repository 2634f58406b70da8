"""What must hold after every commit: small rules over the record and the vendor's journal, each with its name.

The names are those of the project's fault model: I for the queue and the vendor, A for the audit trail.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.record import CLOSED, OUTCOMES

from hms_syn.domain.topic_event import OUR_IDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.record import Record
    from tests.simulation.world import World

OFFICERS = ("discarded", "replayed", "resolved", "paused", "resumed")
WORKER = re.compile(r"w\d+")
GRAMMAR = re.compile(
    r"queued "
    r"(attempt (not_sent |refused |(stale |unknown )(in_doubt (resolved )*)?)((dead_letter )?replayed )*|replayed )*"
    r"(attempt (acked delivered )?|delivered |dead_letter (discarded )?|discarded )?"
)
"""An attempt and its outcome; a doubt and its end; what an officer may put back; and one end, or none yet."""


def broken(world: World, before: Record, now: Record) -> Iterator[str]:
    """Yield every promise that does not hold."""
    for promise in (kept, invented, closed, accepted, repeats, intents, hashes, delivered_once, grammar, officers):
        for what in promise(world, before, now):
            yield f"{promise.__name__}: {what}"


def kept(world: World, _before: Record, now: Record) -> Iterator[str]:
    """I1, A4: what publish has returned for is in the queue of every job that was there, and on the record."""
    for message_id, jobs in world.returned.items():
        if message_id not in now.published:
            yield f"A4 {message_id} is published and not on the record"
        for job in jobs:
            if (job, message_id) not in now.deliveries:
                yield f"I1 {message_id} is lost for {job}"


def invented(world: World, _before: Record, now: Record) -> Iterator[str]:
    """I2, reconcile: a delivery is of a published message, is on the record as queued, and stands in one place."""
    for message_id in now.doubles:
        yield f"I2 {message_id} may stand twice"
    for job, message_id in now.deliveries:
        if message_id not in world.offered and not message_id.startswith("syn:"):
            yield f"I2 {message_id} was never published"
        if sum(row["event"] == "queued" for row in now.events.get((job, message_id), ())) != 1:
            yield f"reconcile {message_id} is not queued exactly once for {job}"
    for place, rows in now.events.items():
        if place not in now.deliveries and rows[0]["event"] == "queued":
            yield f"reconcile {place} was queued and stands nowhere"


def closed(_world: World, before: Record, now: Record) -> Iterator[str]:
    """I5: what is closed stays closed, but for an officer's act on the record."""
    for place, row in before.deliveries.items():
        if row["state"] not in CLOSED:
            continue
        after = now.deliveries.get(place)
        acts = [one["event"] for one in now.fresh if (one["job"], one["message_id"]) == place]
        if (after is None or after["state"] != row["state"]) and not {"replayed", "discarded"} & set(acts):
            yield f"I5 {place} was {row['state']} and is {after['state'] if after else 'gone'}"


def accepted(world: World, _before: Record, now: Record) -> Iterator[str]:
    """I3: delivered means that the vendor took it, or that an officer said so."""
    taken = {(arrival.job, arrival.message_id) for arrival in world.vendor.arrivals if arrival.accepted}
    for place, row in now.deliveries.items():
        if row["state"] == "delivered" and place not in taken:
            said = [one["said"].get("detail", {}).get("how") for one in now.events[place]]
            if "delivered" not in said:
                yield f"I3 {place} is called delivered and the vendor never took it"


def repeats(world: World, _before: Record, now: Record) -> Iterator[str]:
    """I8, A5: no arrival without an intent of its own; one message is taken again only after an outcome unknown."""
    arrived = Counter((arrival.job, arrival.message_id) for arrival in world.vendor.arrivals)
    taken = Counter((arrival.job, arrival.message_id) for arrival in world.vendor.arrivals if arrival.accepted)
    for place, count in arrived.items():
        outcomes = Counter(row["outcome"] for row in now.attempts.get(place, ()))
        if count > sum(outcomes.values()):
            yield f"A5 {place} arrived {count} times, with {sum(outcomes.values())} intent(s)"
        excused = outcomes["unknown"] + outcomes["stale"] + outcomes[None]
        if taken[place] > outcomes["acked"] + excused:
            yield f"I8 {place} was taken {taken[place]} times, with outcomes {dict(outcomes)}"


def intents(_world: World, _before: Record, now: Record) -> Iterator[str]:
    """A7: an attempt has one outcome, the same in the table and on the record; only the newest may lack it."""
    for place in now.touched:
        ended = Counter(
            row["attempt"] for row in now.events[place] if row["event"] in OUTCOMES and row["event"] != "stale"
        )
        for row in now.attempts.get(place, ()):
            if ended[row["attempt"]] != (row["outcome"] not in (None, "stale")):
                yield f"A7 {place} attempt {row['attempt']}: {row['outcome']}, {ended[row['attempt']]} on the record"
        still_open = [row["attempt"] for row in now.attempts.get(place, ()) if row["outcome"] is None]
        in_flight = place in now.deliveries and now.deliveries[place]["state"] == "in_flight"
        if len(still_open) > in_flight:
            yield f"A7 {place} has open attempts {still_open}"


def hashes(world: World, _before: Record, now: Record) -> Iterator[str]:
    """A2: each row is what was hashed, and follows its message's row before."""
    for row in now.fresh:
        if hashlib.sha256(b"\0" + row["body"].encode()).hexdigest() != row["hash"]:
            yield f"A2 row {row['seq']} is not what was hashed"
        if row["message_id"]:
            if row["said"]["prev"] != world.tips.get(row["message_id"]):
                yield f"A2 row {row['seq']} does not follow the one before"
            world.tips[row["message_id"]] = row["hash"]


def delivered_once(_world: World, _before: Record, now: Record) -> Iterator[str]:
    """A6: delivered in the queue is delivered on the record, exactly once, and told on the bus."""
    for place in now.touched:
        count = sum(row["event"] == "delivered" for row in now.events[place])
        state = now.deliveries[place]["state"] if place in now.deliveries else "gone"
        if count != (state == "delivered"):
            yield f"A6 {place} is {state}, with {count} row(s) that say delivered"
        if count and f"{OUR_IDS}{now.deliveries[place]['idempotency_key']}:delivered" not in now.published:
            yield f"A6 {place} is delivered, and the bus does not say so"


def grammar(_world: World, _before: Record, now: Record) -> Iterator[str]:
    """A9: a message's events come in their only order, but for what a late worker notes at the end."""
    for place in now.touched:
        settled = {row["attempt"] for row in now.events[place] if row["event"] in OUTCOMES and row["event"] != "stale"}
        words = [row["event"] for row in now.events[place] if row["event"] != "stale" or row["attempt"] not in settled]
        if not GRAMMAR.fullmatch("".join(f"{word} " for word in words)):
            yield f"A9 {place}: {' '.join(words)}"


def officers(_world: World, _before: Record, now: Record) -> Iterator[str]:
    """A8: what a person did says who and why."""
    for row in now.fresh:
        is_ours = row["event"] == "resolved" and WORKER.fullmatch(row["actor"])
        if row["event"] in OFFICERS and not is_ours and not row["said"].get("detail", {}).get("reason"):
            yield f"A8 row {row['seq']} ({row['event']}) has no reason"
        if row["event"] in OFFICERS and not is_ours and row["actor"] != "officer":
            yield f"A8 row {row['seq']} ({row['event']}) does not say who"
