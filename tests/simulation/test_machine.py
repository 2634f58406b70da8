"""The same world as a machine of rules: hypothesis looks for a sequence of acts that breaks a promise, and shrinks it.

A failure prints the acts as a program, and a ``reproduce_failure`` line that runs it again.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.simulation import officers, walk
from tests.simulation.database import Fate
from tests.simulation.healing import heal
from tests.simulation.vendor import ANSWERS
from tests.simulation.worker import Order
from tests.simulation.world import World

dice = st.integers(0, 2**32 - 1).map(Random)
fates = st.sampled_from([Fate.NONE, Fate.NONE, Fate.NONE, *Fate])
orders = st.builds(Order, fates, st.sampled_from([ANSWERS["ack"], *ANSWERS.values()]), st.booleans())


class Machine(RuleBasedStateMachine):
    """Each rule is one act; the world checks its promises after each by itself."""

    database = clock = None
    world: World

    @initialize(random=dice, jobs=st.integers(1, 2))
    def begin(self, random, jobs):
        self.world = World(self.database, self.clock, seed=random.getrandbits(32))
        for name in ("court", "news")[:jobs]:
            self.world.register(walk.job_of(random, name), **walk.traits_of(random))

    @rule(random=dice, number=st.integers(1, 3), fate=fates)
    def publish(self, random, number, fate):
        self.world.publish([walk.payload(random) for _ in range(number)], fate)

    @precondition(lambda self: self.world.offered)
    @rule(data=st.data(), fate=fates)
    def publish_again(self, data, fate):
        self.world.publish_again(data.draw(st.sampled_from(list(self.world.offered))), fate)

    @rule(random=dice, commits=st.booleans())
    def publish_joined(self, random, commits):
        self.world.publish_joined(walk.payload(random), commits=commits)

    @rule(data=st.data())
    def start(self, data):
        self.world.start(data.draw(st.sampled_from(list(self.world.specs))))

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data(), each=st.lists(orders, min_size=1, max_size=4))
    def go_on(self, data, each):
        worker = data.draw(st.sampled_from(self.world.workers))
        for order in each:
            if worker.alive:
                self.world.step(worker, order)

    @precondition(lambda self: self.world.workers)
    @rule(data=st.data())
    def kill(self, data):
        self.world.kill(data.draw(st.sampled_from(self.world.workers)))

    @rule(leases=st.sampled_from([0.02, 0.5, 1.1, 3.0, 10.0]))
    def tick(self, leases):
        self.world.tick(leases * walk.LEASE)

    @rule(random=dice)
    def edit(self, random):
        walk.edit(self.world, random)

    @rule(random=dice, fate=fates)
    def officer(self, random, fate):
        officers.act(self.world, random, fate)

    def teardown(self):
        if hasattr(self, "world"):
            try:
                heal(self.world)
            finally:
                self.world.end()


@pytest.mark.timeout(0)  # shrinking takes the time it takes
def test_no_sequence_of_acts_breaks_a_promise(database, clock):
    """Publishers, workers, vendors, clocks, databases and officers, in any order."""
    Machine.database, Machine.clock = database, clock
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
