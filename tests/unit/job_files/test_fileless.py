"""Which registered jobs have no file any more."""

from __future__ import annotations

import pytest

from hms_syn.job_files import fileless


def row(job, *, waiting=0, why="waiting for a worker", dag_gone=None):
    return {"job": job, "waiting": waiting, "why": why, "dag_gone": dag_gone}


@pytest.fixture
def folder(tmp_path):
    for name, text in {
        "court.yaml": "job: {name: Court}\n",
        "below/bank.yml": "job:\n  name: Bank\n  mapping: {id: x}\n",
        "renamed.yaml": "job:\n  id: holds\n",
        "quoted.yaml": 'job: {"id" : "deeds"}\n',
        "broken.yaml": "job:\n  id: taxes\n  name: [\n",
        "defaults.yaml": "job: {id: never}\n",
    }.items():
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_job_has_a_file_by_its_name_or_by_the_id_inside(folder):
    """Of a file that cannot be read both may be meant: nobody is told that a job is gone for a missing bracket."""
    assert fileless.ids_below(folder) == {"court", "bank", "holds", "deeds", "broken", "taxes"}


def test_a_job_whose_file_is_gone_says_so_and_what_to_do(folder):
    rows = fileless.with_files([row("court"), row("renamed", waiting=3)], fileless.ids_below(folder))
    assert [(one["job"], one["has_file"]) for one in rows] == [("court", True), ("renamed", False)]
    assert rows[0]["why"] == "waiting for a worker"
    assert rows[1]["why"].startswith("no file in the jobs folder: 3 messages wait")
    assert "hms-syn retire renamed" in rows[1]["why"]
    assert [one["job"] for one in fileless.left_behind(rows, fileless.ids_below(folder))] == ["renamed"]


def test_a_job_that_airflow_never_had_is_run_by_other_means(folder):
    """Where Airflow's tables can be seen they tell a file that is gone from one that is elsewhere."""
    rows = [row("mine", dag_gone=False), row("theirs", dag_gone=True), row("court", dag_gone=True)]
    assert [one["job"] for one in fileless.left_behind(rows, fileless.ids_below(folder))] == ["theirs"]
    assert [one["has_file"] for one in fileless.with_files(rows, fileless.ids_below(folder))] == [True, False, True]


def test_another_cause_is_told_too(folder):
    [one] = fileless.with_files([row("gone", waiting=1, why="m1 is in doubt")], fileless.ids_below(folder))
    assert (one["has_file"], one["why"]) == (False, "no file in the jobs folder; m1 is in doubt")


def test_a_folder_that_cannot_be_looked_into_says_nothing_of_any_job(tmp_path):
    rows = fileless.with_files([row("court")], fileless.ids_below(tmp_path / "nowhere"))
    assert rows == [{**row("court"), "has_file": None}]
