"""Rows that a worker and a publisher write to at once."""

from __future__ import annotations

import pytest
from tests.contract.test_store import acked, hearing, pop

from hms_syn.flow.publish import publish


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_lane_is_not_dropped_under_a_publisher(sql_store, job):
    """A publisher holds the lane it puts an event into until it commits; the worker that leaves lets it stand."""
    sql_store.register(job)
    publish(sql_store, [hearing(message_id="m1")])
    claim = pop(sql_store, job)
    acked(sql_store, claim, claim.deliveries[0])
    with sql_store.engine.begin() as theirs:
        publish(sql_store, [hearing(2, message_id="m2")], connection=theirs)
        sql_store.release(claim)
    assert [delivery.message_id for delivery in pop(sql_store, job).deliveries] == ["m2"]
