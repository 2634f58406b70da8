"""Every mistaken and every hostile file in one folder: each is refused for little, and three good jobs load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.job_files.hostile_files import HEAD, lay_out

from hms_syn.job_files import JobFolder, load_folder

BAD = Path(__file__).parent / "bad"
GOOD = ("court", "hospital", "payments")
MOST_SECONDS, MOST_BYTES = 2.0, 64 * 1024 * 1024
MEMORY = Path("/proc/self/clear_refs")
MEASURE = """
import json, pathlib, re, sys, time
from hms_syn import errors
from hms_syn.job_files import load_job

def held(field):
    return int(re.search(field + r":\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) * 1024

known = ["rest.json.v1", "oracle.soap.v1"]
load_job("court.yaml", adapters=known)
for name in json.loads(sys.stdin.readline()):
    if can_measure := pathlib.Path("/proc/self/clear_refs").exists():
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    before, began = held("VmRSS") if can_measure else 0, time.process_time()
    try:
        load_job(name, adapters=known)
        found = []
    except errors.JobFileInvalid as error:
        found = [(problem.line, problem.column, str(problem)) for problem in error.problems]
    seconds = time.process_time() - began
    print(json.dumps([name, seconds, held("VmHWM") - before if can_measure else 0, found]))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Lay out the folder; with what is expected of each hostile file."""
    folder = tmp_path_factory.mktemp("corpus")
    shutil.copytree(BAD, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.txt"))
    told = lay_out(folder)
    for name in GOOD:
        (folder / f"{name}.yaml").write_text(HEAD, encoding="utf-8")
    return folder, told


@pytest.fixture(scope="module")
def measured(corpus):
    """Load each file in one process of its own; return by name its seconds of CPU, its memory, its problems."""
    folder, _ = corpus
    names = sorted(path.name for path in folder.glob("*.yaml") if path.stem not in GOOD)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=folder,
        env={**os.environ, "SWOLLEN": "x" * 100_000},
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    return {name: (seconds, memory, found) for name, seconds, memory, found in rows}


def test_there_are_a_hundred_and_fifty_ways_to_be_wrong(measured):
    assert len(measured) >= 150


def test_each_is_refused_with_a_line_and_a_short_sentence(measured):
    assert [name for name, (_, _, found) in measured.items() if not found] == []
    assert [name for name, (_, _, found) in measured.items() if len(found) > 101] == []
    assert [
        text
        for _, _, found in measured.values()
        for line, column, text in found
        if line < 1 or column < 1 or len(text) > 400 or not text.isprintable()
    ] == []


def test_each_hostile_file_is_refused_at_its_place_with_its_reason(corpus, measured):
    _, told = corpus
    missed = {
        name: measured[name][2][:3]
        for name, (place, words) in told.items()
        if not any(f"{line}:{column}" == place and words in text for line, column, text in measured[name][2])
    }
    assert missed == {}


def test_none_takes_two_seconds(measured):
    assert {name: seconds for name, (seconds, _, _) in measured.items() if seconds > MOST_SECONDS} == {}


@pytest.mark.skipif(not MEMORY.exists(), reason="the kernel does not tell a process's peak of memory")
def test_none_takes_64_mebibytes(measured):
    assert {name: memory for name, (_, memory, _) in measured.items() if memory > MOST_BYTES} == {}


def test_the_three_good_jobs_load_beside_them(corpus, measured):
    folder, _ = corpus
    jobs, problems = load_folder(folder)
    assert [job.id for job in jobs] == sorted(GOOD)
    named = {Path(problem.file).name for problem in problems}
    assert set(measured) <= named


def test_a_folder_that_is_followed_has_the_three_good_jobs(corpus):
    folder, _ = corpus
    watched = JobFolder(folder)
    assert watched.refresh()
    assert sorted(job.id for job in watched.jobs) == sorted(GOOD)
    assert not watched.refresh()
