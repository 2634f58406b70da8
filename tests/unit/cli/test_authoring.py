"""From an empty folder to a job that passes lint: ``init``, ``new``, ``explain``."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from hms_syn.adapters import registry
from hms_syn.cli.main import main
from hms_syn.factory import one_place
from hms_syn.job_files import load_job


@pytest.fixture
def project(monkeypatch, tmp_path):
    """An empty folder, with nothing of Airflow's near it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("adapter", sorted(registry.known_adapters()))
def test_a_new_job_passes_lint_and_is_explained(project, capsys, adapter):
    assert main(["new", "court_calendar", "--adapter", adapter]) == 0
    made = capsys.readouterr()
    assert made.out == "jobs/court_calendar.yaml\n"
    assert "hms-syn lint jobs/court_calendar.yaml" in made.err
    assert main(["lint", "--offline", "jobs"]) == 0
    assert load_job(project / "jobs" / "court_calendar.yaml").push_adapter == adapter
    capsys.readouterr()
    assert main(["explain", "jobs/court_calendar.yaml"]) == 0
    assert f'push_adapter: "{adapter}"' in capsys.readouterr().out


def test_a_new_job_never_takes_the_place_of_another(project, capsys):
    assert main(["new", "court", "--adapter", "rest.json.v1"]) == 0
    (project / "jobs" / "court.yaml").write_text("mine", encoding="utf-8")
    assert main(["new", "court", "--adapter", "rest.json.v1"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert (project / "jobs" / "court.yaml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("court", "--adapter", "rest.v1"), "did you mean 'rest.json.v1'?"),
        (("court", "--adapter", "soap"), "did you mean 'oracle.soap.v1'?"),
        (("court", "--adapter", "pigeon"), "there are fhir.r4.v1, "),
        (("Court!", "--adapter", "rest.json.v1"), "Court!"),
    ],
)
def test_a_wrong_name_is_wrong_usage(project, capsys, arguments, words):
    assert main(["new", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (project / "jobs").exists()


def test_init_writes_what_a_project_needs_and_keeps_what_is_there(project, capsys):
    (project / "dags").mkdir()
    (project / "dags" / "hms_syn_jobs.py").write_text("# mine\n", encoding="utf-8")
    assert main(["init"]) == 0
    said = capsys.readouterr().out
    assert "kept     dags/hms_syn_jobs.py" in said
    assert f"AIRFLOW__HMS_SYN__JOBS_FOLDER={project}/jobs" in said
    assert (project / "dags" / "hms_syn_jobs.py").read_text(encoding="utf-8") == "# mine\n"
    ast.parse((project / "dags" / "hms_syn_heartbeat.py").read_text(encoding="utf-8"))
    settings = json.loads((project / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    [schema] = settings["yaml.schemas"]
    assert json.loads(Path(schema).read_text(encoding="utf-8"))["title"] == "HMS-SYN job"
    assert main(["new", "court", "--adapter", "oracle.soap.v1"]) == 0
    assert main(["lint", "--offline", "jobs"]) == 0
    assert main(["init"]) == 0
    assert "written" not in capsys.readouterr().out.partition("Airflow's settings")[0].rpartition("jobs/court")[2]


def test_the_settings_that_init_prints_are_lines_for_a_shell(project, capsys):
    """What is typed as it was printed finds the queue in Airflow's database, and the jobs through the bundle."""
    assert main(["init"]) == 0
    lines = capsys.readouterr().out.partition("Airflow's settings")[2].splitlines()
    typed = "\n".join(line for line in lines if line.startswith(("  export", "    ")))
    script = f"unset AIRFLOW_HOME\n{typed}\nenv -0"
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True)
    found = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if "=" in pair)
    [bundle] = json.loads(found["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert bundle["classpath"] == one_place.BUNDLE
    connection = json.loads(found["AIRFLOW_CONN_HMS_SYN_DB"])
    assert connection["extra"]["url"] == f"sqlite:///{project}/.airflow/airflow.db"


def test_explain_of_no_file_says_so(project, capsys):
    assert main(["explain", "jobs/court.yaml"]) == 1
    assert "no such file" in capsys.readouterr().err
