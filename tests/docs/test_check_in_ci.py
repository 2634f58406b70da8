"""The page about CI: its files are the example's, which passes its own check, and fails it where it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs import pages

import hms_syn

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(240)]
PAGE = pages.DOCS / "check-in-ci.md"
EXAMPLE = pages.DOCS / "examples" / "agency"
UNFIT = '{"case_id": "HUD-22-109", "day": "2024-09-02"}'


@pytest.mark.parametrize(("language", "file"), [("sh", "check.sh"), ("yml", ".github/workflows/jobs.yml")])
def test_the_page_shows_the_file(language, file):
    [block] = pages.blocks(PAGE, language)
    assert block.text == pages.text_of(EXAMPLE / file)


def test_the_example_asks_for_this_release():
    assert pages.text_of(EXAMPLE / "requirements.txt") == f"hms-syn=={hms_syn.__version__}\n"


@pytest.fixture(scope="module")
def agency(tmp_path_factory):
    """Make the repository as the page says: the example, what 'init' writes into it, and one more job."""
    place = tmp_path_factory.mktemp("repository") / "agency"
    shutil.copytree(EXAMPLE, place)
    assert run(place, "hms-syn", "init").returncode == 0
    assert run(place, "hms-syn", "new", "permits", "--adapter", "rest.json.v1").returncode == 0
    return place


def run(place, *command):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    nobody = '{"conn_type": "hms_rest", "extra": {"auth": "none"}}'
    env = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "AIRFLOW_CONN_COURT_HEARINGS": nobody,
        "AIRFLOW_CONN_PERMITS": nobody,
        "AIRFLOW__HMS_SYN__JOBS_FOLDER": str(place / "jobs"),
    }
    out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, cwd=place, env=env, check=False, **out)


def test_the_example_passes_its_own_check(agency):
    done = run(agency, "./check.sh")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "2 files, no problems" in done.stdout
    assert "Dry run: 1 payload(s) fit" in done.stdout


def test_an_event_that_does_not_fit_fails_the_check_at_once(agency):
    """It is the new job's event, and Airflow's retries are not waited for."""
    (agency / "events" / "court_hearings.json").rename(agency / "events" / "permits.json")
    (agency / "events" / "permits.json").write_text(UNFIT, encoding="utf-8")
    done = run(agency, "./check.sh")
    assert done.returncode == 1
    assert "Dry run: Field 'hearingDate': the expression 'date' finds nothing" in done.stdout
    assert "up_for_retry" not in done.stdout


def test_a_wrong_key_stands_beside_its_line_of_the_pull_request(agency):
    """Lint comes first, so Airflow is not even asked."""
    file = agency / "jobs" / "court_hearings.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("ordering_key", "ordering_kay"), encoding="utf-8")
    done = run(agency, "./check.sh", "github")
    assert done.returncode == 1
    assert "::error file=jobs/court_hearings.yaml,line=9,col=5::job.push.ordering_kay: unknown key" in done.stdout
