"""Bad days of a database: what was certainly not kept is tried again, what may have been is asked for."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.harness.sql_court import Court, message, postgresql_court

from hms_syn import errors

KEY = "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"
SECRET = "HUD-22-secret"


@contextmanager
def held(court: Court, statement: str):
    """Keep a transaction open that has done something."""
    if court.dialect == "sqlite":
        with closing(sqlite3.connect(court.inside, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute(statement)
            yield other
            other.rollback()
        return
    with psycopg.connect(court.inside) as other:
        other.execute(statement)
        yield other
        other.rollback()


def told(caught: pytest.ExceptionInfo[errors.SynError]) -> str:
    """Everything that a log could show of an error."""
    error = caught.value
    assert error.__cause__ is None
    return f"{error!r} {error} {vars(error)}"


def test_a_row_that_is_locked_is_busy_before_the_deadline_and_nothing_is_kept(court: Court):
    insert = f"INSERT INTO hearing (case_id, syn_key) VALUES ('other', '{KEY}')"
    adapter = court.adapter({"timeout": 0.8})
    adapter.send(message())
    with held(court, insert):
        started = time.monotonic()
        with pytest.raises(errors.VendorBusy) as caught:
            adapter.send(message(KEY, case_id=SECRET))
        assert time.monotonic() - started < 10
    assert caught.value.code in ("sql_55p03", "sql_57014", "sqlite_busy")
    assert SECRET not in told(caught)
    assert adapter.send(message(KEY)).reference
    assert len(court.rows()) == 2


def test_a_statement_that_takes_too_long_is_cancelled(court: Court):
    slow = {
        "postgresql": "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); "
        "RETURN new; END $$; CREATE TRIGGER slow BEFORE INSERT ON hearing FOR EACH ROW EXECUTE FUNCTION slow()",
        "sqlite": "CREATE TRIGGER slow BEFORE INSERT ON hearing BEGIN SELECT count(*) FROM (WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT i FROM n); END",
    }
    court.sql(slow[court.dialect])
    started = time.monotonic()
    with pytest.raises(errors.VendorBusy) as caught:
        court.adapter({"timeout": 0.6}).send(message())
    assert time.monotonic() - started < 10
    assert caught.value.code in ("sql_57014", "sqlite_interrupt")
    assert court.rows() == []


def test_a_vendors_rule_in_a_trigger_refuses_without_its_words(court: Court):
    rule = {
        "postgresql": "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', "
        "new.case_id; END $$; CREATE TRIGGER no BEFORE INSERT ON hearing FOR EACH ROW EXECUTE FUNCTION no()",
        "sqlite": "CREATE TRIGGER no BEFORE INSERT ON hearing BEGIN SELECT RAISE(ABORT, 'no HUD-22-secret'); END",
    }
    court.sql(rule[court.dialect])
    with pytest.raises(errors.VendorRefused) as caught:
        court.adapter().send(message(case_id=SECRET))
    assert caught.value.code in ("sql_p0001", "sqlite_constraint_trigger")
    assert SECRET not in told(caught)


def test_a_table_that_changes_under_us_needs_an_officer(court: Court):
    adapter = court.adapter()
    adapter.send(message())
    court.sql("ALTER TABLE hearing RENAME COLUMN case_id TO case_number")
    with pytest.raises(errors.ContractMismatch) as caught:
        adapter.send(message(case_id=SECRET))
    assert caught.value.code in ("sql_42703", "sqlite_error")
    assert SECRET not in told(caught)


def test_a_deferred_constraint_refuses_in_the_commit(postgresql: Court):
    postgresql.sql(
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "ALTER TABLE hearing ADD parent int DEFAULT 7 REFERENCES parent DEFERRABLE INITIALLY DEFERRED",
    )
    with pytest.raises(errors.VendorRefused) as caught:
        postgresql.adapter().send(message())
    assert caught.value.code == "sql_23503"
    assert "hearing_parent_fkey" in str(caught.value)
    assert postgresql.rows() == []


def test_a_user_without_the_right_needs_an_officer(postgresql: Court):
    postgresql.sql("CREATE ROLE reader LOGIN", "GRANT SELECT ON hearing TO reader")
    postgresql.login = "reader"
    try:
        with pytest.raises(errors.ContractMismatch) as caught:
            postgresql.adapter().send(message())
    finally:
        postgresql.login = "postgres"
    assert caught.value.code == "sql_42501"


def test_a_wrong_password_is_a_login_refused_and_is_never_shown(postgresql: Court):
    rules = Path(postgresql.server.folder, "pg_hba.conf")
    before = rules.read_text(encoding="utf-8")
    postgresql.sql("CREATE ROLE clerk LOGIN PASSWORD 'right'", "GRANT ALL ON hearing TO clerk")
    rules.write_text(f"local all clerk scram-sha-256\n{before}", encoding="utf-8")
    postgresql.sql("SELECT pg_reload_conf()")
    postgresql.login = "clerk"
    try:
        for password in ("", "wr0ng-secret"):
            postgresql.password = password
            adapter = postgresql.adapter()
            with pytest.raises(errors.LoginRefused) as caught:
                adapter.send(message())
            assert caught.value.retry_after == 60
            assert "wr0ng" not in told(caught) + repr(adapter) + repr(vars(adapter))
            assert [key for key, _ in adapter.check()] == ["job.connection_id"]
        postgresql.password = "right"
        assert postgresql.adapter().send(message()).reference == "1"
        postgresql.password, postgresql.login = "", "postgres"
        own = postgresql.endpoint.replace("//", "//clerk:right@")
        postgresql.extra = {"url": own}
        assert postgresql.adapter().send(message()).reference == "2"
    finally:
        postgresql.login, postgresql.password, postgresql.extra = "postgres", "", {}
        rules.write_text(before, encoding="utf-8")
        postgresql.sql("SELECT pg_reload_conf()")


def test_a_kept_connection_that_was_ended_is_made_anew(postgresql: Court):
    adapter = postgresql.adapter()
    adapter.send(message())
    postgresql.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hms-syn'",
    )
    while postgresql.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'hms-syn'"):
        time.sleep(0.02)
    assert adapter.send(message()).reference == "2"


def test_a_connection_lost_before_the_commit_leaves_nothing_and_is_tried_again(postgresql: Court):
    adapter = postgresql.adapter({"timeout": 10.0})
    adapter.send(message())
    insert = f"INSERT INTO hearing (case_id, syn_key) VALUES ('other', '{KEY}')"
    with held(postgresql, insert):
        threading.Thread(target=end_the_waiting_one, args=(postgresql,), daemon=True).start()
        with pytest.raises(errors.VendorBusy) as caught:
            adapter.send(message(KEY, case_id=SECRET))
    assert caught.value.code == "connection_lost"
    assert SECRET not in told(caught)
    assert adapter.send(message(KEY)).status == ""
    assert len(postgresql.rows()) == 2


def end_the_waiting_one(court: Court) -> None:
    """End the adapter's backend as soon as it waits for a lock."""
    for _ in range(200):
        ended = court.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'hms-syn' AND wait_event_type = 'Lock'"
        )
        if ended:
            return
        time.sleep(0.05)


def test_a_commit_whose_news_is_lost_is_unknown_and_the_row_is_found(postgresql: Court):
    """The server has done what it was asked; the line is cut in place of the news of it."""
    adapter = postgresql.adapter()
    adapter.send(message())
    postgresql.line.cut(1.0)
    try:
        with pytest.raises(errors.OutcomeUnknown) as caught:
            adapter.send(message(KEY))
    finally:
        postgresql.line.cut(0.0)
    assert caught.value.code == "commit_lost"
    assert adapter.find(message(KEY)).reference == "2"
    assert adapter.send(message(KEY)).status == "duplicate"


def test_a_server_that_is_away_or_silent_has_been_sent_nothing():
    with postgresql_court() as court:
        adapter = court.adapter({"timeout": 2.0})
        adapter.send(message())
        [(pid,)] = court.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'hms-syn'")
        os.kill(pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            with pytest.raises(errors.NotSent):
                adapter.send(message())
            assert time.monotonic() - started < 15
        finally:
            os.kill(pid, signal.SIGCONT)
        court.server.stop()
        with pytest.raises(errors.NotSent) as caught:
            adapter.send(message())
        assert caught.value.code == "connect"
        with pytest.raises(errors.NotSent):
            court.adapter(heartbeat=None).ping()
        court.server.start()
        assert adapter.send(message()).reference


def test_a_server_that_takes_the_call_and_says_nothing_is_left_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        court = Court("postgresql", f"postgresql://127.0.0.1:{mute.getsockname()[1]}/court", "")
        started = time.monotonic()
        with pytest.raises(errors.NotSent):
            court.adapter({"timeout": 1.0}).send(message())
        assert time.monotonic() - started < 15


def test_a_file_that_is_not_there_is_not_made_and_is_waited_for(sqlite: Court):
    """The folder may be mounted again: nothing was sent, and nobody has to correct anything."""
    file = Path(sqlite.inside)
    away = file.rename(file.with_suffix(".away"))
    adapter = sqlite.adapter()
    with pytest.raises(errors.NotSent) as caught:
        adapter.send(message())
    assert caught.value.code == "connect"
    assert "SQLITE CANTOPEN" in str(caught.value)
    assert not file.exists()
    [(key, text)] = adapter.check()
    assert (key, "SQLITE CANTOPEN" in text) == ("job.target_endpoint", True)
    away.rename(file)
    assert adapter.send(message()).reference


def test_without_a_sqlstate_a_password_that_was_asked_for_decides(postgresql: Court):
    """libpq tells of a connection that failed in words only, and no outcome is read from words."""
    rules = Path(postgresql.server.folder, "pg_hba.conf")
    before = rules.read_text(encoding="utf-8")
    postgresql.sql("CREATE ROLE judge LOGIN PASSWORD 'right' CONNECTION LIMIT 0", "GRANT ALL ON hearing TO judge")
    postgresql.login, postgresql.password = "judge", "right"
    try:
        with pytest.raises(errors.NotSent) as caught:
            postgresql.adapter().send(message())
        assert (type(caught.value), caught.value.code) == (errors.NotSent, "connect")
        rules.write_text(f"local all judge scram-sha-256\n{before}", encoding="utf-8")
        postgresql.sql("SELECT pg_reload_conf()")
        with pytest.raises(errors.LoginRefused) as caught:
            postgresql.adapter().send(message())
        assert caught.value.code == "login_refused"
    finally:
        postgresql.login, postgresql.password = "postgres", ""
        rules.write_text(before, encoding="utf-8")
        postgresql.sql("SELECT pg_reload_conf()")


def test_the_environment_and_files_of_the_account_say_nothing(postgresql: Court, monkeypatch: pytest.MonkeyPatch):
    names = ("PGHOST", "PGUSER", "PGDATABASE", "PGSSLROOTCERT", "PGPASSFILE")
    for name, value in {**dict.fromkeys(names, "evil"), "PGOPTIONS": "-c search_path=evil", "PGPORT": "1"}.items():
        monkeypatch.setenv(name, value)
    assert postgresql.adapter().send(message()).reference == "1"
