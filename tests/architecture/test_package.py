"""The wheel: everything the product needs, and nothing else."""

from __future__ import annotations

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names and a reader of a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        yield opened


def test_the_wheel_holds_every_part(wheel):
    names = set(wheel.namelist())
    wanted = {
        "hms_a2a/__init__.py",
        "hms_a2a/py.typed",
        "hms_syn/py.typed",
        "hms_syn/alembic.ini",
        "hms_syn/migrations/env.py",
        "hms_syn/migrations/script.py.mako",
        "hms_syn/migrations/versions/0001_0_1_0_create_the_queue.py",
        "hms_syn/samples/dags/hms_syn_audit.py",
        "hms_syn/samples/dags/hms_syn_heartbeat.py",
        "hms_syn/samples/dags/hms_syn_jobs.py",
        "hms_syn/samples/jobs/court_calendar_sync.yaml",
        "hms_syn/samples/jobs/court_eviction_sync.yaml",
        "hms_syn/samples/jobs/hospital_records_sync.yaml",
        "hms_syn/samples/jobs/state_payments_sync.yaml",
        "hms_syn/sandbox/court.wsdl",
        "hms_syn/sandbox/court.css",
        "hms_syn/sandbox/payments.openapi.yaml",
    }
    assert wanted - names == set()
    package = ROOT / "plugins" / "hms_syn"
    sources = [*package.rglob("*.py"), *(package / "console" / "static").iterdir()]
    assert {path.relative_to(ROOT / "plugins").as_posix() for path in sources} - names == set()


def test_the_wheel_holds_no_tests_docs_or_dags(wheel):
    roots = {name.split("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.startswith("hms_")} == set()
    assert [name for name in wheel.namelist() if "test" in name.lower() or name.endswith(".pyc")] == []


def test_airflow_and_the_shell_find_the_package(wheel):
    (place,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    parser = configparser.ConfigParser(delimiters="=")
    parser.read_string(wheel.read(place).decode())
    assert parser["airflow.plugins"]["hms_syn"] == "hms_syn.plugin:HmsSynPlugin"
    assert parser["apache_airflow_provider"]["provider_info"] == "hms_syn.provider_info:get_provider_info"
    assert parser["console_scripts"]["hms-syn"] == "hms_syn.cli.main:main"


def test_the_licence_travels_along(wheel):
    assert [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
