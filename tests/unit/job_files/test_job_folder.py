"""A folder that is looked at again and again: what changed is read, and nothing else."""

from __future__ import annotations

import os

import pytest

from hms_syn.job_files import JobFolder

TEXT = """
job:
  name: "HUD → {0}"
  push_adapter: rest.json.v1
  source_topic: "hud.{0}.created"
  target_endpoint: "https://{0}.example.gov/"
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        write(tmp_path, name)
    return tmp_path


def write(folder, name, more=""):
    """Write a job, as if a minute had passed since it was written last."""
    path = folder / f"{name}.yaml"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(TEXT.format(name) + more, encoding="utf-8")
    os.utime(path, ns=(0, before + 60_000_000_000))


def ids(watched):
    return sorted(job.id for job in watched.jobs)


def test_the_first_look_reads_all_and_a_later_one_what_has_changed(folder):
    watched = JobFolder(folder)
    assert watched.refresh()
    assert not watched.refresh()
    first = {job.id: job for job in watched.jobs}
    write(folder, "b", "  tags: [new]\n")
    assert watched.refresh()
    second = {job.id: job for job in watched.jobs}
    assert second["a"] is first["a"]  # it was not read again
    assert second["b"].tags == ("new",)


def test_files_come_and_go(folder):
    watched = JobFolder(folder)
    watched.refresh()
    write(folder, "c")
    (folder / "a.yaml").unlink()
    assert watched.refresh()
    assert ids(watched) == ["b", "c"]


def test_a_file_that_turns_bad_keeps_its_last_job(folder, caplog):
    """It is Airflow's and the linter's to show; the vendor is pinged as before."""
    watched = JobFolder(folder)
    watched.refresh()
    write(folder, "a", "  heartbeet: false\n")
    assert not watched.refresh()
    assert ids(watched) == ["a", "b"]
    assert "did you mean 'heartbeat'" in caplog.text
    write(folder, "a", "  heartbeat: false\n")
    assert watched.refresh()
    assert [job.heartbeat for job in watched.jobs if job.id == "a"] == [None]


def test_new_defaults_count_for_every_job_below_them(folder):
    watched = JobFolder(folder)
    watched.refresh()
    (folder / "defaults.yaml").write_text("heartbeat_interval: 7s\n", encoding="utf-8")
    assert watched.refresh()
    assert {job.heartbeat.interval for job in watched.jobs} == {7.0}


def test_a_folder_that_is_not_there_yet_has_no_jobs(tmp_path):
    assert not JobFolder(tmp_path / "later").refresh()
