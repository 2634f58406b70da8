"""The bundle: one DAG file a job, whatever else stands in the jobs folder."""

from __future__ import annotations

import contextlib
import os
import runpy
import tempfile
from pathlib import Path

import pytest
from tests.unit.job_files.hostile_files import HEAD, lay_out

from hms_syn import errors
from hms_syn.bundle import JobsDagBundle
from hms_syn.job_files import load_folder


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """The bundle of a folder with one good job; inside a task's process, so no database is asked for."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "bundles"))
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "court.yaml").write_text(HEAD, encoding="utf-8")
    return JobsDagBundle(name="jobs", jobs_folder=str(jobs))


def stub(bundle, name="court"):
    return bundle.path / f"{name}.py"


def dags(bundle, name="court"):
    return [key for key in runpy.run_path(str(stub(bundle, name))) if key.startswith("syn.")]


def parsed_at(bundle):
    """When Airflow is to parse the job again; it looks at nothing else."""
    return stub(bundle).stat().st_mtime_ns


def aged(path):
    """Let a file look a minute older than it is."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns - 60_000_000_000))


def test_a_good_job_has_its_dags_beside_every_mistaken_and_hostile_file(bundle):
    """None of them stops the others, hangs, or has its text run as Python; each tells Airflow its place and reason."""
    told = lay_out(bundle._jobs)
    bundle.refresh()
    assert dags(bundle) == ["syn.court.push"]
    for name in told:
        with pytest.raises(errors.JobFileInvalid):
            dags(bundle, name.removesuffix(".yaml"))


def test_a_file_that_may_hold_a_secret_is_not_shown_in_the_code_tab(bundle):
    (bundle._jobs / "court.yaml").write_text(HEAD + "  password: hunter2\n", encoding="utf-8")
    bundle.refresh()
    text = stub(bundle).read_text(encoding="utf-8")
    assert "hunter2" not in text
    assert "is not shown" in text


def test_only_what_has_changed_is_parsed_again(bundle):
    bundle.refresh()
    aged(stub(bundle))
    before = parsed_at(bundle)
    bundle.refresh()
    assert parsed_at(bundle) == before


@pytest.mark.parametrize("name", ["court.yaml", "defaults.yaml"])
def test_a_job_is_parsed_again_when_its_file_or_the_defaults_above_it_change(bundle, name):
    """Also when what Airflow reads stays the same: the second text of a broken file has another problem."""
    (bundle._jobs / "court.yaml").write_text("job: [\n", encoding="utf-8")
    bundle.refresh()
    aged(stub(bundle))
    before = parsed_at(bundle)
    (bundle._jobs / name).write_text("job:\n  owner: [court\n", encoding="utf-8")
    bundle.refresh()
    assert parsed_at(bundle) > before


def test_a_job_whose_file_is_gone_has_no_dag_file(bundle):
    bundle.refresh()
    (bundle._jobs / "court.yaml").unlink()
    bundle.refresh()
    assert not stub(bundle).exists()


def test_the_dags_stay_while_the_folder_cannot_be_read(bundle, caplog):
    """A share that is away for a moment does not take a thousand jobs with it."""
    bundle.refresh()
    bundle._jobs.rename(bundle._jobs.with_name("away"))
    bundle._jobs.symlink_to(bundle._jobs)
    bundle.refresh()
    assert stub(bundle).exists()
    assert "cannot be read" in caplog.text


def test_a_folder_that_may_not_be_read_is_a_problem():
    """Jobs do not vanish without a word."""
    with tempfile.TemporaryDirectory() as folder, unreadable(Path(folder, "closed")):
        Path(folder, "court.yaml").write_text(HEAD, encoding="utf-8")
        with nobody():
            found, problems = load_folder(folder)
    assert [job.id for job in found] == ["court"]
    assert [problem.text for problem in problems] == ["cannot be read: Permission denied"]


@contextlib.contextmanager
def unreadable(folder):
    """A folder that nobody may look into, in one that everybody may."""
    folder.parent.chmod(0o755)
    folder.mkdir(mode=0)
    try:
        yield
    finally:
        folder.chmod(0o755)


@contextlib.contextmanager
def nobody():
    """Be somebody whom permissions concern."""
    was_root = os.geteuid() == 0
    try:
        if was_root:
            os.seteuid(65534)
        yield
    finally:
        if was_root:
            os.seteuid(0)


def test_two_files_whose_dag_files_would_have_one_name_are_both_there(bundle):
    """``deeds/records.yaml`` and ``deeds__records.yaml`` are two jobs."""
    (bundle._jobs / "deeds").mkdir()
    for name in ("deeds/records.yaml", "deeds__records.yaml"):
        (bundle._jobs / name).write_text(HEAD, encoding="utf-8")
    bundle.refresh()
    found = sorted(key for path in bundle.path.glob("deeds*.py") for key in dags(bundle, path.stem))
    assert found == ["syn.deeds__records.push", "syn.records.push"]
