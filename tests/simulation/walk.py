"""A schedule drawn from a seed: which jobs there are, what is published, what fails and when."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.database import Fate
from tests.simulation.healing import heal
from tests.simulation.officers import act
from tests.simulation.vendor import ANSWERS
from tests.simulation.worker import Order
from tests.simulation.world import LEASE, RETRY, World, make_job, renewed

if TYPE_CHECKING:
    from tests.simulation.clock import Clock
    from tests.simulation.database import Database
    from tests.simulation.worker import Worker

CASES = ("A", "B", "Ω\u202e", "a\u0000b", None)
TEXTS = ("", "'; DROP TABLE x; --", "\U0001f3db", "\ufffe", "x" * 300)
ENDPOINTS = ("https://court.example.gov/", "https://court.example.gov/", "https://registry.example.gov/")
BAD = [answer for name, answer in ANSWERS.items() if name != "ack"]
FATES = [fate for fate in Fate if fate is not Fate.NONE]


@dataclass(frozen=True)
class Mood:
    """How often something fails in a schedule, and how often a process freezes for a while."""

    bad: float
    stops: float


MOODS = (Mood(0.0, 0.1), Mood(0.1, 0.1), Mood(0.3, 0.1), Mood(0.0, 0.7), Mood(0.2, 0.5))
STEPS = (6, 10, 16, 24)


def walk(database: Database, clock: Clock, seed: str) -> World:
    """Run one schedule to its end; the same seed is the same schedule."""
    dice = Random(seed)
    world, steps = World(database, clock, seed=dice.getrandbits(32)), dice.choice(STEPS)
    try:
        world.register(job_of(dice, "court"), **traits_of(dice))
        later = dice.random() < 0.2
        if not later and dice.random() < 0.6:
            world.register(job_of(dice, "news"), **traits_of(dice))
        mood = dice.choice(MOODS)
        for number in range(steps):
            if later and number == steps // 2:
                world.register(job_of(dice, "news"), **traits_of(dice))
            take_turn(world, dice, mood)
        heal(world)
    finally:
        world.end()
    return world


def walk_many(database: Database, clock: Clock, number: int, *, part: str) -> None:
    """Run so many schedules, or the one that ``HMS_SYN_SEED`` names; a failure says its seed.

    A suite that everybody waits for runs the same ones each time; who asks for a number of them gets new ones.
    """
    wanted = os.environ.get("HMS_SYN_SEED")
    first = secrets.token_hex(4) if "SCHEDULES" in os.environ else part
    for seed in [wanted] if wanted else (f"{first}-{place}" for place in range(number)):
        try:
            walk(database, clock, seed)
        except AssertionError as error:
            raise AssertionError(f"HMS_SYN_SEED={seed}\n{error}") from None


def take_turn(world: World, dice: Random, mood: Mood) -> None:
    """Do one thing."""
    fate = dice.choice(FATES) if dice.random() < mood.bad else Fate.NONE
    what = dice.random()
    if what < 0.18:
        world.publish([payload(dice) for _ in range(dice.choice((1, 1, 1, 2, 3)))], fate)
    elif what < 0.21 and world.offered:
        message_id = dice.choice(list(world.offered))
        if dice.random() < 0.7:
            world.publish_again(message_id, fate)
        else:
            world.publish_another(message_id)
    elif what < 0.23:
        world.publish_joined(payload(dice), commits=dice.random() < 0.7)
    elif what < 0.32 or not world.workers:
        go(world, world.start(dice.choice(list(world.specs))), dice, mood)
    elif what < 0.72:
        go(world, dice.choice(world.workers), dice, mood)
    elif what < 0.83:
        long = (LEASE + 1, dice.uniform(1, 10) * LEASE)
        world.tick(dice.choice(long if dice.random() < mood.stops else (0.2, 1.0, 5.0, *long)))
    elif what < 0.87:
        world.kill(dice.choice(world.workers))
    elif what < 0.91:
        edit(world, dice)
    else:
        act(world, dice, fate)


def go(world: World, worker: Worker, dice: Random, mood: Mood) -> None:
    """Let a worker go on for some steps."""
    for _ in range(dice.choice((1, 2, 3, 6))):
        if not worker.alive:
            return
        world.step(
            worker,
            Order(
                fate=dice.choice(FATES) if dice.random() < mood.bad / 2 else Fate.NONE,
                answer=dice.choice(BAD) if dice.random() < mood.bad else ANSWERS["ack"],
                stops=dice.random() < mood.stops,
            ),
        )
        if worker.at.startswith("stopped"):
            if dice.random() < 0.6:
                world.tick(dice.uniform(0.7, 3) * LEASE)
            if dice.random() < 0.5:
                return


def edit(world: World, dice: Random) -> None:
    """Change a job's file; its workers do not know of it yet."""
    job = world.specs[dice.choice(list(world.specs))]
    changes: dict[str, Any] = dice.choice(
        (
            {"target_endpoint": dice.choice(ENDPOINTS)},
            {"push": {"ordering_key": None if job.push and job.push.ordering_key else "case"}},
            {"push": {"on_unknown": dice.choice(("resolve", "resend", "hold"))}},
            {"on_refused": dice.choice(("block", "dead_letter"))},
        )
    )
    world.tell("edit", job.id, changes)
    idempotent, finds = world.traits[job.id]
    world.register(renewed(job, **changes), idempotent=idempotent, finds=finds)


def job_of(dice: Random, job_id: str) -> Any:
    """Draw a job."""
    topics = ("hud.hearing.created", "syn.court.*") if job_id == "news" and dice.random() < 0.4 else None
    return make_job(
        job_id,
        target_endpoint=dice.choice(ENDPOINTS),
        on_refused=dice.choice(("dead_letter", "dead_letter", "block")),
        retry=dice.choice((renew_retry(None), renew_retry(None), renew_retry(2))),
        push={
            "ordering_key": dice.choice((None, "case")),
            "concurrency": dice.choice((1, 2, 3)),
            "batch_size": dice.choice((1, 2, 100)),
            "on_unknown": dice.choice(("resolve", "resolve", "resend", "hold")),
            "rate_limit": dice.choice((None, None, None, 2.0)),
        },
        **({"source_topics": topics} if topics else {}),
    )


def renew_retry(max_attempts: int | None) -> Any:
    """Return the short back-off, with or without an end."""
    return replace(RETRY, max_attempts=max_attempts)


def traits_of(dice: Random) -> dict[str, bool]:
    """Draw what an adapter can do."""
    return {"idempotent": dice.random() < 0.7, "finds": dice.random() < 0.5}


def payload(dice: Random) -> dict[str, Any]:
    """Draw a payload: a case, a size, odd text."""
    return {"case": dice.choice(CASES), "n": dice.randrange(3), "text": dice.choice(TEXTS)}
