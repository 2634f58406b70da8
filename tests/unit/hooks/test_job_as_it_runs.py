"""The job of a file, sound or not."""

from __future__ import annotations

import json

import pytest
from tests.unit.job_files.hostile_files import HEAD

from hms_syn.errors import JobFileInvalid
from hms_syn.hooks.job_as_it_runs import job_as_it_runs
from hms_syn.job_files import kept, load_job
from hms_syn.store.sound_files import SoundFiles
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    store = SqlStore(url)
    store.create()
    yield store
    store.close()


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "court.yaml"
    file.write_text(HEAD, encoding="utf-8")
    return file


def test_a_sound_file_needs_no_database(file, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", "generic://nobody@nowhere.invalid/")
    assert job_as_it_runs(file, root=tmp_path, folder="jobs") == load_job(file)


def test_a_bad_file_is_the_job_it_last_was(store, file, tmp_path, caplog):
    job = load_job(file)
    SoundFiles(store, "jobs").register(job, place="court.yaml", text=kept.written(job))
    file.write_text("job: [\n", encoding="utf-8")
    assert job_as_it_runs(file, root=tmp_path, folder="jobs") == job
    assert "court.yaml" in caplog.text


def test_a_bad_file_is_refused_where_nobody_knows_what_it_was(file, tmp_path, monkeypatch):
    """Also when the database cannot be asked: what is wrong with the file is the thing to be told."""
    file.write_text("job: [\n", encoding="utf-8")
    url = {"conn_type": "generic", "extra": {"url": f"sqlite:///{tmp_path}/nowhere/queue.db"}}
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps(url))
    with pytest.raises(JobFileInvalid, match=r"court\.yaml"):
        job_as_it_runs(file, root=tmp_path, folder="jobs")
