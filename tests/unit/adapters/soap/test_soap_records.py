"""A path into the vendor's answer that can find nothing there is told before it brings nothing for months."""

from __future__ import annotations

import pytest
from tests.unit.adapters.liar import PEERS, court, court_job, http, liar
from tests.unit.adapters.wsdls import element, shape, wrapped

from hms_syn import errors, job_files
from hms_syn.adapters.soap import soap_records
from hms_syn.cli.lint import contract_problems
from hms_syn.domain.job_spec import Cursor, Pull

HEARING = element("id") + wrapped("room", element("floor", "xs:int")) + element("note", high="unbounded")
LIST = wrapped("Hearing", HEARING, high="unbounded") + element("next", low=0)
BARE = shape("", LIST, name="ListHearings")
NESTED = shape("", wrapped("Result", LIST), name="ListHearings")
ANYTHING = shape("", '<xs:any maxOccurs="unbounded" processContents="lax"/>', name="ListHearings")


def keys(answering, records, **changes):
    """Return the keys that are wrong with a pull of these records."""
    pull = Pull(**{"publish_topic": "t", **changes})
    paging = pull.request.get("page", {})
    return [key for key, _ in soap_records.problems(pull, answering, records, paging)]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "Hearing",
            "Hearing[]",
            "Hearing[*].room",
            "Hearing[?id=='1']",
            "Hearing[0]",
            "Hearing[1:]",
            "Hearing || `[]`",
        ),
        *("@", "Hearing[].note[]", "Hearing | [0].room", "hearing || Hearing", "to_array(Hearing)", "[Hearing]"),
    ],
)
def test_a_path_that_can_find_something_is_taken(path):
    assert keys(BARE, path) == keys(NESTED, path) == []


@pytest.mark.parametrize(
    "path",
    [
        *("Hearings", "hearing", "Hearing.id", "Hearing[].Id", "Hearing[*].room[*]", "Hearing[].room.id"),
        *("hearing || `[]`", "next[]", "next.Hearing", "Hearing[0].note.text", "Hearing[][0].x", "hearing | [0]"),
        "Hearing[?id=='1'].Id",
    ],
)
def test_a_path_that_finds_nothing_in_any_answer_is_told(path):
    assert keys(BARE, path) == ["request.records"]


def test_the_outer_element_may_be_named():
    assert keys(NESTED, "Result.Hearing") == []
    assert keys(NESTED, "Result.Hearings") == keys(BARE, "Result.Hearing") == ["request.records"]


def test_an_answer_that_may_hold_anything_is_not_judged():
    assert keys(ANYTHING, "whatever[].it.is") == []


def test_what_the_records_and_pages_go_on_by_must_be_there_too():
    """Without a next page only the first is read; without a cursor every pull begins at the beginning."""
    paged = {"request": {"page": {"next": "nextToken", "after": "after"}}}
    assert keys(BARE, "Hearing", **paged) == ["request.page.next"]
    assert keys(NESTED, "Hearing", request={"page": {"next": "Result.next", "after": "after"}}) == []
    cursors = {field: Cursor(field=field, parameter="since") for field in ("id", "room.floor", "changedAt", "note[0]")}
    assert {field: keys(BARE, "Hearing", cursor=cursor) for field, cursor in cursors.items()} == {
        "id": [],
        "room.floor": [],
        "changedAt": ["cursor.field"],
        "note[0]": [],
    }


JOB = """
job:
  name: Court
  pull_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: https://court.example.gov/soap
  pull:
    cursor: {field: Changed, parameter: ChangedSince}
    request:
      wsdl: court.wsdl
      operation: GetHearings
      records: Hearings.Hearing
      page: {next: Next, after: PageToken}
"""


def test_lint_says_so_with_the_line_of_the_file(tmp_path):
    (tmp_path / "court.wsdl").write_bytes((PEERS / "court.wsdl").read_bytes())
    file = tmp_path / "court.yaml"
    file.write_text(JOB, encoding="utf-8")
    found = {(each.line, each.column): each for each in contract_problems(job_files.load_job(file))}
    assert [(place, each.key) for place, each in found.items()] == [
        ((12, 16), "job.pull.request.records"),
        ((13, 20), "job.pull.request.page.next"),
    ]
    assert "finds nothing in any answer of GetHearings; its lists are 'Hearing'." in found[12, 16].text
    file.write_text(JOB.replace("Hearings.Hearing", "Hearing").replace("Next,", "NextToken,"), encoding="utf-8")
    [left] = contract_problems(job_files.load_job(file))
    assert (left.line, left.column, left.key) == (8, 21, "job.pull.cursor.field")


def test_a_pull_that_could_bring_nothing_asks_nobody():
    """It is red, as a job that does not fit is, instead of green and empty."""
    request = {"wsdl": "court.wsdl", "operation": "GetHearings", "records": "Hearings"}
    with liar(http()) as peer, pytest.raises(errors.ContractMismatch) as caught:
        list(court(court_job(peer.origin, pull=Pull(publish_topic="t", request=request))).pull(None))
    assert caught.value.code == "pull_finds_nothing"
    assert "'pull.request.records'" in str(caught.value)
    assert peer.requests == []
