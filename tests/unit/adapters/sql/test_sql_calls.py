"""A vendor's procedure: called by the names of its arguments, and its one row is the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.sql_court import message

from hms_syn import errors

if TYPE_CHECKING:
    from tests.harness.sql_court import Court

KEY = "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"
LODGE = """
    CREATE FUNCTION lodge(p_case text, p_on date, p_key uuid, p_room numeric DEFAULT 1, p_at timestamp DEFAULT NULL)
    RETURNS TABLE (receipt text, disposition text, at timestamp) LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO hearing (case_id, hearing_on, room, syn_key) VALUES (p_case, p_on, p_room, p_key)
      ON CONFLICT (syn_key) DO NOTHING;
      RETURN QUERY SELECT 'COURT-' || hearing_id, CASE WHEN p_case = 'no' THEN 'REJECTED' ELSE 'LODGED' END, p_at
        FROM hearing WHERE syn_key = p_key::text;
    END $$
"""
PUSH = {
    "request": {"call": "lodge", "key": "p_key"},
    "mapping": {"p_case": "case_id", "P_ON": "date"},
    "success": {"disposition": "LODGED"},
    "ack": {"reference": "receipt", "status": "disposition"},
}


def test_a_function_is_called_and_a_repeat_is_the_vendors_to_know(postgresql: Court):
    postgresql.sql(LODGE)
    adapter = postgresql.adapter(PUSH)
    assert adapter.check() == []
    assert (adapter.idempotent, adapter.finds) == (True, False)
    receipts = [adapter.send(message(KEY, case_id="O'Brien; --")) for _ in range(2)]
    assert [(each.reference, each.status) for each in receipts] == [("COURT-1", "LODGED")] * 2
    assert postgresql.rows("case_id, hearing_on::text, room") == [("O'Brien; --", "2024-09-02", 1)]


def test_a_no_in_the_answer_is_rolled_back(postgresql: Court):
    postgresql.sql(LODGE)
    with pytest.raises(errors.VendorRefused) as caught:
        postgresql.adapter(PUSH).send(message(case_id="no"))
    assert caught.value.code == "proof_failed"
    assert postgresql.rows() == []


def test_values_are_cast_to_the_arguments_types_and_a_zone_is_not_dropped(postgresql: Court):
    postgresql.sql(LODGE)
    push = {**PUSH, "mapping": {**PUSH["mapping"], "p_room": "room", "p_at": "at"}, "ack": {"reference": "at"}}
    adapter = postgresql.adapter(push)
    assert adapter.send(message(room=1.25, at="2024-09-02T10:00:00+02:00")).reference == "2024-09-02T08:00:00"
    assert str(postgresql.rows("room")[0][0]) == "1.25"
    for wrong in ({"room": "x"}, {"date": "soon"}):
        with pytest.raises(errors.VendorRefused) as caught:
            adapter.send(message(**{"room": 1, "at": "2024-09-02", **wrong}))
        assert caught.value.code in ("sql_22p02", "sql_22007")
    for wrong in ({"at": "soon"}, {"case_id": "a\x00b"}):
        with pytest.raises(errors.UnmappablePayload, match="argument"):
            adapter.send(message(**{"room": 1, "at": "2024-09-02", **wrong}))


def test_a_procedure_answers_with_what_comes_out_of_it(postgresql: Court):
    postgresql.sql(
        "CREATE PROCEDURE book(case_id text, syn_key text, OUT receipt bigint) LANGUAGE sql AS "
        "'INSERT INTO hearing (case_id, syn_key) VALUES ($1, $2) RETURNING hearing_id'"
    )
    push = {"request": {"call": "public.BOOK", "key": "syn_key"}, "mapping": {"case_id": "case_id"}}
    assert postgresql.adapter(push).check() == []
    assert postgresql.adapter(push).send(message()).reference == "1"


def test_of_several_with_one_name_the_one_that_takes_the_fields_is_called(postgresql: Court):
    postgresql.sql(
        "CREATE FUNCTION pick(a text) RETURNS text LANGUAGE sql AS $$ SELECT 'one' $$",
        "CREATE FUNCTION pick(a text, b text) RETURNS text LANGUAGE sql AS $$ SELECT 'two' $$",
    )
    push = {"request": {"call": "pick"}, "mapping": {"a": "case_id", "b": "date"}}
    adapter = postgresql.adapter(push)
    assert adapter.send(message()).reference == "two"
    assert adapter.idempotent is False
    with pytest.raises(errors.ContractMismatch, match="no routine 'pick' that takes these fields"):
        postgresql.adapter({**push, "mapping": {"c": "case_id"}}).send(message())


@pytest.mark.parametrize("name", ["nowhere", "lodge(); --", "no.lodge", '"lodge"'])
def test_a_name_that_the_catalog_lacks_is_refused(postgresql: Court, name: str):
    postgresql.sql(LODGE)
    [(key, text)] = postgresql.adapter({**PUSH, "request": {"call": name}}).check()
    assert key == "job.push.request.call"
    assert "no routine" in text


def test_an_argument_it_does_not_take_and_an_answer_without_a_row_need_an_officer(postgresql: Court):
    postgresql.sql(LODGE, "CREATE FUNCTION none_of() RETURNS SETOF text LANGUAGE sql AS $$ SELECT '' WHERE false $$")
    with pytest.raises(errors.ContractMismatch, match="no argument 'p_judge'"):
        postgresql.adapter({**PUSH, "mapping": {"p_judge": "case_id"}}).send(message())
    with pytest.raises(errors.ContractMismatch) as caught:
        postgresql.adapter({"request": {"call": "none_of"}, "mapping": {}}).send(message())
    assert caught.value.code == "call_no_row"


def test_sqlite_has_no_procedures(sqlite: Court):
    [(key, text)] = sqlite.adapter({"request": {"call": "lodge"}}).check()
    assert key == "job.push.request.call"
    assert "sqlite has no procedures" in text
