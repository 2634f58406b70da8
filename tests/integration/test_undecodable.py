"""Rows that this release cannot read, on both databases: what another release wrote, or somebody's hand."""

from __future__ import annotations

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, state, trail

from hms_syn.domain.job_spec import Push
from hms_syn.flow.publish import publish
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk

ACT = Act(actor="paula", reason="the other release is back")
STATE = "UPDATE hms_syn_delivery SET state = 'sealed' WHERE message_id = 'm2'"
BROKEN = "UPDATE hms_syn_event SET body = '{' WHERE message_id = 'm2'"
NO_MAP = "UPDATE hms_syn_event SET body = '[]' WHERE message_id = 'm2'"
MENDED = """UPDATE hms_syn_event SET body = '{"case_id": "A"}' WHERE message_id = 'm2'"""


@pytest.fixture
def keyed(sql_store):
    """Three messages of one case and one of another."""
    job = make_job(push=Push(ordering_key="case_id"))
    sql_store.register(job)
    publish(sql_store, [hearing(number, case_id="A") for number in (1, 2, 3)])
    publish(sql_store, [hearing(4, case_id="B")])
    return job


def by_hand(store, statement):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("statement", [STATE, BROKEN, NO_MAP])
def test_a_row_that_cannot_be_read_blocks_its_own_line_and_no_other(sql_store, keyed, statement):
    """F35: what stands before it is sent, what stands behind it waits, other lines flow, and the status says why."""
    by_hand(sql_store, statement)
    vendor = Scripted()
    drain(sql_store, keyed, vendor)[0].run()
    assert sorted(vendor.order) == ["m1", "m4"]
    assert state(sql_store, "m3") == "pending"
    assert (sql_store.next_due(keyed.id), sql_store.ring()) == (None, [])
    assert "m2 (key A): undecodable at attempt 1 blocks its line" in sql_store.status()[0]["why"]
    assert trail(sql_store, "m2") == ["attempt", "not_sent"]
    audit_trail.verify(sql_store.audit_rows())


@pytest.mark.parametrize(
    ("statement", "cure"), [(STATE, STATE.replace("sealed", "pending")), (BROKEN, MENDED)], ids=["state", "body"]
)
def test_a_row_that_can_be_read_again_is_sent_in_its_place_when_it_is_replayed(sql_store, keyed, statement, cure):
    """F35: tried too early it blocks again; once it can be read its line goes on in order."""
    by_hand(sql_store, statement)
    drain(sql_store, keyed, Scripted())[0].run()
    assert Desk(sql_store).replay("m2", ACT) == [keyed.id]
    vendor = Scripted()
    worker, _ = drain(sql_store, keyed, vendor)
    worker.run()
    assert vendor.order == []
    by_hand(sql_store, cure)
    Desk(sql_store).replay("m2", ACT)
    worker.run()
    assert vendor.order == ["m2", "m3"]
    audit_trail.verify(sql_store.audit_rows())


@pytest.mark.parametrize("statement", [STATE, BROKEN])
def test_a_row_that_cannot_be_read_can_be_given_up(sql_store, keyed, statement):
    """F35: the other way out; what stood behind it is sent."""
    by_hand(sql_store, statement)
    vendor = Scripted()
    worker, _ = drain(sql_store, keyed, vendor)
    worker.run()
    Desk(sql_store).discard("m2", ACT)
    worker.run()
    assert (state(sql_store, "m2"), vendor.order[-1]) == ("discarded", "m3")
