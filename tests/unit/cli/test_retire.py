"""``hms-syn retire``, and how a job without a file is told before it."""

from __future__ import annotations

import json
import sys
from contextlib import closing

import pytest
import yaml

from hms_syn.cli.main import main
from hms_syn.job_files import load_job
from hms_syn.store.sql_store import SqlStore

TOPIC = "hud.eviction.ordered"
WHY = ["--reason", "it has another name now"]


@pytest.fixture
def folder(monkeypatch, tmp_path, capsys):
    """Two jobs of one topic in the register and in the jobs folder; then the file of ``payments`` is removed."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "airflow.sdk", raising=False)  # a command of ours runs outside Airflow
    monkeypatch.chdir(tmp_path)
    with closing(SqlStore(f"sqlite:///{tmp_path}/airflow.db")) as store:
        store.create()
        for name in ("payments", "holds"):
            file = tmp_path / "jobs" / f"{name}.yaml"
            file.parent.mkdir(exist_ok=True)
            job = {
                "name": name,
                "push_adapter": "in_memory.v1",
                "source_topic": f"{TOPIC}.{name}",
                "target_endpoint": f"https://{name}.example.gov",
            }
            file.write_text(yaml.safe_dump({"job": job}), encoding="utf-8")
            store.register(load_job(file))
    assert main(["publish", f"{TOPIC}.payments", "{}", "--id", "m1"]) == 0
    (tmp_path / "jobs" / "payments.yaml").unlink()
    capsys.readouterr()
    return tmp_path / "jobs"


def rows(capsys):
    assert main(["status", "--json"]) == 0
    return {row["job"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_job_whose_file_is_gone_is_told_with_what_waits(folder, capsys):
    found = rows(capsys)
    assert {job: row["has_file"] for job, row in found.items()} == {"payments": False, "holds": True}
    assert found["payments"]["why"].startswith("no file in the jobs folder: 1 message waits")


def test_it_is_refused_while_the_file_is_there_or_something_waits(folder, capsys):
    assert main(["retire", "holds", *WHY]) == 1
    assert "holds.yaml first" in capsys.readouterr().err
    assert main(["retire", "payments", *WHY]) == 1
    assert "payments: 1 waiting, 0 set aside" in capsys.readouterr().err
    assert set(rows(capsys)) == {"payments", "holds"}


def test_what_waits_goes_to_the_job_of_another_name(folder, capsys):
    assert main(["retire", "payments", "--to", "holds", *WHY]) == 0
    assert capsys.readouterr().out == "payments retired: 1 given to holds\n"
    assert main(["publish", f"{TOPIC}.payments", "{}", "--id", "m2"]) == 0
    capsys.readouterr()
    found = rows(capsys)
    assert (list(found), found["holds"]["waiting"]) == (["holds"], 1)
    assert main(["messages", "--state", "untaken", "--json"]) == 0
    assert [row["message_id"] for row in json.loads(capsys.readouterr().out)] == ["m2"]


def test_all_that_is_left_can_be_given_up(folder, capsys):
    assert main(["retire", "payments", "--discard", *WHY]) == 0
    assert capsys.readouterr().out == "payments retired: 1 discarded\n"
    assert main(["reconcile"]) == 0
    assert main(["retire", "payments", *WHY]) == 1
    assert "No job is called 'payments'" in capsys.readouterr().err


def test_lint_names_jobs_without_a_file_where_it_is_asked_to(folder, capsys):
    """A warning, which fails only where somebody wants it to; without --store no database is asked."""
    assert main(["lint", "--offline", str(folder), "--store"]) == 0
    printed = capsys.readouterr()
    assert "warning: job 'payments': no file in the jobs folder: 1 message waits" in printed.out
    assert "1 file, no problems, 1 warning" in printed.err
    assert main(["lint", "--offline", "--store", "--strict", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::warning file=jobs,line=1,col=1::job 'payments'")
    assert main(["lint", "--offline", "--strict"]) == 0
    assert capsys.readouterr().out == ""


def test_a_plan_names_what_a_renamed_file_leaves_behind(folder, capsys):
    new = folder.parent / "payments_v2.yaml"
    new.write_text((folder / "holds.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["plan", str(new), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left_behind"] == [{"job": "payments", "waiting": 1}]
    assert main(["plan", str(new)]) == 0
    assert "payments: no file in the jobs folder: 1 message waits" in capsys.readouterr().out
