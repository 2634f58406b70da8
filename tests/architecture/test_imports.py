"""What importing costs, and that it does nothing else. Each question is asked in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
QUESTION = """
import importlib, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print(*sorted(set(sys.argv[2].split(",")) & set(sys.modules)))
"""
WATCHED = """
import importlib, os, sys, sysconfig

ours, stdlib, wrong = sys.argv[2], sysconfig.get_paths()["stdlib"], []
acts = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "sqlite3.connect")

def is_ours():  # the nearest frame that is not the standard library's; another module's import is its own affair
    frame = sys._getframe(2)
    while frame:
        name = frame.f_code.co_filename
        if name.startswith(ours) or name.startswith("<frozen importlib"):
            return name.startswith(ours)
        if not name.startswith(stdlib) or "site-packages" in name:
            return False
        frame = frame.f_back

def watch(event, args):
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if (event in acts or writes) and is_ours():
        wrong.append(f"{event} {args[0]!r}")

sys.addaudithook(watch)
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print(*wrong, sep="\\n")
"""


@pytest.fixture
def fresh(tmp_path):
    """Run a script in a process of its own, in an empty Airflow home."""

    def run(script, *arguments):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, *arguments],  # others warn of others while they are imported
            cwd=tmp_path,
            env={**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow"), "PYTHONPATH": str(PLUGINS)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def names(*folders):
    """Every importable module below these folders; migrations are Alembic's to load."""
    found = []
    for folder in folders:
        for path in sorted((PLUGINS / folder).rglob("*.py")):
            parts = path.relative_to(PLUGINS).with_suffix("").parts
            if "migrations" not in parts:
                found.append(".".join(parts).removesuffix(".__init__"))
    return found


ENGINE = names("hms_syn/flow", "hms_syn/domain", "hms_syn/store", "hms_syn/adapters", "hms_syn/job_files")


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [
        pytest.param([*ENGINE, "hms_syn.wiring", "hms_a2a"], "airflow", id="the engine knows no Airflow"),
        pytest.param(names("hms_syn/flow", "hms_syn/domain"), "airflow,sqlalchemy,zeep", id="the flow knows no SQL"),
        pytest.param(["hms_syn.cli.main"], "airflow,zeep,sqlalchemy,pydantic", id="the command line starts at once"),
        pytest.param(["hms_a2a"], "airflow,zeep,sqlalchemy,pydantic,rfc8785", id="the publisher's door is light"),
        pytest.param(["hms_syn.plugin", "hms_syn.provider_info"], "zeep", id="every Airflow process stays light"),
        pytest.param(["hms_syn.factory", *names("hms_syn/triggers")], "zeep", id="parsing a DAG needs no zeep"),
    ],
)
def test_an_import_brings_in_no_more_than_it_needs(fresh, imported, unwanted):
    assert fresh(QUESTION, ",".join(imported), unwanted) == ""


def test_importing_every_module_touches_no_network_and_writes_no_file(fresh):
    assert fresh(WATCHED, ",".join(names("hms_syn", "hms_a2a")), str(PLUGINS)) == ""


def test_the_watch_would_have_seen_it(fresh, tmp_path):
    (tmp_path / "noisy.py").write_text("import sqlite3\nsqlite3.connect('x.db')\nopen('y', 'w').close()\n")
    assert fresh(WATCHED, "noisy", str(tmp_path)).count("\n") == 1
