"""The bundle: one DAG file a job, whatever else stands in the jobs folder."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import tempfile
from pathlib import Path

import pytest
from tests.unit.job_files.hostile_files import HEAD, lay_out

from hms_syn import errors
from hms_syn.bundle import JobsDagBundle
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_folder
from hms_syn.store.sound_files import SoundFiles
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The queue beside an Airflow whose database is another."""
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    store = SqlStore(url)
    store.create()
    yield store
    store.close()


@pytest.fixture
def bundle(tmp_path, monkeypatch, store):
    """The bundle of a folder with one good job, as the dag-processor has it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path}/airflow.db")
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "bundles"))
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "False")
    monkeypatch.setattr(JobsDagBundle, "_follow_switches", lambda _: None)  # there is no Airflow to follow
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "court.yaml").write_text(HEAD, encoding="utf-8")
    return JobsDagBundle(name="jobs", jobs_folder=str(jobs))


@pytest.fixture
def tasks_bundle(bundle, monkeypatch):
    """The bundle that a task begins with, over the same folder: Airflow hides its database from it."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    return bundle


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


def test_a_large_folder_is_looked_at_less_often_and_a_small_one_as_was_asked(bundle):
    """Five seconds are five seconds for some hundred files; a thousand are looked at every six."""
    bundle = JobsDagBundle(name="jobs", jobs_folder=str(bundle._jobs), refresh_interval=5)
    for number in range(999):
        (bundle._jobs / f"j{number}.yaml").write_text("no: job\n", encoding="utf-8")
    bundle.refresh()
    assert bundle.refresh_interval == 6
    for file in bundle._jobs.glob("j*.yaml"):
        file.unlink()
    bundle.refresh()
    assert bundle.refresh_interval == 5


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


def edit(bundle, text, name="court"):
    """Change a job file and let the dag-processor look."""
    (bundle._jobs / f"{name}.yaml").write_text(text, encoding="utf-8")
    bundle.refresh()


def refusal(bundle, name):
    """What Airflow shows as the import error of one DAG file."""
    with pytest.raises(errors.JobFileInvalid) as found:
        dags(bundle, name)
    return str(found.value)


BAD = HEAD.replace("source_topic", "sorce_topic")


def test_a_job_whose_file_turns_bad_goes_on_as_it_last_was_and_what_is_wrong_is_shown(bundle):
    bundle.refresh()
    edit(bundle, BAD)
    assert dags(bundle) == ["syn.court.push"]
    assert "court.yaml:" in refusal(bundle, "_broken_court")
    assert "did you mean 'source_topic'?" in refusal(bundle, "_broken_court")
    edit(bundle, HEAD)
    assert not stub(bundle, "_broken_court").exists()


def test_a_new_dag_processor_knows_what_a_bad_file_last_was(bundle):
    bundle.refresh()
    edit(bundle, BAD)
    for path in bundle.path.glob("*.py"):
        path.unlink()
    after = JobsDagBundle(name="jobs", jobs_folder=str(bundle._jobs))
    after.refresh()
    assert dags(after) == ["syn.court.push"]
    assert "sorce_topic" in refusal(after, "_broken_court")


def test_a_file_that_never_was_sound_has_no_dags_and_one_error(bundle):
    edit(bundle, BAD, "recorder")
    assert "sorce_topic" in refusal(bundle, "recorder")
    assert not stub(bundle, "_broken_recorder").exists()


def test_a_file_that_was_removed_and_comes_back_bad_is_a_new_one(bundle):
    bundle.refresh()
    (bundle._jobs / "court.yaml").unlink()
    bundle.refresh()
    edit(bundle, BAD)
    assert "sorce_topic" in refusal(bundle, "court")


def test_of_two_files_with_one_id_the_first_runs_and_the_second_is_refused_by_both_names(bundle, store):
    bundle.refresh()
    second = bundle._jobs / "court.yml"
    second.write_text(HEAD.replace("a.b", "a.c"), encoding="utf-8")
    bundle.refresh()
    (name,) = (path.stem for path in bundle.path.glob("court__*.py"))
    assert dags(bundle) == ["syn.court.push"]
    said = refusal(bundle, name)
    assert f"{second}:1:1: error: job.id: the id 'court' is already taken by {bundle._jobs / 'court.yaml'}" in said
    assert [each.topics for each in store.subscriptions()[1]] == [("a.b",)]


def test_the_second_of_two_files_with_one_id_runs_when_the_first_is_gone(bundle, store):
    for folder in ("x", "y"):
        (bundle._jobs / folder).mkdir()
        text = HEAD.replace("a.b", f"a.{folder}")
        (bundle._jobs / folder / "deeds.yaml").write_text(text, encoding="utf-8")
    bundle.refresh()
    assert "already taken" in refusal(bundle, "y__deeds")
    (bundle._jobs / "x" / "deeds.yaml").unlink()
    bundle.refresh()
    assert dags(bundle, "y__deeds") == ["syn.deeds.push"]
    assert {each.job: each.topics for each in store.subscriptions(again=True)[1]}["deeds"] == ("a.y",)


@pytest.mark.parametrize("named", ["schema: hearing.json", "request: {wsdl: hearing.json}"])
def test_a_job_is_parsed_again_when_a_file_that_it_names_changes(bundle, named):
    schema = bundle._jobs / "hearing.json"
    schema.write_text("{}", encoding="utf-8")
    edit(bundle, HEAD.replace("rest.json", "oracle.soap") + f"  push: {{{named}}}\n")
    aged(stub(bundle))
    before = parsed_at(bundle)
    bundle.refresh()
    assert parsed_at(bundle) == before
    schema.write_text('{"type": "object"}', encoding="utf-8")
    bundle.refresh()
    assert parsed_at(bundle) > before


def test_a_task_finds_its_job_and_touches_nothing_that_is_there(tasks_bundle):
    """A task begins in a moment, however many files there are, and the dag-processor is not made to parse again."""
    tasks_bundle.refresh()
    assert dags(tasks_bundle) == ["syn.court.push"]
    stub(tasks_bundle).write_text("# the dag-processor's", encoding="utf-8")
    (tasks_bundle._jobs / "court.yaml").write_text(BAD, encoding="utf-8")
    tasks_bundle.refresh()
    assert stub(tasks_bundle).read_text(encoding="utf-8") == "# the dag-processor's"


@pytest.mark.parametrize("is_new", [False, True], ids=["while it looked on", "before it began"])
def test_a_job_whose_file_is_gone_is_parked_until_it_is_back(bundle, store, is_new):
    bundle.refresh()
    publish(store, [new_event("a.b", {"case_id": "HUD-22-109"}, agency="hud")])
    (bundle._jobs / "court.yaml").unlink()
    after = JobsDagBundle(name="jobs", jobs_folder=str(bundle._jobs)) if is_new else bundle
    after.refresh()
    assert SoundFiles(store, "jobs").parked() == ["court"]
    edit(after, HEAD)
    assert SoundFiles(store, "jobs").parked() == []


@pytest.mark.parametrize(
    ("before", "after", "is_parsed"),
    [
        ({}, False, False),
        ({"syn.court.push": True}, False, True),
        ({"syn.court.push": False}, False, False),
        ({}, True, False),
    ],
    ids=["new and on", "switched on", "stays on", "new and off"],
)
def test_a_job_is_parsed_again_when_it_is_switched_on_and_not_because_it_is_new(bundle, before, after, is_parsed):
    """A new folder of a thousand jobs is parsed once."""
    bundle.refresh()
    bundle._parse_again(before)
    aged(stub(bundle))
    at = parsed_at(bundle)
    bundle._parse_again({"syn.court.push": after})
    assert (parsed_at(bundle) > at) == is_parsed


def test_a_job_that_began_paused_and_is_on_at_first_sight_is_parsed_again(bundle):
    edit(bundle, HEAD + "  start_paused: true\n")
    bundle._parse_again({})
    aged(stub(bundle))
    at = parsed_at(bundle)
    bundle._parse_again({"syn.court.push": False})
    assert parsed_at(bundle) > at
