"""The other half of the schedules; see test_schedules.py."""

from __future__ import annotations

import pytest
from tests.simulation.test_schedules import SCHEDULES
from tests.simulation.walk import walk_many


@pytest.mark.timeout(0)  # as long as SCHEDULES wants
def test_every_promise_holds_in_as_many_schedules_again(database, clock):
    """The same, from other seeds."""
    walk_many(database, clock, SCHEDULES - SCHEDULES // 2, part="other")
