"""What a page of the board costs where there are many jobs, and much has been delivered."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.ours import JOB
from hms_syn import wiring
from hms_syn.store.reading_room import ReadingRoom
from hms_syn.store.standing import Page

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.server import Database

JOBS = 1_000
SETTLED = 1_000_000
WAITING = 10
"""Messages that wait at each job."""
DAY = 86_400_000_000
COLUMNS = "name, endpoint, topics, enabled, ring_cap, registered_at"
FILL = (
    f"""INSERT INTO hms_syn_job (job, {COLUMNS})
        SELECT 'job_' || to_char(n, 'FM0000'), {COLUMNS} FROM hms_syn_job, generate_series(1, %s) AS n""",
    "DELETE FROM hms_syn_job WHERE job NOT LIKE 'job\\_%%'",
    """INSERT INTO hms_syn_event (message_id, topic, agency, body, headers, salt, published_at, routes)
       SELECT 'm' || n, 'hud.hearing.created', 'hud', '{}', '{}', '', {now} - {day} + n * {day} / %s, 1
         FROM generate_series(1, %s) AS n""",
    """INSERT INTO hms_syn_settled (id, event_seq, message_id, job, ordering_key, idempotency_key, state, attempts,
                                    reference, settled_at)
       SELECT seq, seq, message_id, 'job_' || to_char(seq %% %s + 1, 'FM0000'), '', gen_random_uuid(),
              CASE WHEN seq %% 1009 = 0 THEN 'dead_letter' ELSE 'delivered' END, 1, message_id, published_at
         FROM hms_syn_event""",
    """INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state)
       SELECT e.seq, e.message_id || '-' || n, 'job_' || to_char(e.seq %% %s + 1, 'FM0000'), '', gen_random_uuid(),
              'pending' FROM (SELECT seq, message_id FROM hms_syn_event ORDER BY seq DESC LIMIT %s) e,
              generate_series(1, %s) AS n""",
    """INSERT INTO hms_syn_lane (job, ordering_key, ready_at)
       SELECT job, '', {now} FROM (SELECT DISTINCT job FROM hms_syn_delivery) AS d""",
    "VACUUM (ANALYZE) hms_syn_settled",
    "ANALYZE",
)
NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


def pages(bench: Bench) -> None:
    """Time each page of the board, and the whole of what ``hms-syn status`` reads."""
    settled = bench.count(SETTLED)
    bench.say(f"a board of {JOBS:,} jobs and {settled:,} settled messages")
    database = bench.server.database("board")
    store = wiring.open_store(database.url)
    store.create()
    store.register(JOB)
    fill(database, settled)
    room = ReadingRoom(store)
    every = room.job_ids()
    took = []
    for _ in range(bench.rounds + 1):
        after: str | None = ""
        while after is not None:
            began = time.perf_counter()
            rows = room.board(every, Page(after=after))
            took.append((time.perf_counter() - began) * 1000)
            after = rows[-1]["job"] if len(rows) == Page().limit else None
    began = time.perf_counter()
    store.status()
    whole = (time.perf_counter() - began) * 1000
    first, later = took[: JOBS // Page().limit], took[JOBS // Page().limit :]
    p95 = statistics.quantiles(took, n=20)[-1]
    bench.table(
        f"The board at {JOBS:,} jobs and {settled:,} settled messages, ms",
        ("", "median", "p95"),
        [
            (
                "a page of 50, first look",
                f"{statistics.median(first):.0f}",
                f"{statistics.quantiles(first, n=20)[-1]:.0f}",
            ),
            ("a page of 50, later", f"{statistics.median(later):.0f}", f"{statistics.quantiles(later, n=20)[-1]:.0f}"),
            ("hms-syn status, all jobs", f"{whole:.0f}", ""),
        ],
    )
    store.close()
    bench.server.drop(database)
    bench.keep("20-board", {"p95": p95})


def fill(database: Database, settled: int) -> None:
    """Put the jobs, what was delivered through a day and what waits into the store's own tables."""
    given = ((JOBS,), (), (settled, settled), (JOBS,), (JOBS, JOBS, WAITING), (), (), ())
    for statement, values in zip(FILL, given, strict=True):
        database.run(statement.replace("{now}", NOW).replace("{day}", str(DAY)), *values)
