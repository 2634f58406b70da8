"""Thousands of schedules, each drawn from a seed and checked after every commit.

A failure names its seed: ``HMS_SYN_SEED=<seed> pytest tests/simulation/test_schedules.py`` runs that one again, to the
last step the same. ``SCHEDULES=20000`` runs so many new ones, in this file and in its twin, which let two processes
share the work.
"""

from __future__ import annotations

import os

import pytest
from tests.simulation.walk import walk_many

SCHEDULES = int(os.environ.get("SCHEDULES", "2000"))


@pytest.mark.timeout(0)  # as long as SCHEDULES wants
def test_every_promise_holds_in_every_schedule(database, clock):
    """Whatever fails, whenever, and whoever acts meanwhile."""
    walk_many(database, clock, SCHEDULES // 2, part="one")
