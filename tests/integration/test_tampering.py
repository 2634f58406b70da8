"""The audit trail in the hands of a database's owner, on both databases: what is found, and what only a copy shows."""

from __future__ import annotations

import json

import pytest
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.domain import audit_entry
from hms_syn.errors import AuditBroken
from hms_syn.flow.publish import publish
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk

UNLOCK = {
    "postgresql": ("ALTER TABLE hms_syn_audit DISABLE TRIGGER ALL",),
    "sqlite": ("DROP TRIGGER hms_syn_audit_update", "DROP TRIGGER hms_syn_audit_delete"),
}


@pytest.fixture
def trail(sql_store, job):
    """Three delivered messages, six rows each, and their news; the triggers are gone, as an owner can have it."""
    sql_store.register(job)
    publish(sql_store, [hearing(number) for number in (1, 2, 3)])
    drain(sql_store, job, Scripted())[0].run()
    with sql_store.engine.begin() as connection:
        for statement in UNLOCK[sql_store.engine.dialect.name]:
            connection.exec_driver_sql(statement)
    audit_trail.verify(sql_store.audit_rows())
    return sql_store


def by_hand(store, *statements):
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows_of(store, message_id):
    return [row for row in store.audit_rows() if row["message_id"] == message_id]


def forged(row, prev, **changes):
    """Return the statement that rewrites a row's columns, body and hash into one whole lie, and the lie's hash."""
    body = {**json.loads(row["body"]), "prev": prev, **changes}
    text = audit_entry.canonical_json.dumps(body)
    digest = audit_entry.leaf_hash(text)
    columns = "".join(f", {name} = '{value}'" for name, value in changes.items())
    return (
        f"UPDATE hms_syn_audit SET body = '{text}', hash = '{digest}'{columns} WHERE seq = {row['seq']}",
        digest,
    )


@pytest.mark.parametrize(
    "change", ["actor = 'x'", "event = 'acked'", "job = 'x'", "attempt = 9", "at = '2024'", "body = 'x'", "hash = 'x'"]
)
def test_an_edited_row_is_named(trail, change):
    """F36: whichever column is changed, the first bad row is named by its number."""
    row = rows_of(trail, "m2")[2]
    by_hand(trail, f"UPDATE hms_syn_audit SET {change} WHERE seq = {row['seq']}")
    with pytest.raises(AuditBroken, match=f"seq {row['seq']}: "):
        audit_trail.verify(trail.audit_rows())


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_removed_row_is_missed_by_the_one_behind_it(trail, number):
    """F36: from the beginning or the middle of a message's chain no row can be taken without a trace."""
    rows = rows_of(trail, "m2")
    by_hand(trail, f"DELETE FROM hms_syn_audit WHERE seq = {rows[number]['seq']}")
    with pytest.raises(AuditBroken, match=f"seq {rows[number + 1]['seq']}: it does not follow"):
        audit_trail.verify(trail.audit_rows())


def test_a_row_that_is_rewritten_whole_is_missed_by_the_one_behind_it(trail):
    """F36: a lie with a hash of its own does not fit what was chained onto the truth."""
    rows = rows_of(trail, "m2")
    statement, _ = forged(rows[2], json.loads(rows[2]["body"])["prev"], actor="somebody")
    by_hand(trail, statement)
    with pytest.raises(AuditBroken, match=f"seq {rows[3]['seq']}: it does not follow"):
        audit_trail.verify(trail.audit_rows())


def test_what_only_a_copy_kept_elsewhere_can_show(trail):
    """F36: a tail that is cut off and a chain that is rewritten to its end are whole by themselves. Not caught."""
    rows = rows_of(trail, "m2")
    by_hand(trail, f"DELETE FROM hms_syn_audit WHERE seq = {rows[-1]['seq']}")
    prev, statements = json.loads(rows[2]["body"])["prev"], []
    for row in rows[2:-1]:
        statement, prev = forged(row, prev, actor="somebody")
        statements.append(statement)
    by_hand(trail, *statements)
    assert audit_trail.verify(trail.audit_rows()) == len(trail.audit_rows())


def test_a_message_that_is_wiped_from_the_trail_no_longer_reconciles(trail, job):
    """F36: its delivery still stands in the queue, accepted by nobody."""
    by_hand(trail, "DELETE FROM hms_syn_audit WHERE message_id = 'm2'")
    audit_trail.verify(trail.audit_rows())
    assert Desk(trail).reconcile(job.id)[0]["unexplained"] == ["m2"]
