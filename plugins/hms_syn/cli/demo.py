"""``hms-syn demo``: a real Airflow, three pretend vendors, the sample jobs, and one eviction order on its way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import settings, wiring
from hms_syn.cli import demo_vendors, hand_offs, keys_new, samples
from hms_syn.cli.demo_story import ORDER, TOPIC, Story
from hms_syn.cli.demo_vendors import VENDORS
from hms_syn.cli.local_airflow import LocalAirflow, is_free
from hms_syn.errors import NeedsOfficer
from hms_syn.store.keyring import SETTING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def run(arguments: argparse.Namespace) -> int:
    """Show the whole product; with ``--once`` end when all is delivered."""
    home = settings.DEMO_HOME.absolute()
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            story = _set_up(stack, home, port=arguments.port)
            story.deliver()
            story.bring_back()
            story.compare()
            _farewell(story, once=arguments.once)
            if not arguments.once:
                hand_offs.follow(story.store, [vendor.job for vendor in VENDORS], until=lambda: _died(story))
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        print("Everything that was started has been stopped.", file=sys.stderr)
    return 0


def _set_up(stack: ExitStack, home: Path, *, port: int) -> Story:
    if port and not is_free(port):  # else an Airflow that is there already would be taken for ours
        raise NeedsOfficer(f"port {port} is in use; choose another with --port, or leave it out for a free one")
    _make_room(home)
    shutil.copytree(samples.folder("jobs"), home / "jobs", ignore=shutil.ignore_patterns("*.py"))
    with _step("three vendors (pretend ones): a court over SOAP, a payment gateway over REST, a hospital over FHIR"):
        origins, connections = demo_vendors.start(stack, home)
    _seal_payloads(home)
    airflow = LocalAirflow(home=home, jobs=home / "jobs", port=port, settings=connections)
    with _step("the database, by airflow db migrate"):
        airflow.migrate()
    (home / "pid").write_text(str(os.getpid()), encoding="ascii")
    os.environ["AIRFLOW_CONN_HMS_SYN_DB"] = airflow.environment["AIRFLOW_CONN_HMS_SYN_DB"]
    stack.callback(airflow.stop)
    with _step("Airflow: scheduler, dag-processor, triggerer, api-server"):
        airflow.start()
        airflow.wait_until("Airflow", airflow.is_healthy, seconds=180)
    dags = [f"syn.{vendor.job}.{way}" for vendor in VENDORS for way in ("push", "pull")]
    with _step(f"the sample jobs, found by Airflow in jobs/: {', '.join(vendor.job for vendor in VENDORS)}"):
        airflow.wait_until("the sample jobs", lambda: all(map(airflow.knows, dags)))
    return Story(airflow, wiring.open_store(), origins)


def _seal_payloads(home: Path) -> None:
    """Make a key, and name its file where Airflow's processes and other shells in this folder read their settings."""
    keys = home / "payload.keys"
    keys_new.add(keys)
    (home / "airflow.cfg").write_text(f"[hms_syn]\n{SETTING} = {keys}\n", encoding="utf-8")


def _farewell(story: Story, *, once: bool) -> None:
    airflow = story.airflow
    print()
    if not once:
        print(f"Airflow          {airflow.address}   user admin   password {airflow.password}")
        for vendor in VENDORS:
            print(f"The {vendor.name:13}{story.origins[vendor.job]}   what it has received, as its clerk sees it")
        print("Ctrl-C stops everything. In another shell, in this folder, try:")
    else:
        print("Three receipts, and the vendors' own records agree. The record stays in .hms-syn/demo; try:")
    me = "hms-syn" if shutil.which("hms-syn") else os.path.relpath(Path(sys.executable).with_name("hms-syn"))
    print(f"  {me} trace {ORDER['case_id']}")
    print(f"  {me} status")
    print(f"  {me} audit verify")
    if not once:
        print(f"  {me} publish {TOPIC} '{json.dumps({**ORDER, 'case_id': 'HUD-22-110'})}'")
    print(flush=True)


def _died(story: Story) -> bool:
    story.airflow.check()
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
    home.mkdir(mode=0o700, parents=True)  # payloads, logs and a signing key are in it


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
