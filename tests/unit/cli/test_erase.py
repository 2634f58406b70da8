"""``hms-syn erase``: by id, by the jobs' own rule, tried first, refused with the reason."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import text

from hms_syn import wiring
from hms_syn.cli.main import main
from hms_syn.job_files.loader import load_job
from hms_syn.store.sql_store import SqlStore

JOB = """
job:
  name: "HUD → court"
  push_adapter: in_memory.v1
  source_topic: hud.hearing.created
  target_endpoint: https://court.example.gov/
  {more}
"""


@pytest.fixture
def store(monkeypatch, tmp_path):
    """The queue of an Airflow home of its own, with an empty jobs folder beside it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "airflow.sdk", raising=False)  # a command of ours runs outside Airflow
    wiring._store.cache_clear()
    (tmp_path / "jobs").mkdir()
    made = SqlStore(f"sqlite:///{tmp_path}/airflow.db")
    made.create()
    yield made
    made.close()


def drop(store, tmp_path, more=""):
    file = tmp_path / "jobs" / "court.yaml"
    file.write_text(JOB.format(more=more), encoding="utf-8")
    store.register(load_job(file))
    return file


def published(message_id):
    assert main(["publish", "hud.hearing.created", '{"case_id": "HUD-1"}', "--id", message_id]) == 0


def test_it_is_tried_done_and_known_as_done(store, capsys):
    published("m1")
    erase = ["erase", "m1", "--reason", "request 2026-17", "--by", "paula"]
    for extra, said in ((["--dry-run"], "would be erased"), ([], "erased"), ([], "was erased already")):
        capsys.readouterr()
        assert main([*erase, *extra]) == 0
        assert capsys.readouterr().out == f"m1 {said}\n"
    assert main(["trace", "m1"]) == 0
    assert "erased" in (printed := capsys.readouterr().out)
    assert "paula" in printed
    assert main(["audit", "verify"]) == 0
    assert main(["reconcile"]) == 0


def test_what_is_open_is_refused_and_stops_no_other(store, tmp_path, capsys):
    published("free")
    drop(store, tmp_path)
    published("open")
    capsys.readouterr()
    assert main(["erase", "open", "nothing", "free", "--reason", "x"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "free erased\n"
    assert "open: pending at court; discard or resolve it first, then erase it" in printed.err
    assert "No message has the id 'nothing'" in printed.err


@pytest.mark.parametrize("words", ["", "m1", "m1 --expired --reason x", "--reason x"])
def test_wrong_usage_is_said(store, words, capsys):
    assert main(["erase", *words.split()]) == 2
    assert "say what to erase" in capsys.readouterr().err


def test_what_jobs_have_over_is_listed_and_erased(store, tmp_path, capsys):
    drop(store, tmp_path, more="retention: {payload: 30d}")
    published("m1")
    assert main(["discard", "m1", "--reason", "a test"]) == 0
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE hms_syn_settled SET settled_at = settled_at - 31 * 86400000000"))
    capsys.readouterr()
    assert main(["erase", "--expired", "--dry-run"]) == 0
    assert capsys.readouterr().out == "m1\n1 message(s) would be erased; without --dry-run they are\n"
    assert main(["erase", "--expired"]) == 0
    assert capsys.readouterr().out == "1 message(s) erased\n"
    assert main(["erase", "--expired"]) == 0
    assert capsys.readouterr().out == "0 message(s) erased\n"


def test_without_a_term_it_says_that_all_is_kept(store, tmp_path, capsys):
    drop(store, tmp_path)
    assert main(["erase", "--expired"]) == 0
    assert "kept until they are erased" in capsys.readouterr().out
