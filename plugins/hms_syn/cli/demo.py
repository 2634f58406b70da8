"""``hms-syn demo``: a pretend court, a real Airflow, one job, and three hearings on their way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_a2a import Bus
from hms_syn import settings, wiring
from hms_syn.cli import hand_offs
from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from hms_syn.store.sql_store import SqlStore

JOB = "court_calendar_sync"
TOPIC = "hud.hearing.created"
HEARINGS = (
    {"case_id": "HUD-22-109", "date": "2024-09-02"},
    {"case_id": "HUD-22-110", "date": "2024-09-03"},
    {"case_id": "HUD-22-111", "date": "2024-09-04"},
)
DELIVERED_WITHIN = 120.0
STATUSES_WITHIN = 90.0


def run(arguments: argparse.Namespace) -> int:
    """Show the whole product; with ``--once`` end when all is delivered."""
    home = settings.DEMO_HOME.absolute()
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            airflow, court = _set_up(stack, home, port=arguments.port)
            store = wiring.open_store()
            _deliver(airflow, store)
            _bring_back(airflow, store)
            _farewell(airflow, court, once=arguments.once)
            if not arguments.once:
                hand_offs.follow(store, JOB, until=lambda: _somebody_died(airflow))
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        print("Everything that was started has been stopped.", file=sys.stderr)
    return 0


def _set_up(stack: ExitStack, home: Path, *, port: int) -> tuple[LocalAirflow, str]:
    _make_room(home)
    shutil.copytree(_samples(), home / "jobs", ignore=shutil.ignore_patterns("*.py"))
    with _step("the court (a pretend one, with a WSDL of its own)"):
        court = stack.enter_context(_court(home))
    os.environ["COURT_ENDPOINT"] = f"{court}/soap"
    airflow = LocalAirflow(home=home, jobs=home / "jobs", port=port)
    with _step("the database, by airflow db migrate"):
        airflow.migrate()
    (home / "pid").write_text(str(os.getpid()), encoding="ascii")
    os.environ["AIRFLOW_CONN_HMS_SYN_DB"] = airflow.environment["AIRFLOW_CONN_HMS_SYN_DB"]
    stack.callback(airflow.stop)
    with _step("Airflow: scheduler, dag-processor, triggerer, api-server"):
        airflow.start()
        airflow.wait_until("Airflow", airflow.is_healthy, seconds=180)
    with _step(f"the job {JOB}, found by Airflow in jobs/"):
        airflow.wait_until(JOB, lambda: airflow.knows(f"syn.{JOB}.push") and airflow.knows(f"syn.{JOB}.pull"))
    return airflow, court


def _deliver(airflow: LocalAirflow, store: SqlStore) -> None:
    """Publish the sample hearings and print their hand-offs until the court has said yes to all."""
    print(f"\n⏳  Listening for {TOPIC} …", flush=True)
    before = hand_offs.newest(store)
    bus = Bus("hud")
    for hearing in HEARINGS:
        message_id = bus.publish_topic(TOPIC, hearing, ordering_key=hearing["case_id"])
        print(f"→ {time.strftime('%H:%M:%S', time.gmtime())} {message_id} published {hearing['case_id']}", flush=True)
    deadline = time.monotonic() + DELIVERED_WITHIN

    def all_delivered() -> bool:
        if time.monotonic() > deadline:
            raise NeedsOfficer(f"Not all delivered in {DELIVERED_WITHIN:.0f} s; logs: {airflow.home / 'logs'}")
        return _somebody_died(airflow) or len(_delivered(store)) >= len(HEARINGS)

    hand_offs.follow(store, JOB, until=all_delivered, after=before)


def _bring_back(airflow: LocalAirflow, store: SqlStore) -> None:
    """Ask the court for statuses through Airflow until each hearing's last one has come back on the bus."""
    topic = f"syn.{JOB}.pulled"
    print("\nThe court changes statuses by itself; the pull DAG brings them back:", flush=True)
    seen, confirmed, deadline = 0, 0, time.monotonic() + STATUSES_WITHIN
    asked = float("-inf")
    while confirmed < len(HEARINGS):
        if time.monotonic() > deadline:
            raise NeedsOfficer(f"The court's statuses did not come back in {STATUSES_WITHIN:.0f} s")
        if time.monotonic() - asked > 4:  # noqa: PLR2004 - a run takes about two seconds
            airflow.trigger(f"syn.{JOB}.pull")
            asked = time.monotonic()
        for event in store.read(topic, after=seen, limit=100):
            seen = event["seq"]
            record = event["payload"]
            confirmed += record.get("status") == "CONFIRMED"
            print(f"← {topic}  {record.get('caseId')} is {record.get('status')}", flush=True)
        time.sleep(0.3)


def _farewell(airflow: LocalAirflow, court: str, *, once: bool) -> None:
    print()
    if not once:
        print(f"Airflow   {airflow.address}   user admin   password {airflow.password}")
        print(f"The court {court}   what it has received, as its clerk sees it")
        print("Ctrl-C stops everything. In another shell, in this folder, try:")
    else:
        print("All delivered. The record stays in .hms-syn/demo; try:")
    me = "hms-syn" if shutil.which("hms-syn") else os.path.relpath(Path(sys.executable).with_name("hms-syn"))
    print(f"  {me} trace HUD-22-109")
    print(f"  {me} status")
    print(f"  {me} audit verify")
    if not once:
        print(f"""  {me} publish hud.hearing.created '{{"case_id": "HUD-22-112", "date": "2024-09-05"}}'""")
    print(flush=True)


def _delivered(store: SqlStore) -> list[Any]:
    return store.read(f"syn.{JOB}.delivered", after=0, limit=100)


def _somebody_died(airflow: LocalAirflow) -> bool:
    for component, process in airflow.processes.items():
        if process.poll() is not None:
            raise NeedsOfficer(f"{component} ended with code {process.returncode}:\n{airflow.log_tail(component)}")
    return False


def _make_room(home: Path) -> None:
    """Remove what an earlier demo left; never while one is running here."""
    pid = home / "pid"
    if pid.exists():
        try:
            os.kill(int(pid.read_text(encoding="ascii")), 0)
        except (ProcessLookupError, ValueError):
            pass
        else:
            raise NeedsOfficer(f"A demo is already running in this folder, as process {pid.read_text()}; stop it first")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)


def _samples() -> Path:
    """Return the sample jobs: inside the wheel, or beside the source."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "samples"
    return inside if inside.is_dir() else package.parents[1] / "jobs"


@contextmanager
def _court(home: Path) -> Iterator[str]:
    """Start the pretend court on a free port; yield its address."""
    command = [sys.executable, "-m", "hms_syn.sandbox.court_soap", "--port", "0", "--state", str(home / "court.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:  # noqa: S603 - our own words
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http://" not in line:
                raise NeedsOfficer("The pretend court did not start")
            yield line.split()[-1]
        finally:
            process.terminate()


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Show that something is being done, and how long it took."""
    started = time.monotonic()
    print(f"  {what} …", end="", flush=True)
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.0f} s", flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
