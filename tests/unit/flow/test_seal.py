"""Sealing the trail on both databases: every row once, in order, however late it was committed."""

from __future__ import annotations

import contextlib
import json
import threading
from itertools import pairwise

import pytest
from sqlalchemy import text
from tests.unit.domain.test_merkle_tree import mth
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.domain import checkpoint, signed_note
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import AuditBroken
from hms_syn.flow.publish import publish
from hms_syn.flow.seal import Notary, final, seal
from hms_syn.store import audit_export, audit_trail
from hms_syn.store import tree as trees
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.tree import Tree

NOTARY = Notary("syn.example.gov/audit", signed_note.new_signer("syn.example.gov/audit"))


def sealed(store, **options):
    return seal(Tree(store), sign=NOTARY.note, **{"patience": 0.1, **options})


def hashes(store):
    """Every row's hash in the order of its number, straight from the table."""
    with store.engine.connect() as connection:
        return [
            bytes.fromhex(row.hash) for row in connection.execute(text("SELECT hash FROM hms_syn_audit ORDER BY seq"))
        ]


def agrees(store):
    """Every stored head is the tree over the first so many rows."""
    rows = hashes(store)
    heads = Tree(store).heads()
    assert [head.root for head in heads] == [mth(rows[: head.size]) for head in heads]
    return heads[-1].size


def note(store, word):
    entry = AuditEntry(at="2026-09-02T10:00:00.000000Z", actor=word, event="pulled", job="court")
    store.write(lambda connection: audit_trail.write(connection, [entry]))


def begin_late(store, word):
    """Write a row in a transaction that stays open; return what commits it."""
    connection = store.engine.connect()
    transaction = connection.begin()
    entry = AuditEntry(at="2026-09-02T10:00:00.000000Z", actor=word, event="pulled", job="court")
    audit_trail.write(connection, [entry])

    def commit():
        transaction.commit()
        connection.close()

    return commit


@pytest.fixture
def postgresql(postgres_url):
    """A store where several write at a time, which SQLite does not let them."""
    with contextlib.closing(SqlStore(postgres_url)) as store:
        store.create()
        yield store


def test_every_row_is_sealed_once_and_in_order(sql_store, job):
    sql_store.register(job)
    for number in (1, 2, 3):
        publish(sql_store, [hearing(number)])
        drain(sql_store, job, Scripted())[0].run()
        assert sealed(sql_store) > 0
        assert agrees(sql_store) == len(hashes(sql_store)) - 1  # but for the row that says so
    assert [row["event"] for row in sql_store.audit_rows()].count("sealed") == 3


def test_where_nothing_is_new_nothing_is_sealed(sql_store):
    assert sealed(sql_store) == 0
    assert Tree(sql_store).head().size == 0
    note(sql_store, "a")
    assert [sealed(sql_store) for _ in range(3)] == [1, 0, 0]
    assert len(hashes(sql_store)) == 2
    note(sql_store, "b")
    assert sealed(sql_store) == 2  # the row that says "sealed" goes with it


def test_what_is_sealed_is_written_down_as_a_signed_checkpoint(sql_store):
    note(sql_store, "a")
    sealed(sql_store)
    with sql_store.engine.connect() as connection:
        kept = connection.execute(text("SELECT note FROM hms_syn_tree_head_v")).scalar_one()
    found = checkpoint.read(kept)
    assert (found.origin, found.size, found.root) == ("syn.example.gov/audit", 1, mth(hashes(sql_store)[:1]))
    assert signed_note.is_signed_by(kept, NOTARY.signer.verifier)
    said = sql_store.audit_rows()[-1]
    assert (said["event"], said["message_id"]) == ("sealed", None)
    assert f'"root":"{found.root.hex()}"' in said["body"]


def test_without_a_key_the_checkpoint_bears_no_signature(sql_store):
    note(sql_store, "a")
    seal(Tree(sql_store), sign=Notary("here").note)
    assert checkpoint.read(Notary("here").note(Tree(sql_store).head())).signers == ()


def test_a_long_trail_is_sealed_piece_by_piece(sql_store, monkeypatch):
    monkeypatch.setattr(trees, "AT_ONCE", 3)
    for number in range(8):
        note(sql_store, f"a{number}")
    assert sealed(sql_store) == 8
    assert [head.size for head in Tree(sql_store).heads()] == [3, 6, 8]
    agrees(sql_store)


def test_a_row_that_is_committed_late_is_in_its_place_and_none_is_passed_over(postgresql):
    note(postgresql, "first")
    commit = begin_late(postgresql, "late")
    note(postgresql, "later number, earlier commit")
    assert sealed(postgresql) == 0
    commit()
    assert sealed(postgresql) == 3
    agrees(postgresql)


def test_a_number_drawn_before_the_transaction_has_an_id_is_waited_for_too(postgresql):
    """Between drawing a number and writing the row a transaction may have no id yet, so ids are no guard."""
    columns = "seq, at, actor, event, hash, body"
    insert = f"INSERT INTO hms_syn_audit ({columns}) VALUES ({{}}, 'x', 'x', 'pulled', repeat('ab', 32), 'x')"
    note(postgresql, "before")  # the sequence has written down its next numbers, and takes no id for them
    sealed(postgresql)
    with postgresql.engine.connect() as slow:
        with slow.begin():
            slow.execute(text("LOCK TABLE hms_syn_audit IN ROW EXCLUSIVE MODE"))  # as an INSERT does before all else
            number = slow.execute(text("SELECT nextval('hms_syn_audit_seq_seq')")).scalar_one()
            assert slow.execute(text("SELECT pg_current_xact_id_if_assigned()")).scalar_one() is None
            note(postgresql, "behind it")
            assert sealed(postgresql) == 0
            slow.execute(text(insert.format(number)))
        assert sealed(postgresql) == 3  # with the row "sealed"
    agrees(postgresql)


def test_a_long_transaction_holds_back_only_what_came_after_it(postgresql):
    """However many long ones there are, the next sealer gets to where the one before had to wait."""
    note(postgresql, "before")
    first = begin_late(postgresql, "long")
    note(postgresql, "meanwhile")
    assert sealed(postgresql) == 0
    second = begin_late(postgresql, "longer")
    first()
    note(postgresql, "still meanwhile")
    assert sealed(postgresql) == 3
    second()
    assert sealed(postgresql) == 3  # "longer", what came behind it, and the row "sealed"
    agrees(postgresql)


def test_an_export_ends_before_a_row_that_is_still_to_come(postgresql):
    """Or a copy that goes on from its end would never hold that row."""
    note(postgresql, "before")
    sealed(postgresql)
    commit = begin_late(postgresql, "late")
    note(postgresql, "behind it")
    tree = Tree(postgresql)
    first = "".join(audit_export.lines(postgresql, until=final(tree, patience=0.1))).splitlines()
    commit()
    after = json.loads(first[-1])["seq"]
    rest = "".join(audit_export.lines(postgresql, after=after, until=final(tree, patience=0.1))).splitlines()
    assert [json.loads(line)["seq"] for line in [*first, *rest]] == [row["seq"] for row in postgresql.audit_rows()]
    assert (len(first), len(rest)) == (1, 3)


def test_a_transaction_that_only_reads_or_is_taken_back_holds_nothing_up(postgresql):
    note(postgresql, "a")
    with postgresql.engine.connect() as reader, reader.begin():
        reader.execute(text("SELECT COUNT(*) FROM hms_syn_audit"))
        assert sealed(postgresql) == 1
    with postgresql.engine.connect() as other:
        transaction = other.begin()
        audit_trail.write(other, [AuditEntry(at="x", actor="gone", event="pulled", job="court")])
        transaction.rollback()
    note(postgresql, "b")
    assert sealed(postgresql) == 2
    agrees(postgresql)


def test_two_sealers_at_once_seal_every_row_once(sql_store, monkeypatch):
    monkeypatch.setattr(trees, "AT_ONCE", 5)
    for number in range(40):
        note(sql_store, f"a{number}")
    counts = []
    both = [threading.Thread(target=lambda: counts.append(sealed(sql_store, patience=5.0))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    while sealed(sql_store):
        pass
    assert agrees(sql_store) >= 40
    starts = [(head.first_seq, head.last_seq) for head in Tree(sql_store).heads()]
    assert all(before[1] < after[0] for before, after in pairwise(starts))


@pytest.mark.parametrize("change", ["peaks = 'ab'", "size = 7", "last_seq = 0", "peaks = 'x'"])
def test_a_sealer_whose_own_row_was_changed_seals_no_more(sql_store, change):
    note(sql_store, "a")
    sealed(sql_store)
    with sql_store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE hms_syn_tree SET {change}")
    note(sql_store, "b")
    with pytest.raises(AuditBroken, match="does not fit the newest tree head"):
        sealed(sql_store)


def test_it_is_known_since_when_the_oldest_row_waits(sql_store):
    assert Tree(sql_store).unsealed_since() is None
    note(sql_store, "a")
    assert Tree(sql_store).unsealed_since() == "2026-09-02T10:00:00.000000Z"
    sealed(sql_store)
    assert Tree(sql_store).unsealed_since() is None
