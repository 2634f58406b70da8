"""Both ways people install a plugin: as a wheel, and as a mounted plugins folder."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.harness.installed import environment_without_us, install_wheel

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
REPORT = """
import json, queue
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
import hms_syn
print("REPORT" + json.dumps({
    "plugins": [plugin.name for plugin in plugins].count("hms_syn"),
    "errors": errors,
    "where": hms_syn.__file__,
    "stdlib queue": queue.__file__,
}))
"""


@pytest.fixture(scope="module")
def airflow_without_us(tmp_path_factory):
    """The Python of an environment with everything installed here but HMS-SYN."""
    return environment_without_us(tmp_path_factory.mktemp("venv"))


def environment(home, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    jobs = home / "jobs"
    jobs.mkdir(parents=True, exist_ok=True)
    (jobs / "court.yaml").write_text((ROOT / "jobs" / "court_calendar_sync.yaml").read_text())
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__HMS_SYN__JOBS_FOLDER": str(jobs),
        **more,
    }


def check_it_works(python, env, *, where):
    """Migrate, load plugins and DAGs; everything is there once and nothing complains."""
    airflow = [python, "-m", "airflow"]
    subprocess.run([*airflow, "db", "migrate"], env=env, check=True, capture_output=True)
    with sqlite3.connect(Path(env["AIRFLOW_HOME"]) / "airflow.db") as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    assert {"hms_syn_event", "hms_syn_audit_v", "hms_syn_alembic_version"} <= tables
    printed = subprocess.check_output([python, "-c", REPORT], env=env, text=True)
    report = json.loads(printed.partition("REPORT")[2])
    assert report["plugins"] == 1
    assert report["errors"] == {}
    assert report["where"].startswith(str(where))
    assert "hms_syn" not in report["stdlib queue"]
    errors = subprocess.run(
        [*airflow, "dags", "list-import-errors", "--local"], env=env, capture_output=True, text=True, check=False
    )
    assert errors.returncode == 0, errors.stdout
    listed = subprocess.check_output([*airflow, "dags", "list", "--local", "-o", "plain"], env=env, text=True)
    assert "syn.court.push" in listed


def test_a_mounted_plugins_folder_works(airflow_without_us, tmp_path):
    """With plugins/ mounted and the database manager named, nothing needs to be installed."""
    env = environment(
        tmp_path,
        AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
        AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS="hms_syn.db_manager.HmsSynDBManager",
    )
    check_it_works(airflow_without_us, env, where=ROOT / "plugins")


def test_the_wheel_works_even_beside_a_mounted_folder(airflow_without_us, tmp_path):
    """The wheel registers the plugin, the tables and the commands by itself; the loader then keeps still."""
    python = airflow_without_us
    install_wheel(python, tmp_path / "dist")
    env = environment(tmp_path / "home", AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"))
    check_it_works(python, env, where=python.parents[1])
    face = subprocess.run(
        [python, "-m", "airflow", "hms-syn", "status"], env=env, capture_output=True, text=True, check=False
    )
    assert face.returncode == 0
