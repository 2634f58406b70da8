"""A vendor's rows as an adapter reads them: the good ones, and what is wrong with the others."""

from __future__ import annotations

import pytest
from tests.conftest import make_job

from hms_syn.adapters.records import Reading
from hms_syn.domain.job_spec import Cursor, Pull
from hms_syn.errors import ContractMismatch


def reading(stored=None, **options):
    return Reading(make_job(pull=Pull(publish_topic="t", **options)), stored)


def test_only_the_last_page_moves_the_cursor():
    """F7, F8: an earlier page proves nothing about the records of a later one."""
    pull = reading("1", cursor=Cursor(field="n", parameter="since"))
    pages = [pull.page([{"n": 5}], more=True), pull.page([{"n": 3}], more=True), pull.page([{"n": 4}], more=False)]
    assert [page.cursor for page in pages] == ["1", "1", "5"]
    assert [page.more for page in pages] == [True, True, False]


def test_rows_are_mapped_and_their_sources_kept():
    """What is published is mapped; what makes a record itself is read from the vendor's own."""
    page = reading(mapping={"case": "caseId", "job": "_meta.job"}).page([{"caseId": "C-1", "v": 2}], more=False)
    assert page.records == ({"case": "C-1", "job": "court"},)
    assert page.sources == ({"caseId": "C-1", "v": 2},)


def test_a_row_that_cannot_be_mapped_is_told_by_its_place():
    """The others go on; the text holds the expression and no value."""
    rows = [{"caseId": "C-1"}, {"patient": "Jane Doe"}, {"caseId": "C-3"}]
    page = reading(mapping={"case": "caseId"}).page(rows, more=False)
    assert [record["case"] for record in page.records] == ["C-1", "C-3"]
    assert list(page.faults) == [2]
    assert "'caseId'" in page.faults[2]
    assert "Jane" not in page.faults[2]


def test_a_row_that_is_no_map_has_a_name():
    """A list of plain values is a list of records of one field."""
    assert reading().page(["a", 1], more=False).records == ({"value": "a"}, {"value": 1})


@pytest.mark.parametrize(
    ("stored", "values", "words"),
    [
        ("2024-01-01T00:00:00Z", ["2024-01-02T00:00:00Z", "n/a"], "a moment and text"),
        ("17", ["unknown"], "a number and text"),
        (None, ["2024-01-02T00:00:00Z", 1704153600], "a moment and a number"),
    ],
)
def test_a_cursor_field_that_changed_its_type_moves_nothing(stored, values, words):
    """The records are there, the cursor stands, and the fault says what was found where, not the value."""
    pull = reading(stored, cursor=Cursor(field="at", parameter="since"))
    page = pull.page([{"at": value} for value in values], more=False)
    assert len(page.records) == len(values)
    assert page.faults[0].startswith(f"'pull.cursor.field': there is {words} at 'at'")
    assert str(values[-1]) not in page.faults[0]


@pytest.mark.parametrize("value", [None, "", "  ", {}, []])
def test_a_record_without_a_cursor_field_moves_nothing(value):
    """It is published like any other, and the next pull asks from where this one did."""
    page = reading("7", cursor=Cursor(field="at", parameter="since")).page([{"at": value}], more=False)
    assert (page.cursor, page.faults) == ("7", {})


def test_a_vendor_that_changes_to_another_kind_altogether_is_followed():
    """Every record has a number now where moments were: that is another clock, and not a mistake in one record."""
    pull = reading("2024-01-01T00:00:00Z", cursor=Cursor(field="at", parameter="since"))
    assert pull.page([{"at": 5}, {"at": 7}], more=False).cursor == "7"


def test_text_among_numbers_is_compared_as_text_where_the_cursor_is_text():
    """Names in an order of their own, such as file names, may look like numbers."""
    pull = reading("a-1", cursor=Cursor(field="name", parameter="since"))
    assert pull.page([{"name": "5"}, {"name": "b-1"}], more=False).cursor == "b-1"


def test_a_mapping_that_is_not_jmespath_is_the_jobs_fault():
    """No record is to blame, so none is set aside for it."""
    with pytest.raises(ContractMismatch):
        reading(mapping={"a": "case..id"}).page([{}], more=False)
