"""Run at a release, before its tables change again: ``python -m tests.releases.keep`` writes ``<revision>.json``.

It lets this release do all that leaves rows, on a clock of 2023, and keeps every table as it then is.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import MetaData, select
from tests.conftest import make_job
from tests.unit.flow.alert_room import OPS, Room
from tests.unit.flow.vendors import Pages, hearing

from hms_syn.domain.ack import Ack, Page
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import OutcomeUnknown, VendorBusy, VendorRefused
from hms_syn.flow import switch
from hms_syn.flow.publish import publish
from hms_syn.flow.pull import pull
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store import schema, tables
from hms_syn.store.desk import Desk
from hms_syn.store.sql_store import SqlStore

LONG_AGO = 1_700_000_000.0
FIRST = ("delivered", "refused", "refused_too", "doubt", "busy", "lost")


class Dies(BaseException):
    """What a killed worker is to its vendor."""


class Court:
    """Answers each message as its id says."""

    idempotent, finds = False, False
    words = (
        ("refused", VendorRefused(code="bad_date")),
        ("doubt", OutcomeUnknown(code="reset")),
        ("busy", VendorBusy(code="http_503")),
        ("lost", Dies()),
    )

    def send(self, message):
        for word, error in self.words:
            if message.message_id.startswith(word):
                raise error
        return Ack(reference=f"R-{message.message_id}", status="ACCEPTED")


def fill(store):
    """Do all that leaves rows: each state, a pull, a pin, a pause, a vendor that is away, and an alert of it."""
    court = make_job(
        target_endpoint="https://court.example.gov/",
        push=Push(ordering_key="case_id", on_unknown="hold"),
        alerts=OPS,
    )
    clinic = make_job("clinic", source_topics=("hud.visit",), target_endpoint="https://clinic.example.gov/")
    for job in (court, clinic):
        store.register(job)
    publish(store, [hearing(number, message_id=name) for number, name in enumerate(FIRST)])
    with contextlib.suppress(Dies):
        Drain(job=court, store=store, adapter=Court(), owner="old-worker").run()
    act = Act(actor="paula", reason="looked into it")
    Desk(store).discard("refused_too", act)
    publish(store, [hearing(number, message_id=f"behind_{number}") for number in range(len(FIRST))])
    publish(store, [hearing(99, message_id=name) for name in ("new_1", "new_2")])
    publish(store, [new_event("hud.visit", {"visit": 1}, agency="hud", message_id="visit")])
    publish(store, [new_event("hud.nobody.listens", {"case_id": "HUD-1"}, agency="hud", message_id="untaken")])
    pull(court, store, Pages(Page(records=({"id": 1},), cursor="c1", more=False)))
    store.pin("court", "wsdl", b"<definitions/>")
    room = Room(store, [0.0])
    room.ping(clinic, answers=False)
    room.go()
    switch.pause(store, "clinic", act)


def kept(store):
    """Return every row of each of our tables."""
    found = MetaData()
    found.reflect(store.engine)
    with store.engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in found.sorted_tables
            if table.name in tables.metadata.tables
        }


def in_lines(rows):
    """Return it as JSON with a line a row."""
    tables_of_rows = (
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in each) + "\n]"
        for name, each in rows.items()
    )
    return "{\n" + ",\n".join(tables_of_rows) + "\n}\n"


def main():
    """Write the file."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/queue.db"
        with contextlib.closing(SqlStore(url, clock=lambda: LONG_AGO + time.monotonic() - begun)) as store:
            store.create()
            fill(store)
            rows = kept(store)
    file = Path(__file__).with_name(f"{schema.HEAD}.json")
    file.write_text(in_lines(rows), encoding="utf-8")
    print({name: len(each) for name, each in rows.items()}, file=sys.stderr)


if __name__ == "__main__":
    main()
