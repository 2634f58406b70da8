"""Rows on their way to the bus: none left out between two pages, none read twice as two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors
from hms_syn.adapters.sql.sql_pages import reaching_back
from hms_syn.domain.job_spec import Cursor
from hms_syn.domain.pulled_record import event_of

if TYPE_CHECKING:
    from tests.harness.sql_court import Court

LARGE = {"postgresql": "repeat('x', 5000000)", "sqlite": "hex(zeroblob(2500000))"}
BY_CHANGE = {"cursor": Cursor(field="changed_at", parameter="", overlap=60.0), "page_size": 3}


def put(court: Court, *moments: str, start: int = 0) -> None:
    """Put hearings in with these times of change."""
    for number, at in enumerate(moments, start):
        court.sql(
            "INSERT INTO hearing (case_id, syn_key, changed_at) VALUES (:case, :key, :at)",
            case=f"C-{number}",
            key=f"k{number}",
            at=at,
        )


def pulled(court: Court, cursor: str | None = None, /, **pull: object) -> tuple[list[str], str | None]:
    """Pull to the end; return the cases in order and the last cursor."""
    cases, ids = [], []
    for page in court.adapter(pull=pull).pull(cursor):
        assert len(page.records) <= pull.get("page_size", 100)
        cases += [record["case_id"] for record in page.records]
        ids += [
            event_of(court.job(pull=pull), *of).message_id
            for of in zip(page.records, page.sources, page.identities, strict=True)
        ]
        cursor = page.cursor
    assert len(set(ids)) == len(ids)
    return cases, cursor


def test_rows_with_equal_times_are_all_there_whatever_the_page(court: Court):
    put(court, *["2024-09-02 10:00:00"] * 7, "2024-09-02 10:00:01")
    wanted = [f"C-{number}" for number in range(8)]
    for size in (1, 2, 3, 7, 8, 9):
        assert pulled(court, **{**BY_CHANGE, "page_size": size})[0] == wanted


def test_a_pull_goes_on_where_the_last_one_ended_and_reads_equal_times_again(court: Court):
    put(court, "2024-09-02 10:00:00", "2024-09-02 10:00:00.5", "2024-09-02 10:00:00.500")
    exact = {"cursor": Cursor(field="changed_at", parameter="")}
    cases, cursor = pulled(court, **exact)
    assert cases == ["C-0", "C-1", "C-2"]
    put(court, "2024-09-02 10:00:00.500", "2024-09-03 00:00:00", start=3)
    cases, further = pulled(court, cursor, **exact)
    assert cases[-2:] == ["C-3", "C-4"]
    assert "C-0" not in cases
    assert further > cursor


def test_a_row_that_comes_late_is_seen_by_the_overlap_and_the_cursor_never_moves_back(court: Court):
    put(court, "2024-09-02 10:00:00", "2024-09-02 10:05:00")
    _, cursor = pulled(court, **BY_CHANGE)
    put(court, "2024-09-02 10:04:30", start=2)
    court.sql("DELETE FROM hearing WHERE case_id = 'C-1'")
    cases, after = pulled(court, cursor, **BY_CHANGE)
    assert cases == ["C-2"]
    assert after == cursor


def test_a_row_read_again_is_the_same_record_and_a_changed_one_another(court: Court):
    put(court, "2024-09-02 10:00:00")
    job = court.job(pull=BY_CHANGE)

    def identity() -> str:
        [page] = court.adapter(pull=BY_CHANGE).pull(None)
        return event_of(job, page.records[0], page.sources[0], page.identities[0]).message_id

    first = identity()
    assert identity() == first
    court.sql("UPDATE hearing SET state = 'HEARD'")  # its time of change stays
    assert identity() != first


def test_rows_that_are_mapped_alike_are_still_two(court: Court):
    put(court, "2024-09-02 10:00:00", "2024-09-02 10:00:00")
    [page] = court.adapter(pull={"mapping": {"state": "state"}, **BY_CHANGE}).pull(None)
    job = court.job(pull=BY_CHANGE)
    assert [dict(record) for record in page.records] == [{"state": "LODGED"}] * 2
    rows = zip(page.records, page.sources, page.identities, strict=True)
    assert len({event_of(job, *row).message_id for row in rows}) == 2


@pytest.mark.parametrize("size", [2, 10])
def test_a_row_that_cannot_be_mapped_is_told_by_its_place_and_the_others_come(court: Court, size: int):
    """As every adapter has it: the run fails and says which row, the cursor stays, and nothing else waits for it."""
    put(court, *[f"2024-09-02 10:00:0{second}" for second in range(5)])
    court.sql("UPDATE hearing SET hearing_on = '2024-10-01' WHERE case_id <> 'C-2'")
    pull = {**BY_CHANGE, "mapping": {"case": "case_id", "day": "hearing_on"}, "page_size": size}
    pages = list(court.adapter(pull=pull).pull(None))
    assert [record["case"] for page in pages for record in page.records] == ["C-0", "C-1", "C-3", "C-4"]
    [(number, faults)] = [(number, page.faults) for number, page in enumerate(pages) if page.faults]
    assert (number * size + next(iter(faults)), len(faults)) == (3, 1)
    assert "'hearing_on' finds nothing" in str(faults)
    assert "C-2" not in str(faults)
    rows = [row for page in pages for row in zip(page.records, page.sources, page.identities, strict=True)]
    assert all(record["case"] == source["case_id"] == own["record"]["case"] for record, source, own in rows)


def test_a_row_with_a_value_that_json_cannot_carry_holds_up_no_other(sqlite: Court):
    """In SQLite every value has a type of its own, so one row may hold bytes where the others hold text."""
    put(sqlite, *[f"2024-09-02 10:00:0{second}" for second in range(3)])
    sqlite.sql("UPDATE hearing SET case_id = x'ff00' WHERE case_id = 'C-1'")
    [page] = sqlite.adapter(pull={**BY_CHANGE, "page_size": 10}).pull(None)
    assert [record["case_id"] for record in page.records] == ["C-0", "C-2"]
    assert page.faults == {
        2: "Column 'case_id' holds a value of the type bytes, which JSON cannot carry; read another one."
    }


@pytest.mark.parametrize(("allowed", "pages"), [(1, [1, 1, 1]), (12_000_000, [2, 1]), (20_000_000, [3])])
def test_a_page_of_large_rows_is_a_shorter_page(court: Court, allowed: int, pages: list[int]):
    """Eight MiB of text, or ``push.max_response_bytes``, is enough for one page; a row that is larger comes alone."""
    put(court, *[f"2024-09-02 10:00:0{second}" for second in range(3)])
    court.sql("ALTER TABLE hearing ADD note text", "UPDATE hearing SET note = " + LARGE[court.dialect])
    pull = {**BY_CHANGE, "page_size": 10, "mapping": {"case": "case_id", "size": "length(note)"}}
    found = list(court.adapter({"max_response_bytes": allowed}, pull=pull).pull(None))
    assert [len(page.records) for page in found] == pages
    assert [record["case"] for page in found for record in page.records] == ["C-0", "C-1", "C-2"]
    assert [page.more for page in found] == [True] * (len(pages) - 1) + [False]


def test_rows_that_come_and_go_between_two_pages_shift_nothing(court: Court):
    put(court, *[f"2024-09-02 10:00:0{second}" for second in range(6)])
    pages = court.adapter(pull={**BY_CHANGE, "page_size": 2}).pull(None)
    cases = [record["case_id"] for record in next(pages).records]
    court.sql("DELETE FROM hearing WHERE case_id IN ('C-0', 'C-1')")
    put(court, "2024-09-02 09:00:00", start=6)  # behind us: for the overlap of a later pull
    cases += [record["case_id"] for page in pages for record in page.records]
    assert cases == ["C-0", "C-1", "C-2", "C-3", "C-4", "C-5"]


def test_a_job_may_order_otherwise_and_then_only_the_last_page_moves_the_cursor(court: Court):
    put(court, "2024-09-02 10:00:03", "2024-09-02 10:00:01", "2024-09-02 10:00:02")
    pull = {**BY_CHANGE, "request": {"table": "hearing", "order_by": "case_id"}, "page_size": 2}
    court.sql("CREATE UNIQUE INDEX one_case ON hearing (case_id)")
    found = list(court.adapter(pull=pull).pull("2024-09-02 10:00:00"))
    assert found[0].cursor == "2024-09-02 10:00:00"
    assert found[-1].cursor[17:19] == "03"


def test_a_select_is_read_as_if_it_were_a_table(court: Court):
    put(court, *[f"2024-09-02 10:00:0{second}" for second in range(5)])
    select = "SELECT case_id, hearing_id AS id, changed_at FROM hearing WHERE case_id <> 'C-2' -- without one"
    pull = {**BY_CHANGE, "page_size": 2, "request": {"select": select, "order_by": "changed_at, id"}}
    cases, cursor = pulled(court, **pull)
    assert cases == ["C-0", "C-1", "C-3", "C-4"]
    put(court, "2024-09-02 11:00:00", start=5)
    assert pulled(court, cursor, **pull)[0] == ["C-0", "C-1", "C-3", "C-4", "C-5"]


def test_a_select_may_take_the_cursor_itself(court: Court):
    put(court, *[f"2024-09-02 10:00:0{second}" for second in range(5)])
    select = "SELECT case_id, hearing_id AS id FROM hearing WHERE hearing_id > CAST(:since AS INTEGER)"
    pull = {
        "request": {"select": select, "order_by": "id"},
        "cursor": Cursor(field="id", parameter="since", initial="2"),
    }
    cases, cursor = pulled(court, **pull)
    assert (cases, cursor) == (["C-2", "C-3", "C-4"], "5")
    pull["cursor"] = Cursor(field="id", parameter="since")
    with pytest.raises(errors.ContractMismatch, match="initial"):
        pulled(court, **pull)
    assert [key for key, _ in court.adapter(pull=pull).check()] == ["job.pull.cursor"]


def test_an_order_that_does_not_tell_rows_apart_is_noticed_before_one_is_lost(court: Court):
    put(court, *["2024-09-02 10:00:00"] * 3)
    pull = {**BY_CHANGE, "request": {"select": "SELECT * FROM hearing", "order_by": "changed_at"}, "page_size": 2}
    court.sql("ALTER TABLE hearing DROP COLUMN scan")
    with pytest.raises(errors.ContractMismatch, match="two rows are alike"):
        pulled(court, **pull)


@pytest.mark.parametrize(
    ("select", "text"),
    [
        ("DELETE FROM hearing", "write one SELECT"),
        ("SELECT 1 AS case_id; DELETE FROM hearing", "semicolon"),
        ("SELECT case_id FROM hearing LIMIT :limit", "may take :since only"),
        ("SELECT hearing_on FROM hearing", "gives no column 'case_id'"),
    ],
)
def test_a_select_that_cannot_be_paged_is_refused_by_check(court: Court, select: str, text: str):
    [(key, said)] = court.adapter(pull={"request": {"select": select, "order_by": "case_id"}}).check()
    assert key.startswith("job.pull.request")
    assert text in said


def test_a_select_that_would_write_is_stopped_by_the_database(court: Court):
    put(court, "2024-09-02 10:00:00")
    if court.dialect == "sqlite":
        with (
            court.adapter(pull={})._session("pull").transaction() as connection,
            pytest.raises(Exception, match="readonly"),
        ):
            connection.exec_driver_sql("DELETE FROM hearing")
        return
    court.sql("CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM hearing; SELECT 1'")
    with pytest.raises(errors.SynError) as caught:
        pulled(court, request={"select": "SELECT wipe() AS id", "order_by": "id"})
    assert caught.value.code == "sql_25006"
    assert len(court.rows()) == 1


def test_a_whole_table_without_a_cursor_is_read_by_its_primary_key(court: Court):
    put(court, *["2024-09-02 10:00:00"] * 5)
    assert pulled(court, page_size=2) == ([f"C-{number}" for number in range(5)], None)


@pytest.mark.parametrize(
    ("cursor", "earlier"),
    [
        ("2024-09-02 10:00:00", "2024-09-02 09:59:00"),
        ("2024-09-02 10:00:00.250", "2024-09-02 09:59:00.250"),
        ("2024-09-02T00:00:30Z", "2024-09-01T23:59:30Z"),
        ("2024-09-02T10:00:00.000001+02:00", "2024-09-02T09:59:00.000001+02:00"),
        ("2024-09-02", "2024-09-01"),
        ("42", "42"),
        ("A-17", "A-17"),
    ],
)
def test_a_cursor_reaches_back_in_its_own_form(cursor: str, earlier: str):
    assert reaching_back(cursor, Cursor(field="x", parameter="", overlap=60.0)) == earlier
