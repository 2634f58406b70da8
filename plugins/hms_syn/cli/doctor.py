"""``hms-syn doctor``: what is wrong with a deployment, and what to do about it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.cli import doctor_airflow, doctor_database, doctor_jobs, doctor_payloads, doctor_tokens
from hms_syn.cli.airflow_here import airflow_here
from hms_syn.cli.output import as_json, remark
from hms_syn.domain.ack import printable
from hms_syn.domain.checkup import Verdict, ok, problem
from hms_syn.errors import StoreNotReady

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from hms_syn.domain.checkup import Finding
    from hms_syn.ports import Credentials

PATIENCE = "10"
"""Seconds in which a PostgreSQL must take a connection."""


def run(arguments: argparse.Namespace) -> int:
    """Print one line a check, each when it is done; exit 1 when something does not work."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", PATIENCE)
    findings, out = [], sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # where Airflow's own log lines go, which are no findings
        for finding in examine():
            findings.append(finding)
            if not arguments.json:
                print(_line(finding), file=out, flush=True)
    if arguments.json:
        as_json([asdict(finding) for finding in findings])
    counts = Counter(finding.verdict for finding in findings)
    remark(", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]))
    return 1 if counts[Verdict.PROBLEM] else 0


def examine() -> Iterator[Finding]:
    """Look at everything, cheapest and most telling first; nothing is changed and no vendor is asked."""
    jobs = yield from doctor_jobs.files()
    find, airflow_url, said = _airflow()
    yield said
    store = yield from doctor_database.look(find)
    yield doctor_payloads.look(store)
    if airflow_url is not None:
        yield from doctor_airflow.look(airflow_url, jobs)
        yield doctor_tokens.look()
        yield doctor_airflow.plugin()
    yield doctor_jobs.connections(jobs, find)
    yield doctor_jobs.extras(jobs, store)


def _airflow() -> tuple[Callable[[str], Credentials | None], str | None, Finding]:
    """Return how connections are found here, Airflow's own database, and what there is to say."""
    try:
        find, url = airflow_here()
        from airflow import __version__ as version  # noqa: PLC0415 - takes seconds; few commands need it
    except StoreNotReady as error:
        return settings.connection, None, problem("airflow", str(error), "correct AIRFLOW_HOME, or run that")
    except Exception as error:  # noqa: BLE001 - whatever keeps Airflow from starting is what we are here to tell
        name = type(error).__name__
        return (
            settings.connection,
            None,
            problem("airflow", f"Airflow does not start ({name})", "run 'airflow version'"),
        )
    return find, url, ok("airflow", f"Airflow {version} in {settings.airflow_home()}")


def _line(finding: Finding) -> str:
    todo = f" → {finding.todo}" if finding.todo else ""
    return printable(f"{finding.verdict.value:8} {finding.check:13} {finding.text}{todo}")
