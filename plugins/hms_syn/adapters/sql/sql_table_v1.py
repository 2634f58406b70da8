"""``sql.table.v1``: a vendor that is a table or a procedure of a database.

A message is one row, put in with its idempotency key in a unique column and read back before the commit; the row is
the proof. A pull reads the rows whose cursor column has moved on. PostgreSQL, Oracle (thin mode) and SQLite.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.sql import sql_calls, sql_check, sql_errors, sql_pages, sql_place, sql_rows
from hms_syn.adapters.sql.sql_session import Session
from hms_syn.domain.job_spec import Push

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.sql.sql_place import Door
    from hms_syn.adapters.sql.sql_routine import Routine
    from hms_syn.adapters.sql.sql_rows import Target
    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins


class SqlTableV1:
    """One job's database; made without a look at the network."""

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # a catalog is read anew by each adapter
        self._job = job
        self._credentials = credentials
        self._push = job.push or Push()
        self.finds = "call" not in self._push.request
        self._sessions: dict[str, Session] = {}
        self._target: Target | None = None
        self._routines: dict[frozenset[str], Routine] = {}

    @property
    def idempotent(self) -> bool:
        """True while nothing shows that a repeat could become a second row: a key is named, and its column unique."""
        return "key" in self._push.request and (self._target is None or self._target.unique)

    def send(self, message: Delivery) -> Ack:
        """Put one message into the table, or hand it to the procedure, and return the receipt in its row."""
        fields = self._fields(message)
        if "call" in self._push.request:
            session, key = self._session("push"), message.idempotency_key
            return sql_calls.call(session, self._push, fields, key=key, known=self._routines)
        target = self._found_target()
        values = target.values(fields, key=message.idempotency_key)
        try:
            with self._session("push").transaction() as connection:
                if not target.unique and (row := target.row(connection, message.idempotency_key)) is not None:
                    return target.repeated(row, values, status="duplicate")
                connection.execute(target.insertion(values))
                receipt = target.accepted(target.row(connection, message.idempotency_key))
        except sql_errors.TakenError as taken:
            refusal = errors.VendorRefused(str(taken), code=taken.code)
        else:
            return receipt
        with self._session("push").transaction() as connection:
            row = target.row(connection, message.idempotency_key)
        if row is None:
            raise refusal  # another unique column's value is taken, and not by this message
        return target.repeated(row, values, status="duplicate")

    def find(self, message: Delivery) -> Ack | None:
        """Look for the row with the message's key."""
        target = self._found_target()
        try:
            values = target.values(self._fields(message), key=message.idempotency_key)
        except errors.UnmappablePayload as error:
            raise errors.ContractMismatch(f"This message cannot be looked for. {error}") from None
        with self._session("push").transaction() as connection:
            row = target.row(connection, message.idempotency_key)
        return None if row is None else target.repeated(row, values, status="found")

    def preview(self, message: Delivery) -> bytes:
        """Return the table or procedure and what goes into each column, as JSON; the database is not asked."""
        request = self._push.request
        key = {str(request["key"]): message.idempotency_key} if "key" in request else {}
        place = {name: request[name] for name in ("table", "call") if name in request}
        return json.dumps({**place, "values": {**self._fields(message), **key}}, ensure_ascii=False).encode()

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the rows whose cursor column has moved on, page by page, each page a transaction that only reads."""
        if self._job.pull is None:
            raise errors.ContractMismatch(f"{self._job.id}: has no pull side")
        yield from sql_pages.pages(self._session("pull"), self._job, self._job.pull, cursor)

    def ping(self) -> None:
        """Return if the database lets us in and answers a question within the heartbeat's timeout."""
        self._session("ping").ping()

    def check(self) -> list[tuple[str, str]]:
        """Compare the job with the database's catalog; return (dotted key, what and what to do) for each problem."""
        return sql_check.problems(self._job, self._session)

    def close(self) -> None:
        """Give the connections back."""
        while self._sessions:
            self._sessions.popitem()[1].close()

    def _found_target(self) -> Target:
        if self._target is None:
            with self._session("push").transaction() as connection:
                self._target = sql_rows.target(connection, self._push)
            mapping.check_expressions({name: name for name in self._push.success}, key="push.success")
            mapping.check_expressions(self._push.ack, key="push.ack")
        return self._target

    def _fields(self, message: Delivery) -> Mapping[str, Any]:
        return mapping.of_message(self._push.mapping, message)

    def _session(self, way: str) -> Session:
        if way not in self._sessions:
            job = self._job
            timeouts = {
                "push": self._push.timeout,
                "pull": job.pull_timeout,
                "ping": job.ping_timeout,
            }
            self._sessions[way] = Session(self._door(), timeout=timeouts[way], reads=way != "push")
        return self._sessions[way]

    def _door(self) -> Door:
        return sql_place.door(self._job, self._credentials)
