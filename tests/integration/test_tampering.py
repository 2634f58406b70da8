"""The audit trail in the hands of a database's owner, on both databases: what is found, and what only a copy shows."""

from __future__ import annotations

import json

import pytest
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.domain import audit_entry, checkpoint, signed_note, tree_check
from hms_syn.domain.checkpoint import TreeHead
from hms_syn.domain.merkle_tree import GrowingTree
from hms_syn.domain.tree_check import TreeCheck
from hms_syn.errors import AuditBroken
from hms_syn.flow.publish import publish
from hms_syn.flow.seal import Notary, seal
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk
from hms_syn.store.tree import Tree

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


# --- with a checkpoint that was kept elsewhere, and with the heads that the database keeps

NOTARY = Notary("syn.example.gov/audit", signed_note.new_signer("syn.example.gov/audit"))
UNLOCK_HEADS = {
    "postgresql": ("ALTER TABLE hms_syn_tree_head DISABLE TRIGGER ALL",),
    "sqlite": ("DROP TRIGGER hms_syn_tree_head_update", "DROP TRIGGER hms_syn_tree_head_delete"),
}


@pytest.fixture
def kept(trail):
    """The trail sealed in two pieces, and the checkpoint after each."""
    notes = []
    for number in (4, 5):
        publish(trail, [hearing(number)])
        seal(Tree(trail), sign=NOTARY.note)
        notes.append(checkpoint.read(NOTARY.note(Tree(trail).head())))
    by_hand(trail, *UNLOCK_HEADS[trail.engine.dialect.name])
    return notes


def checked(store, *, heads=True, checkpoints=()):
    """Check as ``hms-syn audit verify`` does."""
    rows = store.audit_rows()
    audit_trail.verify(rows)
    marks = [tree_check.stored(head) for head in Tree(store).heads()] if heads else []
    check = TreeCheck([*marks, *(tree_check.kept(one, f"of {one.size}") for one in checkpoints)])
    for row in rows:
        check.take(row["seq"], bytes.fromhex(row["hash"]))
    check.end()


def rewrite_to_its_end(store, message_id):
    """Rewrite a message's chain so that it is whole by itself; return its first lie's number."""
    rows, statements = rows_of(store, message_id), []
    prev = json.loads(rows[1]["body"])["prev"]
    for row in rows[1:]:
        statement, prev = forged(row, prev, actor="somebody")
        statements.append(statement)
    by_hand(store, *statements)
    return rows[1]["seq"]


def rewrite_heads(store):
    """Make the stored heads, and the sealer's own row, those of the rows as they are now."""
    tree, rows = GrowingTree(), store.audit_rows()
    heads = {head.size: head for head in Tree(store).heads()}
    statements = [f"DELETE FROM hms_syn_tree_head WHERE size > {len(rows)}"]
    for row in rows:
        tree.append(bytes.fromhex(row["hash"]))
        if tree.size in heads:
            statements.append(
                f"UPDATE hms_syn_tree_head SET root = '{tree.root().hex()}', last_seq = {row['seq']} "
                f"WHERE size = {tree.size}"
            )
    by_hand(store, *statements)


def test_an_honest_trail_agrees_with_its_heads_and_with_every_checkpoint(trail, kept):
    checked(trail, checkpoints=kept)


def test_a_chain_that_is_rewritten_to_its_end_is_not_what_was_sealed(trail, kept):
    """F36: whole by itself, but no longer what the stored heads, or a checkpoint, were made of."""
    first = rewrite_to_its_end(trail, "m2")
    for known in ({}, {"heads": False, "checkpoints": kept}):
        with pytest.raises(AuditBroken, match="is not what the") as found:
            checked(trail, **known)
        assert found.value.seq <= first
    with pytest.raises(AuditBroken, match="is not what the checkpoint of"):
        checked(trail, heads=False, checkpoints=kept[1:])


def test_a_tail_that_is_cut_off_is_missed_by_what_was_sealed(trail, kept):
    """F36: the newest rows are gone, and the trail is whole by itself."""
    last = rows_of(trail, "m5")[-1]["seq"]
    by_hand(trail, f"DELETE FROM hms_syn_audit WHERE seq >= {last}")
    for known in ({}, {"heads": False, "checkpoints": kept}):
        with pytest.raises(AuditBroken, match="was cut off") as found:
            checked(trail, **known)
        assert found.value.seq <= last


def test_a_message_that_is_wiped_is_missed_by_what_was_sealed(trail, kept):
    first = rows_of(trail, "m2")[0]["seq"]
    by_hand(trail, "DELETE FROM hms_syn_audit WHERE message_id = 'm2'")
    for known in ({}, {"heads": False, "checkpoints": kept}):
        with pytest.raises(AuditBroken) as found:
            checked(trail, **known)
        assert found.value.seq <= first


@pytest.mark.parametrize("lie", ["rewrite", "cut", "wipe"])
def test_heads_that_are_rewritten_with_the_rows_deceive_everybody_but_an_outside_checkpoint(trail, kept, lie):
    """F36: whoever owns the database can make it agree with itself. NOT caught without a checkpoint."""
    if lie == "rewrite":
        rewrite_to_its_end(trail, "m2")
    elif lie == "cut":
        by_hand(trail, f"DELETE FROM hms_syn_audit WHERE seq >= {rows_of(trail, 'm5')[-1]['seq']}")
    else:
        by_hand(trail, "DELETE FROM hms_syn_audit WHERE message_id = 'm2'")
    rewrite_heads(trail)
    checked(trail)
    with pytest.raises(AuditBroken, match="the checkpoint"):
        checked(trail, checkpoints=kept[-1:])


def test_what_came_after_the_last_checkpoint_is_not_covered_by_it(trail, kept):
    """F36: not caught, with a checkpoint or without; the next checkpoint would have been in time."""
    publish(trail, [hearing(6)])
    checked(trail, checkpoints=kept)
    by_hand(trail, f"DELETE FROM hms_syn_audit WHERE seq >= {rows_of(trail, 'm6')[0]['seq']}")
    checked(trail, checkpoints=kept)


def test_two_checkpoints_of_which_one_is_not_of_this_trail_do_not_both_agree(trail, kept):
    other = checkpoint.read(NOTARY.note(TreeHead(size=kept[0].size, last_seq=1, root=kept[1].root)))
    with pytest.raises(AuditBroken, match="is not what the checkpoint of"):
        checked(trail, checkpoints=[other, kept[1]])


def test_a_message_that_is_wiped_from_the_trail_no_longer_reconciles(trail, job):
    """F36: its delivery still stands in the queue, accepted by nobody."""
    by_hand(trail, "DELETE FROM hms_syn_audit WHERE message_id = 'm2'")
    audit_trail.verify(trail.audit_rows())
    assert Desk(trail).reconcile(job.id)[0]["unexplained"] == ["m2"]
