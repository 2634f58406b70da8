"""Every call into HMS-SYN that the benchmarks make, by its public path: the bus, the publishing flow, the drain."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmarks.workload import BATCH, KEYS, payload
from hms_a2a import Bus
from hms_syn import wiring
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import JobSpec, Push
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.server import Database
    from hms_syn.domain.delivery import Delivery

TOPIC = "hud.hearing.created"
AGENCY = "hud"
JOB = JobSpec(
    id="court",
    name="HUD → Court",
    file="court.yaml",
    push_adapter="in_memory.v1",
    source_topics=(TOPIC,),
    target_endpoint="https://court.example.gov/",
    push=Push(ordering_key="judge", concurrency=4),
)
NEVER = 3_600_000_000
"""An hour in the store's microseconds: longer than any run."""


class NotBuilt(Exception):
    """HMS-SYN cannot do this yet, so its goal is missed."""


@dataclass(slots=True)
class SaysYes:
    """A vendor that takes everything at once, in this process: what is left is our own cost."""

    idempotent = True
    finds = False
    heard: list[tuple[str, str, float]] = field(default_factory=list)

    def send(self, message: Delivery) -> Ack:
        """Take it, and keep its case, its lane and the time."""
        self.heard.append((str(message.payload["case_id"]), message.ordering_key, time.monotonic()))
        return Ack(reference=message.message_id)

    def find(self, _message: Delivery) -> Ack | None:
        """Know nothing."""
        return None


class TimedClaims:
    """A store whose claims are timed; everything else is the store's own."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def pop(self, *arguments: Any, **named: Any) -> Any:
        """Claim, and keep how long it took."""
        began = time.perf_counter()
        claim = self._store.pop(*arguments, **named)
        self.seconds.append(time.perf_counter() - began)
        return claim


class Ours:
    """HMS-SYN on one database: event, delivery and audit in one transaction; one commit a message on the way out."""

    name = "HMS-SYN"

    def __init__(self, database: Database, *, fresh: bool = True) -> None:
        self.database = database
        self.vendor = SaysYes()
        self.store = wiring.open_store(database.url)
        if fresh:
            self.store.create()
            self.store.register(JOB)

    def bus(self) -> Bus:
        """The publisher's door, leading to this database."""
        connection = {"conn_type": "generic", "extra": {"url": self.database.url}}
        os.environ["AIRFLOW_CONN_HMS_SYN_DB"] = json.dumps(connection)
        return Bus(AGENCY)

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One event a call, as an agency does."""
        bus = self.bus()
        for number in range(count):
            bus.publish_topic(TOPIC, payload(number, keys=keys))

    def publish_named(self, number: int) -> None:
        """One event, whose number the vendor will see."""
        self.bus().publish_topic(TOPIC, payload(number))

    def publish_slowly(self, case: str, key: str, *, pause: float) -> None:
        """One event in a transaction of the publisher's own, which takes its time to commit."""
        with self.store.engine.begin() as connection:
            body = {"case_id": case, "judge": key}
            self.bus().publish_topic(TOPIC, body, session=connection)
            time.sleep(pause)

    def publish_batches(self, count: int) -> None:
        """One hundred events a transaction."""
        for start in range(0, count, BATCH):
            numbers = range(start, start + BATCH)
            publish(self.store, [new_event(TOPIC, payload(number), agency=AGENCY) for number in numbers])

    def consume(self, count: int) -> None:
        """Send everything that waits, one commit a message, audit rows included."""
        self.vendor.heard.clear()
        if (sent := self.drain().run()) != count:
            raise RuntimeError(f"sent {sent} of {count}")

    def consume_batches(self, _count: int) -> None:
        """Send a hundred messages in one vendor call, settled in one transaction."""
        raise NotBuilt("a batched ack")

    def drain(self, *, window: int = BATCH, store: Any = None, most: int = sys.maxsize, seconds: float = 600) -> Drain:
        """One worker on this job's queue, for so many messages and so long at most."""
        push = replace(JOB.push or Push(), batch_size=window)
        base, until = len(self.vendor.heard), time.monotonic() + seconds
        return Drain(
            job=replace(JOB, push=push),
            store=store or self.store,
            adapter=self.vendor,
            owner=wiring.worker_name(),
            stop=lambda: len(self.vendor.heard) - base >= most or time.monotonic() > until,
        )

    def claims(self, count: int) -> list[float]:
        """Seconds of so many claims, each for one message, which is then sent and settled."""
        timed = TimedClaims(self.store)
        self.drain(window=1, store=timed, most=count).run()
        return timed.seconds

    def linger(self, done: Callable[[], bool]) -> None:
        """Drain and wait for more, as a warm worker does, until told that it is done."""
        wait = getattr(self.store, "wait", None)
        while not done():
            self.drain().run()
            if wait is None:
                time.sleep(0.05)
            else:
                wait(JOB.id, 0.2)

    def fill(self, count: int, *, keys: int) -> None:
        """Put a backlog straight into the tables: rows like those of a published event, ``count`` of them.

        The columns are read from the catalogue, so that a new column comes with its published value.
        """
        self.bus().publish_topic(TOPIC, payload(0), message_id="template")
        name = f"'judge-' || (n % {keys})"
        self._multiply("event", count, "t.message_id = 'template'", seq="1000000 + n", message_id="'fill-' || n")
        self._multiply(
            "delivery",
            count,
            "t.message_id = 'template'",
            id="1000000 + n",
            event_seq="1000000 + n",
            message_id="'fill-' || n",
            idempotency_key="gen_random_uuid()::text",
            ordering_key=name,
        )
        self._multiply("lane", keys, "t.ordering_key = 'judge-0'", id="1000000 + n", ordering_key=name)
        self._multiply("chain", count, "t.message_id = 'template'", message_id="'fill-' || n")
        self.database.run("DELETE FROM hms_syn_delivery WHERE message_id = 'template'")
        self.vacuum()

    def _multiply(self, table: str, count: int, where: str, **changes: str) -> None:
        columns = self._columns(table)
        chosen = ", ".join(changes.get(column, f"t.{column}") for column in columns)
        self.database.run(
            f"""SET session_replication_role = replica;
                INSERT INTO hms_syn_{table} ({", ".join(columns)}) SELECT {chosen}
                  FROM (SELECT * FROM hms_syn_{table} t WHERE {where} LIMIT 1) t, generate_series(1, {count}) n
                ON CONFLICT DO NOTHING"""
        )

    def _columns(self, table: str) -> list[str]:
        rows = self.database.run(
            """SELECT column_name FROM information_schema.columns
                WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position""",
            f"hms_syn_{table}",
        )
        return [str(row[0]) for row in rows]

    def keep_dead_rows(self) -> None:
        """Turn autovacuum off for our tables: what it would do in time is not what is measured."""
        for table in ("delivery", "lane"):
            self.database.run(f"ALTER TABLE hms_syn_{table} SET (autovacuum_enabled = off)")

    def vacuum(self) -> None:
        """Let the planner know the tables as they are."""
        self.database.run("VACUUM ANALYZE")

    def block(self, lanes: str) -> None:
        """Make lanes wait, as a back-off does: those whose ordering key is chosen by this SQL."""
        self.database.run(f"UPDATE hms_syn_lane SET ready_at = ready_at + {NEVER} WHERE {lanes}")

    def gather(self, chosen: str, *, into: str) -> None:
        """Move the deliveries that this SQL chooses under one ordering key, which gets a lane of its own."""
        self.database.run(f"UPDATE hms_syn_delivery SET ordering_key = '{into}' WHERE {chosen}")
        self._multiply("lane", 1, "true", id="2000000 + n", ordering_key=f"'{into}'")
        self.vacuum()

    def churn(self, count: int) -> None:
        """Leave the dead rows of ``count`` acks: deliveries come and go a hundred at a time, their lanes move."""
        columns = ", ".join(name for name in self._columns("delivery") if name != "id")
        self.database.run(
            f"""DO $$ DECLARE held hms_syn_delivery[]; BEGIN
                FOR n IN 1..{count // BATCH} LOOP
                  WITH gone AS (DELETE FROM hms_syn_delivery WHERE id IN
                    (SELECT id FROM hms_syn_delivery ORDER BY id LIMIT {BATCH}) RETURNING *)
                  SELECT array_agg(ROW(gone.*)::hms_syn_delivery) INTO held FROM gone;
                  INSERT INTO hms_syn_delivery ({columns}) SELECT {columns} FROM unnest(held) ORDER BY id;
                  UPDATE hms_syn_lane SET ready_at = ready_at + 1;
                  COMMIT;
                END LOOP; END $$"""
        )

    def counts(self) -> dict[str, int]:
        """How many deliveries stand in which state, by the view that is for reading."""
        rows = self.database.run("SELECT state, count(*) FROM hms_syn_delivery_v GROUP BY state")
        return {str(state): int(str(count)) for state, count in rows}

    def close(self) -> None:
        """Give the connections back."""
        self.store.close()
