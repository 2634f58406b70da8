"""Through a real PgBouncer: a pool by session works as a whole; one by transaction is found out and told."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from tests.conftest import make_job
from tests.harness.pgbouncer import pgbouncer
from tests.unit.flow.vendors import Scripted, drain, hearing, settle, state

from hms_syn.cli import doctor_database
from hms_syn.domain.checkup import Verdict
from hms_syn.errors import OutcomeUnknown
from hms_syn.flow.publish import publish
from hms_syn.ports import Credentials
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk
from hms_syn.store.sql_store import SqlStore


def pooler(url):
    """What the doctor says of the way to the database."""
    found = {one.check: one for one in doctor_database.look(lambda _name: Credentials(extra={"url": url}))}
    return found["pooler"]


def test_a_pool_by_session_delivers_listens_and_keeps_its_promises(postgres_url):
    """Prepared statements, settings of a connection, advisory locks and LISTEN, over and over on few connections."""
    with pgbouncer(postgres_url, mode="session") as url, closing(SqlStore(url)) as store:
        store.create()
        job = make_job()
        store.register(job)
        vendor = Scripted(OutcomeUnknown(code="cut"))
        worker = drain(store, job, vendor)[0]
        for number in range(30):
            publish(store, [hearing(number)])
            settle(store, job, worker)
        store.wait(job.id, 0.01)
        begun, late = time.monotonic(), threading.Timer(0.3, publish, (store, [hearing(99)]))
        late.start()
        store.wait(job.id, 20)
        assert time.monotonic() - begun < 15
        late.join()
        settle(store, job, worker)
        assert {state(store, f"m{number}") for number in (*range(30), 99)} == {"delivered"}
        assert [row["agrees"] for row in Desk(store).reconcile()] == [True]
        assert audit_trail.verify(store.audit_rows(limit=9999)) > 0
        assert pooler(url).verdict is Verdict.OK


def test_a_pool_by_transaction_is_told_by_the_doctor(postgres_url):
    """It would hand on what we set on a connection, to Airflow too, and forget what we listen to."""
    with closing(SqlStore(postgres_url)) as store:
        store.create()
    with pgbouncer(postgres_url, mode="transaction") as url:
        found = pooler(url)
    assert found.verdict is Verdict.PROBLEM
    assert "pool_mode = session" in found.todo
