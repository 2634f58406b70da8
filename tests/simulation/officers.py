"""Officers who act at any moment, with the database as it is at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.database import Fate, Killed
from tests.simulation.record import CLOSED

from hms_syn.errors import ActRefused, StoreUnavailable
from hms_syn.flow import switch
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.replay import replay_to
from hms_syn.ports import Act

if TYPE_CHECKING:
    from random import Random

    from tests.simulation.world import World

ACT = Act(actor="officer", reason="because the simulation says so")


def act(world: World, dice: Random, fate: Fate) -> None:
    """Do one of the things that only a person may do."""
    what = dice.choice(("pause", "resume", "resume", "replay", "discard", "delivered", "resend", "replay_to"))
    job = dice.choice(list(world.specs))
    places = [place for place, row in world.record.deliveries.items() if row["state"] != "delivered"]
    held = [place for place in places if world.record.deliveries[place]["state"] in ("in_doubt", *CLOSED)]
    of_job, message_id = dice.choice(held or places) if places else (job, "m0.0")
    world.tell("officer", what, of_job, message_id, fate.name)
    world.database.fate = fate
    try:
        if what == "pause":
            switch.pause(world.database.publishers, job, ACT)
        elif what == "resume":
            switch.resume(world.database.publishers, job, ACT)
        elif what == "replay_to":
            replay_to(world.database.publishers, world.desk.enqueue, job=job, pattern="hud.*", since="", act=ACT)
        elif places and what == "replay":
            world.desk.replay(message_id, ACT, job=of_job)
        elif places and what == "discard":
            world.desk.discard(message_id, ACT, job=of_job)
        elif places:
            end_doubt(world.desk, message_id, ACT, delivered=what == "delivered", job=of_job)
    except (ActRefused, StoreUnavailable, Killed) as error:
        world.tell("…", type(error).__name__)
    world.database.fate = Fate.NONE
    world.check()
