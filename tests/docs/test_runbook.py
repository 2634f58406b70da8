"""Whoever is called finds a section: for each alert, each cause on the board, and each check of the doctor."""

from __future__ import annotations

import importlib.util
import re

import pytest
from tests.docs import pages

from hms_syn.cli import doctor_airflow
from hms_syn.domain import incident
from hms_syn.hooks import notifiers
from hms_syn.store import views

PAGE = pages.DOCS / "runbook.md"
CLI = pages.ROOT / "plugins" / "hms_syn" / "cli"
FOUND = re.compile(r'\b(?:ok|unseen|warning|problem)\(\s*"([^"]+)"')
LISTENING = re.compile(r'^ +\("(\w+)", "\w+", (?:bells|pings), ', re.MULTILINE)


def generator():
    spec = importlib.util.spec_from_file_location("generate_runbook", pages.DOCS / "generate_runbook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checks():
    """Return the name of every check that the doctor's code can speak of."""
    said = "\n".join(path.read_text(encoding="utf-8") for path in CLI.glob("doctor*.py"))
    return {*FOUND.findall(said), *LISTENING.findall(said), *doctor_airflow.THRESHOLDS}


def causes():
    return {*re.findall(r"(?:THEN|ELSE) '(\w+)'", views.HEAD), "maintenance"}


def sections():
    """Return each section's text by its title."""
    return dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", pages.text_of(PAGE), re.MULTILINE | re.DOTALL))


def test_the_doctor_is_read_whole():
    """The names are found in its code; the page that shows an examination has no other."""
    shown = next(block.text for block in pages.blocks(pages.DOCS / "operate.md", "text") if "doorbells" in block.text)
    printed = {line[9:22].strip() for line in shown.splitlines()}
    assert printed <= checks()
    assert len(checks() - printed) <= 1, "an examination shows every check but what is told only when it goes wrong"


def test_every_trouble_has_its_section_and_no_section_is_about_nothing():
    wanted = {f"Alert: {kind}" for kind in incident.KINDS}
    wanted |= {f"Nothing moves: {cause}" for cause in causes()}
    wanted |= {f"Doctor: {check}" for check in checks()}
    assert set(sections()) == wanted


@pytest.mark.parametrize("title", sections())
def test_a_section_says_what_it_means_where_to_look_what_to_do_and_when_it_is_over(title):
    assert re.findall(r"^\*\*(\w+)\.\*\* \S", sections()[title], re.MULTILINE) == ["Means", "Look", "Do", "Over"]


def test_the_console_shows_this_page():
    made = generator()
    assert pages.text_of(made.PLACE) == made.text(), "run: .venv/bin/python docs/generate_runbook.py"


def test_alerts_and_the_board_lead_to_their_sections(monkeypatch):
    """By the anchors that the page in the console has."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.gov/east/")
    anchors = set(re.findall(r'<h2 id="([^"]+)"', pages.text_of(generator().PLACE)))
    assert {f"nothing-moves-{cause}" for cause in causes()} <= anchors
    guides = [notifiers.guide(kind).partition("#") for kind in incident.KINDS]
    assert {place for place, _, _ in guides} == {"https://airflow.example.gov/east/hms-syn/runbook.html"}
    assert {anchor for _, _, anchor in guides} <= anchors
