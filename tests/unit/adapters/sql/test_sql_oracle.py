"""What goes to Oracle, compiled by its dialect and read here: no server of it can be had, so nothing is run."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Numeric, String, Table
from sqlalchemy.dialects import oracle
from tests.harness.sql_court import Court, message

from hms_syn import errors
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.sql import sql_calls_oracle, sql_errors, sql_pages, sql_place, sql_values
from hms_syn.adapters.sql.sql_errors import Phase
from hms_syn.adapters.sql.sql_routine import Argument, Routine
from hms_syn.adapters.sql.sql_rows import Target
from hms_syn.adapters.sql.sql_source import Source
from hms_syn.domain.job_spec import Push
from hms_syn.ports import Credentials

KEY = "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"
LONG = "a_column_whose_name_is_longer_than_the_thirty_characters_of_old"


def dialect(version: tuple[int, ...] = (19, 0)) -> oracle.oracledb.dialect:
    """Oracle's dialect as SQLAlchemy has it once it knows the server's release."""
    made = oracle.oracledb.dialect()
    made.server_version_info = version
    made._supports_offset_fetch = version >= (12,)
    return made


def hearing() -> Table:
    """A table as it is reflected: names of the catalog that need no quotes are in lower case."""
    return Table(
        "hearing",
        MetaData(),
        Column("hearing_id", Integer, primary_key=True),
        Column("case_id", String(20)),
        Column("Room", Numeric(6, 2)),
        Column("date", Date),
        Column(LONG, DateTime),
        Column("syn_key", String(36)),
        schema="court",
    )


def target() -> Target:
    table = hearing()
    return Target(table=table, key=table.c.syn_key, unique=True, dialect="oracle", push=Push(mapping={}))


def said(statement: object, version: tuple[int, ...] = (19, 0)) -> tuple[str, dict[str, object]]:
    compiled = statement.compile(dialect=dialect(version))
    return " ".join(str(compiled).split()), dict(compiled.params)


def test_a_row_is_put_in_by_bound_values_and_quoted_where_the_catalog_needs_it():
    fields = {"CASE_ID": "x'; DROP", "Room": 1.5, "date": "2024-09-02", LONG: "2024-09-02T10:00:00Z"}
    values = target().values(fields, key=KEY)
    text, bound = said(target().insertion(values))
    assert text == (
        'INSERT INTO court.hearing (case_id, "Room", "date", '
        f'{LONG}, syn_key) VALUES (:case_id, :Room, :"date", :{LONG}, :syn_key)'
    )
    assert bound["case_id"] == "x'; DROP"
    assert dt.date(2024, 9, 2) in bound.values()
    assert bound[LONG] == dt.datetime.fromisoformat("2024-09-02T10:00:00")
    assert "MERGE" not in text


@pytest.mark.parametrize(
    ("version", "end"), [((19, 0), "FETCH FIRST :param_1 ROWS ONLY"), ((11, 2), "WHERE ROWNUM <= :param_1")]
)
def test_a_row_is_read_back_by_its_key(version: tuple[int, ...], end: str):
    text, _ = said(target().question(), version)
    assert "court.hearing.syn_key = :idempotency_key" in text
    assert text.replace("__[POSTCOMPILE_param_1]", ":param_1").endswith(end)


def test_a_page_begins_behind_the_last_row_without_comparing_rows_or_offsets():
    table = hearing()
    order = (table.c[LONG], table.c.hearing_id)
    source = Source(rows=table, columns=(table.c.case_id,), order=order, cursor=table.c[LONG])
    after = (dt.datetime.fromisoformat("2024-09-02"), 7)
    text, bound = said(sql_pages.page_statement(source, since=True, after=after, limit=11))
    column = f"court.hearing.{LONG}"
    assert f"{column} >= :since" in text
    assert f"{column} >= :param_1 AND ({column} > :param_1 OR court.hearing.hearing_id > :param_2)" in text
    assert f"ORDER BY {column}, court.hearing.hearing_id" in text
    assert "OFFSET" not in text
    assert set(after) <= set(bound.values())


def test_an_empty_text_is_no_text():
    column = Column("case_id", String(20))
    assert sql_values.is_same("", None, column, dialect="oracle")
    assert not sql_values.is_same("", None, column, dialect="postgresql")


def test_a_procedure_is_called_in_a_block_by_names_with_what_comes_out_bound():
    arguments = (
        Argument(name="CASE_ID", type="VARCHAR2", goes_in=True, comes_out=False),
        Argument(name="HEARD_ON", type="DATE", goes_in=True, comes_out=False),
        Argument(name="RECEIPT", type="NUMBER", goes_in=False, comes_out=True),
    )
    routine = Routine(name=("COURT", "CALENDAR", "LODGE"), is_function=False, arguments=arguments)
    values = {"CASE_ID": (arguments[0], "x'"), "HEARD_ON": (arguments[1], "2024-09-02")}
    text, bound = said(sql_calls_oracle.block(routine, values))
    assert text == ('BEGIN "COURT"."CALENDAR"."LODGE"("CASE_ID" => :p0, "HEARD_ON" => :p1, "RECEIPT" => :o0); END;')
    assert (bound["p0"], bound["p1"]) == ("x'", dt.datetime.fromisoformat("2024-09-02"))
    result = Argument(name="", type="VARCHAR2", goes_in=False, comes_out=True)
    function = Routine(name=("COURT", "LODGE"), is_function=True, arguments=(arguments[0], result))
    text, _ = said(sql_calls_oracle.block(function, {"CASE_ID": (arguments[0], "x")}))
    assert text == 'BEGIN :o0 := "COURT"."LODGE"("CASE_ID" => :p0); END;'
    with pytest.raises(errors.UnmappablePayload, match="argument 'HEARD_ON'"):
        sql_calls_oracle.block(routine, {"HEARD_ON": (arguments[1], "soon")})


@pytest.mark.parametrize(
    ("code", "phase", "kind"),
    [
        ("ORA-00001", Phase.STATEMENT, sql_errors.TakenError),
        ("ORA-12899", Phase.STATEMENT, errors.VendorRefused),
        ("ORA-20001", Phase.STATEMENT, errors.VendorRefused),
        ("ORA-00942", Phase.STATEMENT, errors.ContractMismatch),
        ("ORA-00060", Phase.STATEMENT, errors.VendorBusy),
        ("ORA-01017", Phase.CONNECT, errors.LoginRefused),
        ("ORA-28000", Phase.CONNECT, errors.LoginRefused),
        ("ORA-12541", Phase.CONNECT, errors.NotSent),
        ("DPY-6005", Phase.CONNECT, errors.NotSent),
        ("DPY-4024", Phase.STATEMENT, errors.VendorBusy),
        ("ORA-03113", Phase.COMMIT, errors.OutcomeUnknown),
        ("ORA-00600", Phase.STATEMENT, errors.OutcomeUnknown),
    ],
)
def test_an_error_of_oracle_is_read_by_its_number(code: str, phase: Phase, kind: type[errors.SynError]):
    raised = Exception(SimpleNamespace(full_code=code, message="HUD-22-secret"))
    meant = sql_errors.meaning(raised, phase)
    assert type(meant) is kind
    assert "secret" not in str(meant)


@pytest.mark.parametrize("url", ["oracle://8.8.8.8/CALENDAR", "oracle+oracledb://8.8.8.8:1521/?service_name=CALENDAR"])
def test_a_connection_names_the_service_in_either_way(url: str):
    court = Court("oracle", "oracle://8.8.8.8/CALENDAR", "", extra={"url": url.replace("//", "//clerk:s@")})
    door = sql_place.door(court.job(), Credentials(extra=court.extra))
    assert (door.place.database, door.login, dict(door.options)) == ("CALENDAR", "clerk", {})


def test_the_thin_driver_is_told_the_address_and_finds_nobody_there():
    court = Court("oracle", "oracle://127.0.0.1:1/CALENDAR", "", login="clerk", password="pa55word")
    given = sql_place.door(court.job(), Credentials(login="clerk", password="pa55word")).arguments(Deadline(5))
    assert {name: given[name] for name in ("host", "port", "service_name", "user")} == {
        "host": "127.0.0.1", "port": 1, "service_name": "CALENDAR", "user": "clerk",
    }  # fmt: skip
    with pytest.raises(errors.NotSent) as caught:
        court.adapter().send(message())
    assert "pa55word" not in str(caught.value)
