"""The guards: rules of our own for habits that the design forbids, each shown once broken and once kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = {
    rule["id"]: file.with_suffix(".py")
    for file in sorted((ROOT / "guards").glob("*.yaml"))
    for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_shown_broken_and_kept(rule):
    shown = RULES[rule].read_text(encoding="utf-8")
    assert re.search(rf"^# ruleid: {rule}$", shown, re.MULTILINE)
    assert re.search(rf"^# ok: {rule}$", shown, re.MULTILINE)


def test_every_exception_in_the_code_names_its_rule_and_its_reason():
    for file in sorted((ROOT / "plugins").rglob("*.py")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if "nosemgrep" in line:
                said = re.search(r"# nosemgrep: ([\w-]+) - \w+ \w+", line)
                assert said, f"{file}: {line.strip()}"
                assert said[1] in RULES


def test_a_check_runs_the_guards():
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^check:.*\bguards\b.*##", make, re.MULTILINE)
