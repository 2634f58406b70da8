"""Messages as rows: put in once, proved by the row itself, recognised again by their key."""

from __future__ import annotations

import json
import warnings

import pytest
from tests.harness.sql_court import MAPPING, Court, message

from hms_syn import errors

KEY = "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"
INJECTIONS = [
    "'; DROP TABLE hearing; --",
    '"; DELETE FROM hearing; --',
    "x') RETURNING 1; --",
    "%s",
    ":syn_key",
    "%(a)s",
]


def test_a_message_is_one_row_and_its_primary_key_the_receipt(court: Court):
    adapter = court.adapter()
    receipt = adapter.send(message(KEY))
    assert (receipt.reference, receipt.status) == ("1", "")
    assert court.rows("case_id, state, syn_key") == [("HUD-22-109", "LODGED", KEY)]


def test_a_repeat_is_known_by_its_key_and_counts_as_delivered(court: Court):
    adapter = court.adapter()
    first = adapter.send(message(KEY))
    again = court.adapter().send(message(KEY))
    assert (again.reference, again.status) == (first.reference, "duplicate")
    assert len(court.rows()) == 1


def test_a_row_with_our_key_and_other_values_is_nobodys_receipt(court: Court):
    adapter = court.adapter()
    adapter.send(message(KEY))
    for ask in (adapter.send, adapter.find):
        with pytest.raises(errors.OutcomeUnknown, match=r"differs in case_id") as caught:
            ask(message(KEY, case_id="HUD-22-110"))
        assert caught.value.code == "row_differs"
        assert "110" not in str(caught.value)
    assert court.rows("case_id") == [("HUD-22-109",)]


def test_the_vendor_is_asked_by_the_key(court: Court):
    adapter = court.adapter()
    assert adapter.find(message(KEY)) is None
    adapter.send(message(KEY))
    assert adapter.find(message(KEY)).reference == "1"
    assert adapter.find(message()) is None


def test_a_unique_value_that_another_message_has_is_a_clear_no(court: Court):
    court.sql("CREATE UNIQUE INDEX one_case ON hearing (case_id)")
    adapter = court.adapter()
    adapter.send(message())
    with pytest.raises(errors.VendorRefused) as caught:
        adapter.send(message())
    assert caught.value.code in ("sql_23505", "sqlite_constraint_unique")
    assert len(court.rows()) == 1


def test_without_a_unique_column_the_row_is_looked_for_first_and_check_says_so(court: Court):
    court.sql("CREATE TABLE plain (id INTEGER PRIMARY KEY, case_id VARCHAR(99), syn_key VARCHAR(36))")
    push = {"request": {"table": "plain", "key": "syn_key"}, "mapping": {"id": "n", "case_id": "case_id"}}
    adapter = court.adapter(push)
    [(key, text)] = adapter.check()
    assert key == "job.push.request.key"
    assert "no unique constraint" in text
    assert [adapter.send(message(KEY, n=1)).status for _ in range(2)] == ["", "duplicate"]
    assert adapter.idempotent is False
    assert court.sql("SELECT count(*) FROM plain") == [(1,)]


def test_the_receipt_is_where_the_job_says_and_the_row_must_say_yes(court: Court):
    push = {"success": {"state": "LODGED"}, "ack": {"reference": "join('-', ['COURT', to_string(hearing_id)])"}}
    assert court.adapter(push).send(message()).reference == "COURT-1"
    with pytest.raises(errors.VendorRefused) as caught:
        court.adapter({"success": {"state": "HEARD"}}).send(message())
    assert caught.value.code == "proof_failed"
    with pytest.raises(errors.ContractMismatch, match="nothing was kept"):
        court.adapter({"success": {"room": "present"}}).send(message())
    assert len(court.rows()) == 1


def test_a_table_without_a_primary_key_needs_a_declared_receipt(court: Court):
    court.sql("CREATE TABLE bare (case_id VARCHAR(99), syn_key VARCHAR(36) UNIQUE)")
    push = {"request": {"table": "bare", "key": "syn_key"}, "mapping": {"case_id": "case_id"}}
    assert [key for key, _ in court.adapter(push).check()] == ["job.push.ack"]
    with pytest.raises(errors.ContractMismatch, match=r"push\.ack\.reference"):
        court.adapter(push).send(message())
    assert court.sql("SELECT * FROM bare") == []
    assert court.adapter({**push, "ack": {"reference": "syn_key"}}).send(message(KEY)).reference == KEY


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_that_looks_like_sql_is_a_value(court: Court, text: str):
    adapter = court.adapter()
    adapter.send(message(KEY, case_id=text))
    assert adapter.send(message(KEY, case_id=text)).status == "duplicate"
    assert court.rows("case_id") == [(text,)]


@pytest.mark.parametrize("name", [*INJECTIONS, "case_id; --", "hearing.case_id", "", "\x1b[31m"])
def test_a_name_that_is_no_column_is_refused_by_name_and_reaches_no_statement(court: Court, name: str):
    with pytest.raises(errors.ContractMismatch, match=r"has no column") as caught:
        court.adapter({"mapping": {**MAPPING, name: "case_id"}}).send(message())
    assert str(caught.value).isprintable()
    with pytest.raises(errors.UnmappablePayload, match=r"has no column"):
        court.adapter({"mapping": None}).send(message(**{name: 1}))
    for request in ({"table": name, "key": "syn_key"}, {"table": "hearing", "key": name}):
        with pytest.raises(errors.ContractMismatch, match="has no"):
            court.adapter({"request": request}).send(message())
    assert court.rows() == []


def test_a_payload_without_a_mapping_is_the_row(court: Court):
    court.sql("CREATE TABLE as_is (case_id VARCHAR(99), date VARCHAR(10), syn_key VARCHAR(36) PRIMARY KEY)")
    adapter = court.adapter({"request": {"table": "AS_IS", "key": "Syn_Key"}, "mapping": None})
    adapter.send(message(KEY))
    assert court.sql("SELECT case_id, date FROM as_is") == [("HUD-22-109", "2024-09-02")]
    with pytest.raises(errors.UnmappablePayload, match="idempotency key"):
        adapter.send(message(syn_key="x"))


def test_names_with_blanks_quotes_and_capitals_are_the_catalogs(court: Court):
    court.sql(
        'CREATE TABLE "Odd ""Table" ("Case Id" VARCHAR(99), "select" INTEGER PRIMARY KEY, "k:e%y" VARCHAR(36) UNIQUE)'
    )
    push = {"request": {"table": 'Odd "Table', "key": "k:e%y"}, "mapping": {"Case Id": "case_id", "select": "n"}}
    adapter = court.adapter(push)
    assert adapter.check() == []
    assert adapter.send(message(KEY, n=7)).reference == "7"
    assert adapter.send(message(KEY, n=7)).status == "duplicate"


@pytest.mark.parametrize(
    ("changes", "key", "text"),
    [
        ({"request": {"table": "haering", "key": "syn_key"}}, "request.table", "did you mean 'hearing'"),
        ({"request": {"table": "hearing", "key": "sin_key"}}, "request.key", "did you mean 'syn_key'"),
        ({"request": {"table": "no.hearing", "key": "syn_key"}}, "request.table", "no schema 'no'"),
        ({"request": {"table": "hearing"}}, "request", "add 'key'"),
        ({"request": {"key": "syn_key"}}, "request", "'table' and 'call'"),
        ({"mapping": {"caseid": "case_id"}}, "mapping", "no column 'caseid'"),
        ({"mapping": {"hearing_on": "date"}}, "mapping", "'case_id' must have a value"),
        ({"find": {"request": {}}}, "find", "leave 'find' out"),
    ],
)
def test_check_names_the_key_of_the_job_and_what_to_do(court: Court, changes: dict, key: str, text: str):
    [(found, said)] = court.adapter(changes).check()
    assert found == f"job.push.{key}"
    assert text in said


def test_a_sound_job_has_no_problem_and_a_preview_asks_nobody(court: Court):
    adapter = court.adapter()
    assert adapter.check() == []
    assert json.loads(adapter.preview(message(KEY))) == {
        "table": "hearing",
        "values": {"case_id": "HUD-22-109", "hearing_on": "2024-09-02", "syn_key": KEY},
    }
    adapter.ping()
    assert court.rows() == []


def test_constraints_refuse_with_a_code_and_no_value(court: Court):
    columns = "n INTEGER PRIMARY KEY CHECK (n < 9), t VARCHAR(36) NOT NULL UNIQUE, k VARCHAR(36) UNIQUE"
    court.sql(f"CREATE TABLE strict ({columns})")
    adapter = court.adapter({"request": {"table": "strict", "key": "k"}, "mapping": {"n": "n", "t": "case_id"}})
    with pytest.raises(errors.VendorRefused) as caught:
        adapter.send(message(n=98765))
    assert caught.value.code in ("sql_23514", "sqlite_constraint_check")
    assert "98765" not in str(caught.value)
    with pytest.raises(errors.VendorRefused) as caught:
        court.adapter({"request": {"table": "strict", "key": "k"}, "mapping": {"n": "n"}}).send(message(n=1))
    assert caught.value.code in ("sql_23502", "sqlite_constraint_notnull")


def test_a_check_that_is_not_valid_yet_is_read_without_a_warning(postgresql: Court):
    postgresql.sql("ALTER TABLE hearing ADD CONSTRAINT odd CHECK (case_id <> 'x') NOT VALID")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter = postgresql.adapter(pull={})
        assert adapter.check() == []
        assert adapter.send(message()).reference == "1"


def test_a_view_with_a_trigger_is_as_good_as_a_table(sqlite: Court):
    sqlite.sql(
        "CREATE VIEW front AS SELECT hearing_id, case_id, syn_key FROM hearing",
        "CREATE TRIGGER put INSTEAD OF INSERT ON front BEGIN "
        "INSERT INTO hearing (case_id, syn_key) VALUES (new.case_id, new.syn_key); END",
    )
    push = {
        "request": {"table": "front", "key": "syn_key"},
        "mapping": {"case_id": "case_id"},
        "ack": {"reference": "hearing_id"},
    }
    assert sqlite.adapter(push).send(message(KEY)).reference == "1"
