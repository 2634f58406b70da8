"""The vendors of ``sql.table.v1``: a court's own database, as a file of SQLite and on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import tempfile
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg
from tests.harness.postgres import PrivatePostgres
from tests.harness.sql_court import SCHEMA, Court, sqlite_court

from hms_syn.conformance import Arrival, Manner, PretendVendor, Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → Court's database"
  id: court
  push_adapter: sql.table.v1
  pull_adapter: sql.table.v1
  source_topic: hud.hearing.created
  target_endpoint: "{endpoint}"
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 2s
    request: {{table: hearing, key: syn_key}}
    mapping: {{case_id: case_id, hearing_on: date}}
    ack: {{reference: hearing_id, status: state}}
  pull:
    timeout: 2s
    request: {{table: hearing, order_by: hearing_id}}
    dedupe_key: hearing_id
    mapping: {{hearing_id: hearing_id, state: state}}
    cursor: {{field: hearing_id, parameter: hearing_id}}
"""


class DatabaseCourt(PretendVendor):
    """What the two have in common: a table, and a way to look inside that is not the adapter's."""

    transactional = True
    no_journal = "a row that is there already leaves no trace of a second try"
    court: Court

    def job(self) -> JobSpec:
        return read_job(JOB.format(endpoint=self.court.endpoint))

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=thing.key, digest=thing.text) for thing in self.things()]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=str(key), reference=str(number), text=case)
            for number, case, key in self.court.rows("hearing_id, case_id, syn_key")
        ]

    def offer(self, count: int) -> Sequence[Any]:
        insert = "INSERT INTO hearing (case_id, syn_key) VALUES ('CITY-1', :key) RETURNING hearing_id"
        return [self.court.sql(insert, key=str(uuid.uuid4()))[0][0] for _ in range(count)]


class SqliteCourt(DatabaseCourt):
    """A file, without a write-ahead log: whoever locks it locks readers out too."""

    cannot = MappingProxyType(
        {
            Manner.LOCKED: "a file asks for no login",
            Manner.SILENT: "a file answers at once, or is locked",
            Manner.DOWN: "a file that is open stays open, also when it is taken away",
        }
    )
    words = ("not in this court",)
    triggers = MappingProxyType(
        {
            Manner.REFUSING: "BEFORE INSERT ON hearing BEGIN SELECT RAISE(ABORT, 'not in this court'); END",
            Manner.UNPROVED: "AFTER INSERT ON hearing BEGIN DELETE FROM hearing WHERE syn_key = NEW.syn_key; END",
        }
    )

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.court = sqlite_court(Path(self._folder.name))
        self.court.sql("PRAGMA journal_mode=DELETE")
        self._held = contextlib.ExitStack()

    def credentials(self) -> Credentials:
        return Credentials(extra=self.court.extra)

    def behave(self, manner: Manner) -> None:
        self._held.close()
        if manner is Manner.BUSY:
            holder = sqlite3.connect(self.court.inside, isolation_level=None)
            self._held.callback(holder.close)
            holder.execute("BEGIN EXCLUSIVE")
        elif manner in self.triggers:
            self.court.sql(f"CREATE TRIGGER manner {self.triggers[manner]}")
            self._held.callback(self.court.sql, "DROP TRIGGER manner")

    def __exit__(self, *_: object) -> None:
        self._held.close()
        self._folder.cleanup()


class PostgresCourt(DatabaseCourt):
    """One server for many tests, behind a line that can fall silent; each begins with an empty table."""

    words = ("not in this court",)
    statements = MappingProxyType(
        {
            Manner.REFUSING: (
                "ALTER TABLE hearing ADD CONSTRAINT manner CHECK (false) NOT VALID",
                "ALTER TABLE hearing DROP CONSTRAINT manner",
            ),
            Manner.UNPROVED: (
                "CREATE TRIGGER manner BEFORE INSERT ON hearing FOR EACH ROW EXECUTE FUNCTION swallow()",
                "DROP TRIGGER manner ON hearing",
            ),
            Manner.LOCKED: ("ALTER ROLE hud PASSWORD 'another'", "ALTER ROLE hud PASSWORD 'correct horse battery'"),
        }
    )

    def __init__(self) -> None:
        self._server = PrivatePostgres()
        self._line = SilentLine(f"{self._server.folder}/.s.PGSQL.5432")
        inside = f"host={self._server.folder} user=postgres dbname=postgres"
        url = f"postgresql://127.0.0.1:{self._line.port}/postgres"
        self.court = Court("postgresql", url, inside)
        self.court.sql(
            SCHEMA["postgresql"],
            "CREATE ROLE hud LOGIN PASSWORD 'correct horse battery'",
            "GRANT ALL ON hearing TO hud",
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        )
        rules = Path(self._server.folder, "pg_hba.conf")
        rules.write_text(f"local all hud scram-sha-256\n{rules.read_text()}")
        self.court.sql("SELECT pg_reload_conf()")
        self._held = contextlib.ExitStack()

    def __enter__(self) -> PostgresCourt:  # noqa: PYI034 - nobody derives from it
        self.court.sql("TRUNCATE hearing RESTART IDENTITY")
        self.behave(Manner.WELL)
        return self

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[PostgresCourt]:
        """Run the server for as long as this lasts."""
        court = cls()
        try:
            yield court
        finally:
            court._line.listen(there=False)
            court._server.close()

    def credentials(self) -> Credentials:
        url = f"{self.court.endpoint}?sslmode=disable"
        return Credentials(login="hud", password="correct horse battery", extra={"url": url})

    def behave(self, manner: Manner) -> None:
        self._held.close()
        self._line.listen(there=manner is not Manner.DOWN)
        self._line.silent = manner is Manner.SILENT
        if manner in self.statements:
            do, undo = self.statements[manner]
            self.court.sql(do)
            self._held.callback(self.court.sql, undo)
        if manner is Manner.BUSY:
            holder = self._held.enter_context(psycopg.connect(self.court.inside))
            holder.execute("LOCK TABLE hearing IN ACCESS EXCLUSIVE MODE")
        if manner is Manner.LOCKED:
            self.court.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hud'")


class SilentLine:
    """A TCP line that, while it is silent, swallows the answers to a question or to a commit."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.silent = False
        self.port = 0
        self._server: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.listen(there=True)

    def listen(self, *, there: bool) -> None:
        """Listen at the port, or hang up on everybody."""
        if there and self._server is None:
            self._server = socket.create_server(("127.0.0.1", self.port))
            self.port = self._server.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        elif not there and self._server is not None:
            for end in (self._server, *self._open):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        muted = threading.Event()
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._target)
            self._open.add(client)
            threading.Thread(target=self._pass_on, args=(client, server, muted), daemon=True).start()
            while data := server.recv(65536):
                if not muted.is_set():
                    client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
        self._open.discard(client)

    def _pass_on(self, client: socket.socket, server: socket.socket, muted: threading.Event) -> None:
        writes = False
        with suppress(OSError):
            while data := client.recv(65536):
                writes = writes or b"INSERT" in data
                if self.silent and (b"COMMIT" in data or (b"SELECT" in data and not writes)):
                    muted.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
