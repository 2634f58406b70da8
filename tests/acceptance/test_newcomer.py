"""From an empty folder to a receipt, by the quickstart's own commands and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess

import pytest
from tests.docs import pages
from tests.harness.installed import environment_without_us, install_wheel
from tests.harness.waiting import eventually

from hms_syn.cli.local_airflow import free_port

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(500)]
SECTION = pages.text_of(pages.DOCS / "quickstart.md").partition("## Your own project\n")[2].partition("\n## ")[0]
INSTALLING = {"python3 -m venv .venv", ". .venv/bin/activate", "pip install --constraint constraints.txt hms_syn-*.whl"}
"""What the fixture does instead: Airflow is linked and not fetched, the wheel is built here."""
LASTING = ("python -m hms_syn.sandbox", "airflow standalone", "hms-syn start")
PROGRAM = """#!{python}
from airflow.__main__ import main

if __name__ == "__main__":
    main()
"""


class Shells:
    """The newcomer's shells: all have the same exported lines; what lasts goes on in one of its own."""

    def __init__(self, folder, programs):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
        self.folder, self.exports, self.running = folder, [], {}
        port = free_port()
        self.env = {
            **kept,
            "PATH": f"{programs}{os.pathsep}{kept.get('PATH', '')}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        }
        """Free ports, because others may be at work on this machine; a newcomer takes Airflow's own."""

    def type(self, line):
        """Do one line of the page."""
        if line.startswith("export "):
            self.exports.append(line)
        elif line.startswith(LASTING):
            self.running[line] = self._begin(line, f"{len(self.running)}.log")
        else:
            done = subprocess.run(
                ["bash", "-c", self._script(line)], cwd=self.folder, env=self.env, check=False, **OUTPUT
            )
            assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}"

    def _begin(self, line, name):
        with (self.folder / name).open("w") as log:
            process = subprocess.Popen(
                ["bash", "-c", self._script(f"exec {line}")],
                cwd=self.folder,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return process, self.folder / name

    def _script(self, line):
        return "\n".join([*self.exports, line])

    def shown(self, begins):
        """Return what the lasting command that begins so has printed; fail when it has ended."""
        [(process, log)] = [found for line, found in self.running.items() if line.startswith(begins)]
        text = log.read_text(encoding="utf-8")
        assert process.poll() is None, text[-3000:]
        return text

    def close(self):
        """Ctrl-C in every shell, the last one first; what does not end then is killed."""
        for process, _ in reversed(self.running.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


OUTPUT = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


@pytest.fixture
def shells(tmp_path):
    """Shells in an empty folder, with the programs that the installing lines bring."""
    python = environment_without_us(tmp_path / "venv")
    install_wheel(python, tmp_path / "dist")
    airflow = python.with_name("airflow")
    airflow.write_text(PROGRAM.format(python=python), encoding="utf-8")
    airflow.chmod(0o755)
    folder = tmp_path / "project"
    folder.mkdir()
    with contextlib.closing(Shells(folder, python.parent)) as opened:
        yield opened


def test_the_quickstart_leads_from_an_empty_folder_to_a_receipt(shells):
    port = free_port()
    left = set(INSTALLING)
    for language, text in pages.FENCE.findall(SECTION.replace("8081", str(port))):
        if language == "yaml":
            (shells.folder / text.partition("\n")[0].removeprefix("# ")).write_text(text, encoding="utf-8")
        for line in text.splitlines() if language == "sh" else ():
            if line in left:
                left.remove(line)
                continue
            if line.startswith("hms-syn publish"):
                eventually(lambda: "⏳" in shells.shown("hms-syn start"), within=240, every=0.5)
            shells.type(line)
            if "sandbox" in line:
                eventually(lambda: is_open(port), within=60, every=0.1)
    receipt = re.compile(r"^✓ .* delivered COURT-000001 ACCEPTED \(attempt 1\)$", re.MULTILINE)
    eventually(lambda: receipt.search(shells.shown("hms-syn start")), within=240, every=0.5)
    assert left == set()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
