"""The audit trail in the console: searched, proved a stretch at a time, exported as it was hashed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from hms_syn.console import audit
from hms_syn.flow.seal import seal
from hms_syn.store import audit_search, audit_trail
from hms_syn.store.tree import Tree


def walk(console, query, who="ada"):
    found, after = [], None
    while True:
        page = console.get(f"/audit?{query}" + ("" if after is None else f"&after={after}"), who)
        found += page["rows"]
        after = page["next"]
        if after is None:
            return found


@pytest.mark.parametrize("stretch", [2, 200_000])
@pytest.mark.parametrize("limit", [1, 500])
def test_every_search_finds_its_rows_once_in_either_order(console, town, monkeypatch, stretch, limit):
    monkeypatch.setattr(audit_search, "STRETCH", stretch)
    every = [(row["seq"], row["event"], row["job"], row["message_id"]) for row in town.store.audit_rows()]
    for query, wanted in (
        ("", every),
        ("event=queued", [row for row in every if row[1] == "queued"]),
        ("job=bank", [row for row in every if row[2] == "bank"]),
        ("message_id=a1", [row for row in every if row[3] == "a1"]),
    ):
        for order in ("newest", "oldest"):
            rows = walk(console, f"{query}&order={order}&limit={limit}")
            found = [(row["seq"], row["event"], row["job"], row["message_id"]) for row in rows]
            assert found == (wanted if order == "oldest" else wanted[::-1])


def test_those_without_the_whole_trail_see_their_jobs_rows(console, town):
    assert {row["job"] for row in walk(console, "", "vera")} == {"court"}
    assert console.ask("vera", "GET", "/audit?job=bank")[0] == 403


def test_the_export_is_the_trail_as_anyone_can_check_it(console, town):
    lines = console.get("/audit/export").splitlines()
    rows = [json.loads(line) for line in lines]
    assert audit_trail.verify(rows) == len(town.store.audit_rows()) > 0
    assert console.ask("paula", "GET", "/audit/export")[0] == 403


def test_a_proof_goes_on_where_it_ended_and_names_the_first_bad_row(console, town, monkeypatch):
    monkeypatch.setattr(audit, "AT_A_TIME", 3)
    monkeypatch.setattr(audit, "BUDGET", 0.0)
    rows, told = 0, {"checked_to": 0, "done": False}
    calls = 0
    while not told["done"]:
        told = console.post("/audit/verify", {"after": told["checked_to"]})
        rows, calls = rows + told["rows"], calls + 1
    assert (told["ok"], rows) == (True, len(town.store.audit_rows()))
    assert calls > 2
    _forge(town.store, 5)
    told, after = {"done": False}, 0
    while not told["done"]:
        told = console.post("/audit/verify", {"after": after})
        after = told.get("checked_to")
    assert (told["ok"], told["seq"], told["error"]) == (False, 5, "audit_broken")


def test_a_row_cut_out_of_a_chain_is_found_from_any_start(console, town):
    """The message's next row does not follow what is left, wherever the proof begins."""
    [second] = [row["seq"] for row in town.store.audit_rows() if (row["message_id"], row["event"]) == ("a1", "refused")]
    _without_guard(town.store, f"DELETE FROM hms_syn_audit WHERE seq = {second}")
    for after in (0, second):
        told = console.post("/audit/verify", {"after": after})
        assert (told["ok"], told["seq"] > second) == (False, True)


def test_a_proof_is_for_those_who_may_see_and_edit_everything(console, town):
    assert console.ask("paula", "POST", "/audit/verify", json={"after": 0})[0] == 403


def _forge(store, seq):
    _without_guard(store, f"UPDATE hms_syn_audit SET actor = 'nobody' WHERE seq = {seq}")


def _without_guard(store, statement):
    """Do what an administrator of the database can do."""
    drop = {
        "postgresql": "ALTER TABLE hms_syn_audit DISABLE TRIGGER ALL",
        "sqlite": "DROP TRIGGER hms_syn_audit_{0}",
    }[store.engine.dialect.name].format("update" if statement.startswith("UPDATE") else "delete")
    with store.engine.begin() as connection:
        connection.execute(text(drop))
        connection.execute(text(statement))


def test_the_newest_tree_head_is_shown_to_whoever_may_see_the_whole_trail(console, town):
    assert console.get("/audit/head")["at"] is None
    tree = Tree(town.store)
    seal(tree, sign=lambda head: head.text("test"))
    told, head = console.get("/audit/head"), tree.head()
    assert (told["size"], told["last_seq"], told["root"]) == (head.size, head.last_seq, head.root.hex())
    assert told["size"] > 0
    assert told["may_verify"]
    assert console.ask("paula", "GET", "/audit/head")[0] == 403
