"""The page on adapters shows the example as it is, and what it tells a third party to run runs, installed as theirs."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys

import pytest
from tests.docs import pages
from tests.harness.third_party import EXAMPLE, installed

from hms_syn.store.sql_store import SqlStore

PAGE = pages.DOCS / "write-an-adapter.md"
BIN = os.path.dirname(sys.executable)  # noqa: PTH120 - not resolved: a venv's python is a link


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A place with the package installed, the job file, and an Airflow home."""
    place = tmp_path_factory.mktemp("theirs")
    env = installed(place / "site")
    kept = {name: value for name, value in env.items() if not name.startswith(("AIRFLOW", "PYTEST"))}
    (place / "letters.yaml").write_bytes((EXAMPLE / "letters.yaml").read_bytes())
    with contextlib.closing(SqlStore(f"sqlite:///{place}/airflow.db")) as store:
        store.create()
    return place, {**kept, "AIRFLOW_HOME": str(place), "PATH": f"{BIN}{os.pathsep}{kept['PATH']}"}


def run(theirs, *command):
    place, env = theirs
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize(
    ("language", "number", "file"),
    [("python", 0, "letterbox/adapter.py"), ("py", 0, "letterbox/pretend.py"), ("py", 1, "test_conformance.py")],
)
def test_the_page_shows_the_file(language, number, file):
    assert pages.blocks(PAGE, language)[number].text == pages.text_of(EXAMPLE / file)


def test_the_page_shows_the_entry_point():
    assert pages.blocks(PAGE, "toml")[0].text in pages.text_of(EXAMPLE / "pyproject.toml")


def test_the_page_names_every_method_of_the_port():
    from hms_syn.ports import Adapter

    members = {name for name in (*vars(Adapter), *Adapter.__annotations__) if not name.startswith("_")}
    table = pages.text_of(PAGE).partition("## What to raise")[0]
    assert {name for name in members if f"| `{name}" not in table} == set()


def test_the_example_passes_the_suite_as_its_own_test(theirs):
    done = run(theirs, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE))
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_suite_runs_without_a_file_of_tests(theirs):
    named = [sys.executable, "-m", "hms_syn.conformance", "letterbox.pretend:Letterbox", "-q", "-k", "preview"]
    done = run(theirs, *named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_a_run_that_names_no_vendor_says_how(theirs):
    done = run(theirs, sys.executable, "-m", "hms_syn.conformance")
    assert done.returncode == 2
    assert "letterbox.pretend:Letterbox" in done.stderr


def test_the_installed_adapter_delivers(theirs):
    """The page's last block, with a free port instead of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    place, env = theirs
    env["LETTERBOX"] = f"http://127.0.0.1:{port}"
    [*_, block] = pages.blocks(PAGE, "bash")
    first, *rest = [line for line, _ in pages.commands(block)]
    words = shlex.split(first.removesuffix("&").replace("8090", port))
    assert words[0] == "python"
    printed = []
    with subprocess.Popen([sys.executable, *words[1:]], cwd=place, env=env, stdout=subprocess.PIPE, text=True) as box:
        try:
            box.stdout.readline()
            for line in rest:
                if line.startswith("export "):
                    name, _, value = shlex.split(line)[1].partition("=")
                    env[name] = json.dumps(json.loads(value))
                    continue
                if line.startswith("cd "):
                    assert pages.ROOT / line[3:] == EXAMPLE
                    continue
                done = run((place, env), *shlex.split(line))
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                printed.append(done.stdout)
        finally:
            box.terminate()
    assert "letter-1 delivered LB-1" in printed[-1]
