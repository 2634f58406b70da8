"""What ``hms-syn doctor`` says of Airflow: its components, our DAGs and triggers in it, and our plugin."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from hms_syn.domain.checkup import ok, problem, unseen, warning
from hms_syn.domain.durations import in_words
from hms_syn.errors import StoreNotConfigured, SynError
from hms_syn.store import airflow_checkup, checkup
from hms_syn.store.airflow_checkup import Held
from hms_syn.store.engine import shown_place
from hms_syn.store.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hms_syn.domain.checkup import Finding
    from hms_syn.domain.job_spec import JobSpec

THRESHOLDS = {
    "scheduler": ("scheduler", "scheduler_health_check_threshold"),
    "triggerer": ("triggerer", "triggerer_health_check_threshold"),
    "dag-processor": ("dag_processor", "health_check_threshold"),
}
"""Airflow's own settings of how long each component may be silent."""
HEARTBEAT, AUDIT = "syn.heartbeat", "syn.audit"
IS_IT_READ = "is the dag-processor running, and is its jobs_folder this one? See 'airflow dags list-import-errors'"


def look(url: str, jobs: Sequence[JobSpec]) -> Iterator[Finding]:
    """Yield what Airflow's own database at ``url`` says."""
    try:
        airflow = Transactions(url)
    except StoreNotConfigured:
        yield unseen("scheduler", "Airflow's database is neither PostgreSQL nor SQLite", "see Airflow's page Health")
        return
    try:
        checkup.refuse_a_missing_file(url)
        if not airflow.look(airflow_checkup.is_there):
            yield problem("scheduler", "Airflow's own tables are not there", "run 'airflow db migrate'")
            return
        silences = airflow.look(airflow_checkup.silences)
        dags = airflow.look(airflow_checkup.dags)
        triggers = airflow.look(airflow_checkup.triggers)
    except SynError as error:
        place = shown_place(url)
        yield problem("scheduler", f"Airflow's own database, {place}, cannot be read ({error.code})", "is it up?")
        return
    finally:
        airflow.engine.dispose()
    yield from components(silences, {name: _threshold(name) for name in silences})
    yield from job_dags(dags, jobs)
    yield audit_dag(dags)
    yield from listening(dags, triggers)


def components(silences: Mapping[str, float | None], thresholds: Mapping[str, float]) -> Iterator[Finding]:
    """Yield which of Airflow's components are alive, by the seconds for which each has been silent."""
    for name, silent in silences.items():
        if silent is None:
            yield problem(name, "none is running", f"start 'airflow {name}'")
        elif silent > thresholds[name]:
            yield problem(name, f"it was last heard of {in_words(round(silent))} ago", f"start 'airflow {name}' again")
        else:
            yield ok(name, "it is alive")


def job_dags(dags: Mapping[str, bool], jobs: Sequence[JobSpec]) -> Iterator[Finding]:
    """Yield whether Airflow has the DAGs of these jobs and the heartbeat's, and whether that one is on."""
    wanted = [
        dag_id
        for job in jobs
        if job.enabled
        for dag_id, side in ((job.push_dag_id, job.push), (job.pull_dag_id, job.pull))
        if side is not None
    ]
    missing = [dag_id for dag_id in wanted if dag_id not in dags]
    if missing:
        yield problem("DAGs", f"Airflow has not found {', '.join(missing)}", IS_IT_READ)
    else:
        paused = [dag_id for dag_id in wanted if dags[dag_id]]
        yield ok("DAGs", f"Airflow has all {len(wanted)}" + (f"; paused: {', '.join(paused)}" if paused else ""))
    if not any(job.heartbeat for job in jobs):
        yield ok("heartbeat", "no job asks for one")
    elif HEARTBEAT not in dags:
        yield problem(
            "heartbeat",
            f"Airflow has not found {HEARTBEAT}: no vendor is pinged, and nobody is told of trouble",
            "use the bundle, or put dags/hms_syn_heartbeat.py into the DAGs folder",
        )
    elif dags[HEARTBEAT]:
        yield problem(
            "heartbeat", f"{HEARTBEAT} is paused: no vendor is pinged", f"run 'airflow dags unpause {HEARTBEAT}'"
        )
    else:
        yield ok("heartbeat", f"{HEARTBEAT} is on")


def audit_dag(dags: Mapping[str, bool]) -> Finding:
    """Return whether Airflow has the DAG that seals the audit trail, and whether it is on."""
    if AUDIT not in dags:
        todo = "use the bundle, or put dags/hms_syn_audit.py into the DAGs folder"
        return problem("audit DAG", f"Airflow has not found {AUDIT}: the audit trail is not sealed", todo)
    if dags[AUDIT]:
        todo = f"run 'airflow dags unpause {AUDIT}'"
        return problem("audit DAG", f"{AUDIT} is paused: the audit trail is not sealed", todo)
    return ok("audit DAG", f"{AUDIT} is on")


def listening(dags: Mapping[str, bool], triggers: Mapping[str, Held]) -> Iterator[Finding]:
    """Yield whether the triggers that ring for due messages and ping vendors are held by a triggerer."""
    bells = sum(1 for dag_id, paused in dags.items() if dag_id.endswith(".push") and not paused)
    pings = 1 if dags.get(HEARTBEAT) is False else 0
    for check, name, wanted, what in (
        ("doorbells", "Doorbell", bells, "due messages start no run"),
        ("pings", "Pings", pings, "no vendor is pinged"),
    ):
        found = triggers.get(name, Held())
        held = min(found.held, wanted)
        if held < wanted:
            yield problem(
                check,
                f"{held} of {wanted} listen; for the others {what}",
                "is the triggerer running, and has it room ([triggerer] capacity)? A new one takes a minute",
            )
        else:
            yield ok(check, f"{held} of {wanted} listen" if wanted else "none is needed")


def plugin() -> Finding:
    """Return whether Airflow registers our plugin, and once."""
    from airflow import plugins_manager  # noqa: PLC0415 - takes seconds; no other command needs it

    logging.getLogger("airflow").setLevel(logging.CRITICAL)  # what it logs comes back as import errors
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's libraries
            names = [info["name"] for info in plugins_manager.get_plugin_info(["source"])]
            errors = plugins_manager.get_import_errors()
    except Exception as error:  # noqa: BLE001 - a plugin of anybody's may fail in any way
        return warning(
            "plugin", f"Airflow's plugins cannot be loaded ({type(error).__name__})", "run 'airflow plugins'"
        )
    twice = [where for where, said in errors.items() if "hms_syn" in where or "hms_syn" in said]
    if twice:
        return problem(
            "plugin",
            f"Airflow registers it twice, or cannot import all of it: {', '.join(twice)}",
            "keep plugins/.airflowignore and hms_syn_loader.py beside the mounted folder; see 'airflow plugins'",
        )
    if "hms_syn" not in names:
        return problem("plugin", "Airflow does not register it: there is no console", "install the wheel; see operate")
    return ok("plugin", "it is registered once")


def _threshold(name: str) -> float:
    from airflow.configuration import conf  # noqa: PLC0415 - takes seconds; no other command needs it

    section, key = THRESHOLDS[name]
    return float(conf.getfloat(section, key))
