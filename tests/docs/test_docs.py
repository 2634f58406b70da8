"""The documentation is true: its code runs, its links lead somewhere, its lists are whole, its drawing is right."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs import pages

from hms_syn import errors, job_files, settings
from hms_syn.adapters import registry
from hms_syn.cli import main
from hms_syn.cli.commands import COMMANDS
from hms_syn.domain import audit_entry, delivery
from hms_syn.job_files import model
from hms_syn.sandbox.court_soap import serve
from hms_syn.store import views
from hms_syn.store.sql_store import SqlStore

ENDLESS = {"demo", "start"}
"""Commands that start an Airflow or need one; they are only read, and have tests of their own."""
EIGHT_LINES = """
job:
  name: "HUD → CountyCourtCalendar"
  push_adapter: "oracle.soap.v1"
  pull_adapter: "oracle.soap.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "https://court.example.gov/soap"
"""
by_page = pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: str(page.relative_to(pages.ROOT)))


@pytest.fixture
def place(tmp_path):
    """Make a folder with the sample jobs, an Airflow home with the queue's tables, and a court that listens."""
    shutil.copytree(pages.ROOT / "jobs", tmp_path / "jobs", ignore=shutil.ignore_patterns("*.md"))
    home = tmp_path / "airflow"
    home.mkdir()
    url = f"sqlite:///{home}/airflow.db"
    with contextlib.closing(SqlStore(url)) as store:
        store.create()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    with serve() as court:
        yield (
            tmp_path,
            {
                **kept,
                "AIRFLOW_HOME": str(home),
                "AIRFLOW_CONN_HMS_SYN_DB": json.dumps({"conn_type": "generic", "extra": {"url": url}}),
                "COURT_ENDPOINT": f"{court}/soap",
                "COLUMNS": "200",
                "PYTHONPATH": str(pages.ROOT / "plugins"),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
            },
        )


@by_page
def test_what_a_page_tells_people_to_run_runs(page, place):
    folder, env = place
    for block in pages.blocks(page, "python", "bash", "console", "yaml"):
        if block.language == "yaml":
            if named := pages.file_name(block):
                (folder / named).write_text(block.text, encoding="utf-8")
            continue
        if block.language == "python":
            done = run([sys.executable, "-c", block.text], folder, env)
            assert done.returncode == 0, f"{block}\n{done.stdout}"
            continue
        for command, expected in pages.commands(block):
            check_command(block, command, expected, folder, env)


def check_command(block, command, expected, folder, env):
    """Run ``$ hms-syn …`` and compare; of every other command only look whether it is one of ours that exists."""
    words = shlex.split(re.split(r" \|\| | && | >>? ", command)[0])
    if words[0] == "make":
        made = {word for word in words[1:] if "=" not in word}
        assert made <= targets(), f"{block}: {command}"
    if Path(words[0]).name != "hms-syn":
        return
    parsed = main.parser().parse_args(words[1:])  # exits with 2 where the documentation is wrong
    if expected is None or parsed.command.name in ENDLESS:
        return
    done = run(["bash", "-c", command], folder, env)
    assert done.returncode == 0, f"{block}: {command}\n{done.stdout}"
    printed = iter(done.stdout.splitlines())
    for line in expected:
        assert any(pages.looks_like(line, given) for given in printed), f"{block}: {line!r} is not in\n{done.stdout}"


def run(command, folder, env):
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


def targets():
    return set(re.findall(r"^([a-z-]+):", (pages.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@by_page
def test_every_job_a_page_shows_is_a_sound_job(page, tmp_path):
    for number, block in enumerate(pages.blocks(page, "yaml")):
        whole = re.search(r"^job:", block.text, re.MULTILINE)
        indented = "".join(f"  {line}" for line in block.text.splitlines(keepends=True))
        file = tmp_path / f"job_{number}.yaml"
        file.write_text(block.text if whole else EIGHT_LINES + indented, encoding="utf-8")
        try:
            job_files.load_job(file)
        except errors.JobFileInvalid as error:
            pytest.fail(f"{block}: {error}")


@by_page
def test_every_link_inside_the_project_leads_somewhere(page):
    broken = []
    for link in pages.LINK.findall(pages.FENCE.sub("", pages.text_of(page))):
        place, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in pages.anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_found_from_the_index():
    seen, todo = set(), [pages.DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in pages.LINK.findall(pages.text_of(page))]
        found = [(page.parent / link).resolve() for link in links if link and "://" not in link]
        todo += [each for path in found for each in (sorted(path.glob("*.md")) if path.is_dir() else [path])]
    assert set(pages.DOCS.rglob("*.md")) <= seen


def test_the_reference_is_what_the_code_says_today(tmp_path):
    spec = importlib.util.spec_from_file_location("generate_reference", pages.DOCS / "generate_reference.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    generator.write(tmp_path)
    fresh = {path.name: pages.text_of(path) for path in tmp_path.iterdir()}
    kept = {path.name: pages.text_of(path) for path in (pages.DOCS / "reference").iterdir()}
    assert kept == fresh, "run: .venv/bin/python docs/generate_reference.py"


def test_the_schema_is_what_the_model_says_today():
    spec = importlib.util.spec_from_file_location("generate_schema", pages.DOCS / "generate_schema.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert pages.text_of(generator.PLACE) == generator.text(), "run: .venv/bin/python docs/generate_schema.py"


def test_the_drawing_of_the_lifecycle_is_the_table_of_moves():
    [drawing] = pages.blocks(pages.DOCS / "delivery-lifecycle.md", "mermaid")
    arrows = set(re.findall(r"^ +(\w+) --> (\w+)", drawing.text, re.MULTILINE))
    assert arrows == {(start.value, end.value) for start, ends in delivery.MOVES.items() for end in ends}
    ends = set(re.findall(r"(\w+) --> \[\*\]", drawing.text))
    assert ends == {state.value for state, moves in delivery.MOVES.items() if not moves}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param("reference/commands.md", [f"## hms-syn {command.name}" for command in COMMANDS], id="commands"),
        pytest.param("reference/settings.md", [f"`{name}`" for name in settings.OPTIONS], id="settings"),
        pytest.param("reference/adapters.md", [f"## {name}" for name in registry.known_adapters()], id="adapters"),
        pytest.param("reference/tables.md", [f"## {name}" for name in views.NAMES], id="views"),
        pytest.param("delivery-lifecycle.md", [f"| `{state.value}` |" for state in delivery.State], id="states"),
        pytest.param(
            "delivery-lifecycle.md", [f"| `{outcome.value}` |" for outcome in delivery.Outcome], id="outcomes"
        ),
        pytest.param(
            "delivery-lifecycle.md",
            [f"| `{cause}` |" for cause in re.findall(r"(?:THEN|ELSE) '(\w+)'", views.HEAD)],
            id="causes",
        ),
        pytest.param("audit.md", [f"`{event}`" for event in audit_entry.EVENTS], id="audit events"),
    ],
)
def test_everything_public_is_documented(page, words):
    text = pages.text_of(pages.DOCS / page)
    assert [word for word in words if word not in text] == []


def test_every_error_and_its_code_is_documented():
    text = pages.text_of(pages.DOCS / "reference" / "errors.md")
    todo = [errors.SynError]
    while todo:
        error = todo.pop()
        todo += [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
        assert f"| `{error.__name__}` | `{error.code}` |" in text


def test_the_changelog_names_every_key_this_release_refuses():
    text = pages.text_of(pages.ROOT / "CHANGELOG.md")
    refused = [
        ".".join((*path, name))
        for path, section in model.SECTIONS.items()
        for name, field in section.model_fields.items()
        if field.annotation in (None, type(None))
    ]
    assert refused
    assert [key for key in refused if f"`{key.removeprefix('job.')}`" not in text] == []
