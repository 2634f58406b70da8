"""A folder of job files: defaults, duplicates, and how one bad file leaves the others alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hms_syn import errors
from hms_syn.job_files import job_path, load_folder, load_job, shown_text

MINIMAL = (
    "job:\n  name: Court\n  push_adapter: soap\n  source_topic: a.b\n  target_endpoint: https://court.example.gov/\n"
)


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_one_bad_file_never_hides_another(tmp_path: Path) -> None:
    """Sound files are jobs; each bad one is reported."""
    for name in ("a.yaml", "sub/b.yml", ".hidden.yaml", ".git/c.yaml", "notes.txt"):
        write(tmp_path, name, MINIMAL)
    write(tmp_path, "bad.yaml", "[" * 3000)
    jobs, problems = load_folder(tmp_path, adapters=["soap"])
    assert [job.id for job in jobs] == ["a", "b"]
    assert [str(problem) for problem in problems] == [
        f"{tmp_path}/bad.yaml:1:21: error: is nested deeper than 20 levels"
    ]


def test_defaults_fill_in_what_a_job_leaves_out(tmp_path: Path) -> None:
    """The nearest folder wins, maps merge, lists are replaced, tags are joined."""
    write(
        tmp_path,
        "defaults.yaml",
        "heartbeat_interval: 9s\njob:\n  owner: top\n  tags: [hms]\n  allow_private: [10.0.0.0/8]\n"
        "  retry: {initial_delay: 1s, jitter: 0.5}\n  pull: {page_size: 5}\n",
    )
    write(tmp_path, "court/defaults.yaml", "job:\n  owner: near\n  tags: [court]\n  retry: {jitter: 0.1}\n")
    own = "  tags: [mine]\n  allow_private: [127.0.0.0/8]\n  heartbeat: {timeout: 1s}\n"
    file = write(tmp_path, "court/a.yaml", MINIMAL + own)
    job = load_job(file, adapters=["soap"], root=tmp_path)
    assert (job.owner, job.tags, job.allow_private) == ("near", ("hms", "court", "mine"), ("127.0.0.0/8",))
    assert (job.retry.initial_delay, job.retry.jitter, job.pull) == (1.0, 0.1, None)
    assert job.heartbeat is not None
    assert (job.heartbeat.interval, job.heartbeat.timeout) == (9.0, 1.0)


def test_defaults_above_the_root_do_not_count(tmp_path: Path) -> None:
    """Nothing outside the jobs folder changes a job."""
    write(tmp_path, "defaults.yaml", "job: {owner: outside}\n")
    file = write(tmp_path, "jobs/a.yaml", MINIMAL)
    assert load_job(file, adapters=["soap"]).owner == "hms-syn"


def test_defaults_can_switch_the_heartbeat_off_and_a_job_on_again(tmp_path: Path) -> None:
    """The job's own line is nearer than the folder's."""
    write(tmp_path, "defaults.yaml", "job: {heartbeat: false}\n")
    off = load_job(write(tmp_path, "off.yaml", MINIMAL), adapters=["soap"])
    on = load_job(write(tmp_path, "on.yaml", MINIMAL + "heartbeat_interval: 3s\n"), adapters=["soap"])
    assert off.heartbeat is None
    assert on.heartbeat is not None
    assert on.heartbeat.interval == 3.0


def test_a_problem_in_the_defaults_is_shown_there_and_once(tmp_path: Path) -> None:
    """Two jobs that inherit one mistake give one line, with the place of the mistake."""
    write(tmp_path, "defaults.yaml", "job:\n  id: x\n  retry: {jitter: lots}\n")
    write(tmp_path, "a.yaml", MINIMAL)
    write(tmp_path, "b.yaml", MINIMAL)
    jobs, problems = load_folder(tmp_path, adapters=["soap"])
    assert jobs == []
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in problems] == [
        "defaults.yaml:2:3: error: job.id: belongs to one job; write it in the job's own file",
        "defaults.yaml:3:19: error: job.retry.jitter: 'lots' is not a number from 0 to 1",
    ]


def test_of_two_files_with_one_id_one_is_kept(tmp_path: Path) -> None:
    """The file named after the id is kept, the other is reported with both names."""
    write(tmp_path, "a.yaml", MINIMAL + "  id: court\n")
    write(tmp_path, "court.yaml", MINIMAL)
    jobs, problems = load_folder(tmp_path, adapters=["soap"])
    assert [job.file for job in jobs] == [str(tmp_path / "court.yaml")]
    taken = "the id 'court' is already taken by court.yaml; this file is left out until one of them has another id"
    lines = [str(problem).replace(f"{tmp_path}/", "") for problem in problems]
    assert lines == [f"a.yaml:6:7: error: job.id: {taken}"]


def test_a_missing_folder_is_a_problem() -> None:
    """A wrong setting is said, not raised."""
    jobs, problems = load_folder("no/such/folder", adapters=[])
    assert jobs == []
    assert [problem.text for problem in problems] == ["no such folder; create it, or correct [hms_syn] jobs_folder"]


@pytest.mark.parametrize(
    ("job_id", "name"), [("a", "a.yaml"), ("deep", "sub/deep.yml"), ("other", "b.yaml"), ("b", None), ("none", None)]
)
def test_the_file_of_a_job_is_found_by_its_id(tmp_path: Path, job_id: str, name: str | None) -> None:
    """By the file's name, else by the id inside; a file that gave itself another id does not answer to its name."""
    write(tmp_path, "a.yaml", MINIMAL)
    write(tmp_path, "sub/deep.yml", MINIMAL)
    write(tmp_path, "b.yaml", MINIMAL + "  id: other\n")
    assert job_path(tmp_path, job_id) == (None if name is None else tmp_path / name)


def test_a_bad_file_is_still_found_by_its_name(tmp_path: Path) -> None:
    """Whoever looks for the job is told what is wrong with its file."""
    write(tmp_path, "court.yaml", "job: [\n")
    assert job_path(tmp_path, "court") == tmp_path / "court.yaml"


def test_a_thousand_files_load_within_three_seconds(tmp_path: Path) -> None:
    """A large house's folder does not slow Airflow down."""
    for number in range(1000):
        write(tmp_path, f"job{number}.yaml", MINIMAL + "  push: {ordering_key: case_id, timeout: 30s}\n")
    started = time.process_time()
    jobs, problems = load_folder(tmp_path, adapters=["soap"])
    assert time.process_time() - started < 3
    assert (len(jobs), problems) == (1000, [])


def test_a_relative_file_and_an_absolute_root_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults are found however the two are written."""
    write(tmp_path, "defaults.yaml", "job: {owner: top}\n")
    write(tmp_path, "sub/a.yaml", MINIMAL)
    monkeypatch.chdir(tmp_path / "sub")
    assert load_job("a.yaml", adapters=["soap"], root=tmp_path).owner == "top"


def test_unknown_adapters_are_named_from_what_is_installed(tmp_path: Path) -> None:
    """A file is judged by the adapters given to the loader."""
    with pytest.raises(errors.JobFileInvalid, match="no adapter 'soap'; known: rest"):
        load_job(write(tmp_path, "a.yaml", MINIMAL), adapters=["rest"])


def test_a_link_out_of_the_folder_is_refused_and_not_shown(tmp_path: Path) -> None:
    """Links inside the folder are how Kubernetes mounts files, and go on working."""
    elsewhere = write(tmp_path / "elsewhere", "secret.yaml", MINIMAL)
    jobs = tmp_path / "jobs"
    write(jobs, "..data/court.yaml", MINIMAL)
    (jobs / "court.yaml").symlink_to(Path("..data") / "court.yaml")
    (jobs / "other.yaml").symlink_to(elsewhere)
    found, problems = load_folder(jobs, adapters=["soap"])
    assert [job.id for job in found] == ["court"]
    assert [problem.text.partition(";")[0] for problem in problems] == ["is a link out of the jobs folder"]
    assert shown_text(jobs / "other.yaml", root=jobs) is None
    assert shown_text(jobs / "court.yaml", root=jobs) == MINIMAL
    (tmp_path / "mounted").symlink_to(jobs)  # the folder itself may be a link
    assert [job.id for job in load_folder(tmp_path / "mounted", adapters=["soap"])[0]] == ["court"]


def test_an_openapi_document_is_no_job(tmp_path: Path) -> None:
    """Its name says so; one job and two documents are one job."""
    write(tmp_path, "court.yaml", MINIMAL)
    for name in ("court.openapi.yaml", "sub/state.openapi.yml"):
        write(tmp_path, name, "openapi: 3.1.0\n")
    jobs, problems = load_folder(tmp_path, adapters=["soap"])
    assert ([job.id for job in jobs], problems) == (["court"], [])
    assert job_path(tmp_path, "court.openapi") is None


@pytest.mark.parametrize(
    "way", ["push: {request: %s}", "push: {find: {request: %s, match: '@'}}", "pull: {request: %s}"]
)
def test_an_openapi_document_is_in_the_folder_and_not_read(tmp_path: Path, way: str) -> None:
    """Inherited or not, it is a name until a job is checked; one that leads out of the folder is refused."""
    text = MINIMAL.replace("push_adapter: soap", "push_adapter: rest.json.v1\n  pull_adapter: rest.json.v1")
    jobs = tmp_path / "jobs"
    defaults = write(jobs, "defaults.yaml", f"job: {{{way % '{openapi: none.openapi.yaml}'}}}\n")
    file = write(jobs, "pay.yaml", f"{text}  pull: {{dedupe_key: id, request: {{path: /p}}}}\n")
    job = load_job(file, root=jobs)
    assert job.push is None or job.pull is not None
    assert "none.openapi.yaml" in f"{job.push} {job.pull}"
    defaults.write_text(f"job: {{{way % '{openapi: ../any.json}'}}}\n", encoding="utf-8")
    with pytest.raises(errors.JobFileInvalid) as refused:
        load_job(file, root=jobs)
    assert [problem.text.partition(";")[0] for problem in refused.value.problems] == ["leads out of the jobs folder"]
    assert refused.value.problems[0].key.endswith("request.openapi")


@pytest.mark.parametrize("name", ["../elsewhere/any.json", "out/any.json"])
def test_what_a_job_names_is_in_the_folder_too(tmp_path: Path, name: str) -> None:
    """By a path with dots, or by a link on the way."""
    write(tmp_path, "elsewhere/any.json", "{}")
    jobs = tmp_path / "jobs"
    file = write(jobs, "court.yaml", f"{MINIMAL}  push:\n    schema: {name}\n")
    (jobs / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.JobFileInvalid) as refused:
        load_job(file, adapters=["soap"], root=jobs)
    [problem] = refused.value.problems
    assert (problem.line, problem.column, problem.key) == (7, 13, "job.push.schema")
    assert problem.text.startswith("leads out of the jobs folder")
