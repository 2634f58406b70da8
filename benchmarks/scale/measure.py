"""The unit costs: bytes a delivered message leaves, rows, connections of a process, CPU of a look of the doorbell.

``python -m benchmarks.scale.measure`` writes ``units.json``; it takes a minute or two. Airflow itself is not started:
what a run and a ping cost is taken over from where they are measured, and said so.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import re
import sqlite3
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain

from benchmarks import server as private
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store import tables
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = Path(__file__).with_name("units.json")
PAGE = UNITS.parents[2] / "docs" / "benchmarks.md"
PAYLOAD = 500
"""Bytes of a payload, about those of a hearing with names and dates."""
SOME, MORE = 1_000, 5_000
"""Messages delivered before the first look at sizes, and by the second: what the difference is, each message costs."""
LOOKS = 40
BOARDS = (10, 1_000, 10_000)
RUN_CPU_S = 0.35
"""CPU seconds of a run of Airflow with one task, in all its processes: 100 runs under LocalExecutor on PostgreSQL."""
SIZES = {
    "postgresql": """SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
                      WHERE relname LIKE 'hms_syn_%%' AND relkind = 'r'""",
    "sqlite": "SELECT name, SUM(pgsize) FROM dbstat GROUP BY name",
}
TABLE_OF = "SELECT name, tbl_name, type FROM sqlite_master WHERE type IN ('table', 'index')"


def deliver(store: SqlStore, number: int, *, until: int) -> None:
    """Publish and deliver messages of this size up to a number, each key with about twenty of them."""
    job = make_job(push=Push(ordering_key="case_id"))
    store.register(job)
    while number < until:
        ids = range(number, min(number + 200, until))
        publish(store, [_event(each) for each in ids])
        number = ids.stop
        while store.next_due(job.id) is not None:
            drain(store, job, Scripted())[0].run()


def _event(number: int) -> Any:
    facts = {"case_id": f"HUD-{number // 20}", "date": "2024-09-02", "note": ""}
    facts["note"] = "x" * (PAYLOAD - len(json.dumps(facts)))
    return new_event("hud.hearing.created", facts, agency="hud")


def sizes(store: SqlStore) -> dict[str, tuple[int, int]]:
    """Return how many bytes each of our tables has, and its indexes."""
    dialect = store.engine.dialect.name
    if dialect == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            return {name: (table, indexes) for name, table, indexes in connection.exec_driver_sql(SIZES[dialect])}
    with contextlib.closing(sqlite3.connect(str(store.engine.url.database))) as file:
        pages = dict(file.execute(SIZES[dialect]).fetchall())
        found: dict[str, tuple[int, int]] = {}
        for name, table, kind in file.execute(TABLE_OF):
            own, indexes = found.get(table, (0, 0))
            size = pages.get(name, 0)
            found[table] = (own + size, indexes) if kind == "table" else (own, indexes + size)
        return {name: pair for name, pair in found.items() if name.startswith("hms_syn_")}


def at_rest(store: SqlStore) -> dict[str, Any]:
    """Return what each delivered message leaves behind: bytes in tables and indexes, and rows."""
    store.create()
    deliver(store, 0, until=SOME)
    before, rows_before = sizes(store), rows(store)
    deliver(store, SOME, until=MORE)
    after, rows_after = sizes(store), rows(store)
    each = MORE - SOME
    return {
        name.removeprefix("hms_syn_"): {
            "rows": round((rows_after[name] - rows_before[name]) / each, 2),
            "table": round((after[name][0] - before[name][0]) / each),
            "indexes": round((after[name][1] - before[name][1]) / each),
        }
        for name in sorted(rows_after)
        if rows_after[name] - rows_before[name] >= each / 2
    }


def rows(store: SqlStore) -> dict[str, int]:
    """Return how many rows each of our tables has."""
    with store.engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one()
            for name in tables.metadata.tables
        }


def connections(database: private.Database) -> dict[str, int]:
    """Return how many connections each kind of process has open while it does its work."""
    job, found = make_job(), {}
    for kind in ("worker", "triggerer", "publisher"):
        with contextlib.closing(SqlStore(database.url)) as store:
            store.create()
            store.register(job)
            publish(store, [_event(0)])
            if kind == "worker":
                drain(store, job, Scripted())[0].run()
                store.wait(job.id, 0.05)
            if kind == "triggerer":
                store.ring()
            [(count,)] = database.run(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            found[kind] = int(str(count))
        time.sleep(0.2)
    return found


def looks(server: private.Server) -> dict[str, float]:
    """Return the CPU, of client and server, of one look of the doorbell at so many idle jobs, in milliseconds."""
    found = {}
    for jobs in BOARDS:
        database = server.database("looks")
        with contextlib.closing(SqlStore(database.url)) as store:
            store.create()
            for number in range(jobs):
                store.register(make_job(f"job_{number}"))
            database.run("VACUUM ANALYZE")
            store.ring()
            before = time.process_time() + server.cpu()
            for _ in range(LOOKS):
                store.ring()
            found[str(jobs)] = round((time.process_time() + server.cpu() - before) / LOOKS * 1000, 2)
        server.drop(database)
    return found


def ping_cpu_ms() -> float:
    """Return the CPU of one ping, as the page of benchmarks has it for a thousand vendors each 30 s."""
    share = re.search(r"^\| CPU, % of a core \| ([\d.]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return round(float(share[1]) / 100 * 30 / 1000 * 1000, 2) if share else 0.0


@contextlib.contextmanager
def stores(server: private.Server) -> Iterator[dict[str, SqlStore]]:
    """Open an empty store of each kind."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(SqlStore(f"sqlite:///{folder}/queue.db")) as file,
        contextlib.closing(SqlStore(server.database("rest").url)) as postgres,
    ):
        yield {"postgresql": postgres, "sqlite": file}


def main() -> None:
    """Measure everything and write it down."""
    logging.disable(logging.WARNING)
    with private.running() as server:
        with stores(server) as opened:
            bytes_left = {name: at_rest(store) for name, store in opened.items()}
        units = {
            "taken": f"{datetime.now(tz=timezone.utc):%Y-%m-%d}",
            "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
            "payload_bytes": PAYLOAD,
            "at_rest": bytes_left,
            "connections": connections(server.database("connections")),
            "look_cpu_ms": looks(server),
            "ping_cpu_ms": ping_cpu_ms(),
            "run_cpu_s": RUN_CPU_S,
        }
    UNITS.write_text(json.dumps(units, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(units, indent=1))


if __name__ == "__main__":
    main()
