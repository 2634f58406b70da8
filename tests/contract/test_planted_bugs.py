"""The conformance suite can fail: for each of its promises there is an adapter that breaks it, and is caught."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from tests.harness.third_party import ROOT, installed

from hms_syn.conformance import Conformance

PLANTED = ROOT / "tests" / "vendors" / "planted"
SHARED = "Translating"
BUGS = dict(
    re.findall(
        r'^class (\w+)\(.*?^    caught_by = "([^"]+)"',
        "".join(path.read_text(encoding="utf-8").replace(f"class {SHARED}(", "") for path in PLANTED.glob("*.py")),
        re.MULTILINE | re.DOTALL,
    )
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, str]:
    """What pytest said of each bug, by the suite's own failure text."""
    place = tmp_path_factory.mktemp("planted")
    report = place / "report.xml"
    suites = (PLANTED / "suites.py").relative_to(ROOT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}"]
    command += ["-o", "addopts=--import-mode=importlib", *(f"{suites}::Test{b}::{test}" for b, test in BUGS.items())]
    done = subprocess.run(
        command, cwd=ROOT, env=installed(place / "site"), capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = {}
    for case in ET.parse(report).iter("testcase"):
        for failure in case.iter("failure"):
            found[case.get("classname").rpartition(".Test")[2]] = failure.get("message")
    return found


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_fails_the_test_that_names_it(verdicts, bug):
    assert verdicts.get(bug, "it was not caught").startswith("hms_syn.conformance.violation.Violation")


def test_no_promise_of_the_suite_is_one_that_cannot_be_broken():
    promises = {name for name in dir(Conformance) if name.startswith("test_")}
    assert {test.partition("[")[0] for test in BUGS.values()} == promises


def test_every_planted_bug_is_read():
    classes = [
        re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        for path in PLANTED.glob("*.py")
        if path.name != "suites.py"
    ]
    assert {name for names in classes for name in names} - {SHARED} == set(BUGS)
