"""A path that a command was given and that leads to no job file: what is said, and what is there instead."""

from __future__ import annotations

import pytest

from hms_syn.cli.main import main

FILE_COMMANDS = ["explain", "plan", "run", "start"]


@pytest.fixture
def project(monkeypatch, tmp_path):
    """A jobs folder in a project, which is the folder one stands in."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path / "jobs"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    return tmp_path


@pytest.mark.parametrize("command", FILE_COMMANDS)
def test_a_path_that_leads_nowhere_is_answered_with_the_files_there_are(project, capsys, command):
    assert main([command, "court.yaml"]) == 1
    assert capsys.readouterr().err == "error: court.yaml: no such file\n"
    (project / "jobs" / "court.yaml").write_text("job: {}\n", encoding="utf-8")
    assert main([command, "nowhere/court.yaml"]) == 1
    assert capsys.readouterr().err == "error: nowhere/court.yaml: no such file; there are: jobs/court.yaml\n"


@pytest.mark.parametrize("command", [*FILE_COMMANDS, "lint"])
def test_a_file_that_airflow_would_not_see_is_no_job_file(project, capsys, command):
    (project / "court.txt").write_text("job: {}\n", encoding="utf-8")
    assert main([command, "court.txt"]) == 1
    assert "court.txt" in (said := "".join(capsys.readouterr()))
    assert "rename it to end in .yaml, or Airflow does not see it" in said


@pytest.mark.parametrize("command", FILE_COMMANDS)
def test_each_problem_begins_with_its_place(project, capsys, command):
    (project / "jobs" / "court.yaml").write_text("jobs: {}\n", encoding="utf-8")
    assert main([command, "jobs/court.yaml"]) == 1
    assert {line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()} == {"jobs/court.yaml:1:1"}


def test_a_place_that_cannot_be_written_is_a_sentence(project, capsys):
    (project / "dags").write_text("", encoding="utf-8")
    assert main(["init"]) == 1
    assert capsys.readouterr().err == "error: dags: File exists\n"


def test_lint_of_no_folder_or_an_empty_one_says_what_makes_it_full(project, capsys):
    assert main(["lint"]) == 0
    assert "next: hms-syn new ID --adapter NAME" in capsys.readouterr().err
    assert main(["lint", "job"]) == 1
    assert "no such file or folder; hms-syn init makes a jobs folder" in capsys.readouterr().out
