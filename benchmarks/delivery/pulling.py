"""Pulling pages of a thousand records onto the bus, beside a plain COPY of the same rows."""

from __future__ import annotations

import json
import resource
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.child import Child
from benchmarks.ours import JOB, Ours
from benchmarks.server import Database
from hms_syn.domain.ack import Page
from hms_syn.domain.job_spec import Cursor, Pull
from hms_syn.flow.pull import pull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.bench import Bench

COUNT = 100_000
PAGE = 1000
TABLE = "CREATE TABLE raw (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)"
SIDE = Pull(
    publish_topic="court.hearing.changed",
    page_size=PAGE,
    dedupe_key="changeId",
    cursor=Cursor(field="changedAt", parameter="since", overlap=120.0),
)


def record(number: int) -> dict[str, Any]:
    """Return a status as a vendor gives it: some two hundred bytes, with a reference that may be one of ours."""
    return {
        "changeId": number,
        "reference": f"COURT-{number:07}",
        "caseId": f"HUD-24-{number}",
        "status": "CONFIRMED",
        "changedAt": f"2024-09-02T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "court": {"county": "Cook", "room": number % 40, "judge": "J. Smith"},
    }


class Pages:
    """A vendor in this process that has so many records, and makes each page when it is asked for it."""

    def __init__(self, count: int) -> None:
        self._count = count

    def pull(self, _cursor: str | None) -> Iterator[Page]:
        """Yield them in pages of a thousand."""
        for first in range(0, self._count, PAGE):
            records = tuple(record(number) for number in range(first, min(first + PAGE, self._count)))
            yield Page(records=records, cursor=records[-1]["changedAt"], more=first + PAGE < self._count)


def pages(bench: Bench) -> None:
    """Pull the same records by turns with a COPY; a short pull in a process of its own says what memory one takes."""
    count = max(10 * PAGE, bench.count(COUNT))
    ours: list[float] = []
    copies: list[float] = []
    memory: dict[int, float] = {}
    for _ in range(bench.rounds):
        for number in (PAGE, count):
            database = bench.server.database("pull")
            Ours(database).close()
            bench.say(f"pulling {number:,} records")
            found = Child(pulling, folder=database.folder, name=database.name, count=number).go().answer()
            memory[number] = found["memory"]
            bench.server.drop(database)
        ours.append(count / found["seconds"])
        database = bench.server.database("copy")
        copies.append(count / copied(database, count))
        bench.server.drop(database)
    rate, copy = statistics.median(ours), statistics.median(copies)
    bench.table(
        "Pull, 1,000 a page",
        ("", "records/s", "ratio"),
        [("COPY", f"{copy:,.0f}", "1.00"), (Ours.name, f"{rate:,.0f}", f"{rate / copy:.3f}")],
    )
    bench.keep(
        "17-pull",
        {
            "records a second": rate,
            "rate of a COPY's": rate / copy,
            "memory: 100k over 1k": memory[count] / memory[PAGE],
        },
    )


def pulling(folder: str, name: str, count: int) -> Callable[[], dict[str, float]]:
    """Open a store; the work is one pull of so many records, and says its seconds and the memory it took at most."""
    store = Ours(Database(folder, name), fresh=False).store
    job = replace(JOB, pull=SIDE)
    pull(job, store, Pages(0))

    def work() -> dict[str, float]:
        began = time.perf_counter()
        if pull(job, store, Pages(count)) != count:
            raise RuntimeError("not every record was new")
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "memory": float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)}

    return work


def copied(database: Database, count: int) -> float:
    """Return the seconds of a COPY of the same records into a table with nothing but their text."""
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(TABLE)
        connection.commit()
        began = time.perf_counter()
        with connection.cursor().copy("COPY raw (body) FROM STDIN") as copy:
            for number in range(count):
                copy.write_row((json.dumps(record(number)),))
        connection.commit()
        return time.perf_counter() - began
