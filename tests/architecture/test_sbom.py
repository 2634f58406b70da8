"""The list of what is installed: of the image's extras, each part as it is pinned, and no machine in it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = ROOT / "dist" / "hms-syn.cdx.json"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def plain(name):
    """Return a package's name as every index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def listed():
    if not (ROOT / ".venv-sbom" / ".ready").is_file():
        pytest.skip("make sbom has not made its environment here")
    made = []
    for _ in range(2):
        subprocess.run(["make", "sbom"], cwd=ROOT, check=True, capture_output=True)
        made.append(MADE.read_text(encoding="utf-8"))
    assert made[0] == made[1], "the same pins are the same list"
    return made[0]


def test_the_list_is_of_what_the_image_installs():
    make, docker = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "Dockerfile"))
    installed = re.search(r"whl\)\[([\w,]+)\]", docker)[1].split(",")
    assert re.search(r"^EXTRAS := (.+)$", make, re.MULTILINE)[1].split() == installed


def test_what_makes_the_list_is_pinned_without_addresses():
    pins = (ROOT / "guards" / "sbom.txt").read_text(encoding="utf-8")
    assert "cyclonedx-bom" in dict(PIN.findall(pins))
    assert "://" not in pins


def test_a_list_holds_each_part_as_it_is_pinned(listed):
    bom = json.loads(listed)
    pins = {(plain(name), version) for name, version in PIN.findall((ROOT / "constraints.txt").read_text("utf-8"))}
    assert {(plain(part["name"]), part["version"]) for part in bom["components"]} <= pins
    direct = re.search(
        r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    wanted = {plain(name) for name in re.findall(r'^ +"([\w.-]+)', direct[1], re.MULTILINE)}
    assert wanted <= {plain(part["name"]) for part in bom["components"]}
    assert bom["bomFormat"] == "CycloneDX"
    assert bom["metadata"]["component"]["version"]


def test_a_list_names_no_machine_and_no_index(listed):
    assert str(ROOT) not in listed
    assert not re.search(r"file://|[/]simple/|/(?:home|root|tmp|Users)/", listed)
