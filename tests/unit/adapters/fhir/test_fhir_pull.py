"""Pulling from a hospital: no record is lost or doubled, whatever the server makes of order, time and pages."""

from __future__ import annotations

import contextlib
import json

import pytest
from tests.unit.adapters.hospitals import appointment, fhir, hospital, outcome, searchset
from tests.unit.adapters.liar import http, liar

from hms_syn import errors, job_files
from hms_syn.domain.job_spec import Cursor, Pull
from hms_syn.flow import pull as flow
from hms_syn.store.sql_store import SqlStore

START = "2024-09-02T12:00:00Z"


def record(id_, at="12:00:00", version="1", **changes):
    return appointment(id=id_, meta={"versionId": version, "lastUpdated": f"2024-09-02T{at}Z"}, **changes)


def pull_of(**changes):
    return Pull(**{"publish_topic": "t", "request": {"resource": "Appointment"}, "timeout": 5.0, **changes})


def pulled(*pages, cursor=None, **changes):
    """Return the ids on each page, the cursors, what was asked, and the code it broke off with."""
    ids, cursors, code = [], [], None
    with liar(*[page if isinstance(page, bytes) else fhir(page) for page in pages]) as peer:
        adapter = hospital(f"{peer.origin}/fhir", pull=pull_of(**changes))
        try:
            for page in adapter.pull(cursor):
                ids.append([each["id"] for each in page.records])
                cursors.append(page.cursor)
        except errors.SynError as error:
            code = error.code
        adapter.close()
    asked = [request.split(b" ")[1].decode() for request in peer.requests]
    return ids, cursors, asked, code


def test_the_server_is_asked_for_what_changed_since_in_order():
    """The cursor less the overlap, with ge; sorted; so many at a time; and the job's own query."""
    request = {"resource": "Appointment", "query": {"status": "booked", "date": ["ge2024-01-01", "lt2025-01-01"]}}
    _, _, asked, _ = pulled(searchset(), cursor=START, request=request, page_size=50)
    assert asked == [
        "/fhir/Appointment?status=booked&date=ge2024-01-01&date=lt2025-01-01"
        "&_lastUpdated=ge2024-09-02T11%3A59%3A00Z&_sort=_lastUpdated&_count=50"
    ]


def test_the_first_pull_asks_for_everything_or_for_what_the_job_says():
    """Without a cursor there is no lower end, unless the job names one; a prefix of its own stands."""
    assert pulled(searchset())[2] == ["/fhir/Appointment?_sort=_lastUpdated&_count=100"]
    for initial, sent in (("2024-01-01", "ge2024-01-01"), ("gt2024-01-01", "gt2024-01-01")):
        cursor = Cursor(field="meta.lastUpdated", parameter="_lastUpdated", initial=initial)
        assert f"_lastUpdated={sent}&" in pulled_from(cursor)


def pulled_from(cursor):
    """Return what the first pull of a job with this cursor asks."""
    with liar(fhir(searchset())) as peer:
        adapter = hospital(f"{peer.origin}/fhir", pull=pull_of(cursor=cursor))
        list(adapter.pull(None))
    return peer.requests[0].split(b" ")[1].decode()


def test_only_the_last_page_moves_the_cursor_to_the_newest_record_of_all():
    """A server that does not sort shows the newest first: nothing behind it is skipped if the pull breaks off."""
    pages = [
        searchset(record("1", "12:09:00"), link="?page=2", total=3),
        searchset(record("2", "12:01:00"), link="/fhir/Appointment?page=3", total=3),
        searchset(record("3", "12:05:00"), total=3),
    ]
    ids, cursors, asked, _ = pulled(*pages, cursor=START)
    assert ids == [["1"], ["2"], ["3"]]
    assert cursors == [START, START, "2024-09-02T12:09:00Z"]
    assert asked[1:] == ["/fhir/Appointment?page=2", "/fhir/Appointment?page=3"]


def test_the_cursor_never_moves_back():
    """A server that ignores the time asked for shows old records again; they are known by their version."""
    assert pulled(searchset(record("1", "11:00:00")), cursor=START)[1] == [START]
    assert pulled(searchset(), cursor=START)[1] == [START]


def test_what_is_no_match_is_no_record():
    """Included resources and the server's remarks are not what was asked for."""
    patient = {"resourceType": "Patient", "id": "p"}
    remark = outcome("informational", severity="warning")
    page = searchset(
        record("1"),
        {"resource": patient, "search": {"mode": "include"}},
        {"resource": patient},
        {"resource": remark, "search": {"mode": "outcome"}},
        {"resource": remark, "search": {"mode": "match"}},
    )
    assert pulled(page)[0] == [["1"]]


BROKEN = {
    "a page that leads to itself": (
        [searchset(record(str(n)), link=f"?page={2 + n % 2}") for n in range(1, 9)],
        "page_loop",
    ),
    "pages that are always the same": (
        [*(searchset(record("1"), link=f"?page={n}") for n in (2, 3)), searchset(record("2"))],
        "page_loop",
    ),
    "a page at no address": ([searchset(record("1"), link="http://[")], "fhir_bad_link"),
    "a page at another host": ([searchset(record("1"), link="http://127.8.8.8:9/fhir?page=2")], "foreign_origin"),
    "a page that is no page": ([searchset(record("1"), link="?page=2"), record("2")], "fhir_no_searchset"),
    "a page that is a web page": (
        [searchset(record("1"), link="?page=2"), http("<html>", headers="Content-Type: text/html\r\n")],
        "html",
    ),
    "a page that does not come": ([searchset(record("1"), link="?page=2"), http(status="500 No")], "http_500"),
    "a page that is gone": ([searchset(record("1"), link="?page=2"), http(status="410 No")], "http_410"),
    "a search that went wrong behind it": (
        [searchset(record("1"), link="?page=2"), searchset({"resource": outcome("timeout")})],
        "fhir_search_failed",
    ),
    "a match of another type": (
        [searchset(record("1"), link="?page=2"), searchset(record("2", resourceType="Patient"))],
        "fhir_other_type",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_pull_that_breaks_off_leaves_the_cursor_where_it_was(broken):
    """F8, F19: what came is kept, and the rest is asked for again."""
    pages, expected = BROKEN[broken]
    ids, cursors, _, code = pulled(*pages, cursor=START)
    assert code == expected
    assert ids[0] == ["1"]
    assert set(cursors) == {START}


def test_a_full_page_without_a_next_one_that_says_there_is_more_is_not_the_end():
    """A server that cuts its answer and does not page would lose what it cut off."""
    page = searchset(record("1"), record("2"), total=3)
    ids, cursors, _, code = pulled(page, cursor=START, page_size=2)
    assert (ids, cursors, code) == ([["1", "2"]], [START], "fhir_page_missing")
    assert pulled(searchset(record("1"), record("2"), total=2), page_size=2)[3] is None
    assert pulled(searchset(record("1"), record("2"), record("3"), total=3), page_size=2)[3] is None


def test_no_page_is_asked_for_twice():
    """A circle is noticed at the first address that was seen, whatever stands there now."""
    pages = [searchset(record(str(n)), link=f"?page={2 + n % 2}") for n in range(1, 9)]
    ids, _, asked, code = pulled(*pages)
    assert (ids, len(asked), code) == ([["1"], ["2"], ["3"]], 3, "page_loop")


def test_pages_without_an_end_are_given_up():
    """A server whose empty pages always lead to another is asked a hundred times and no more."""
    pages = [searchset(link=f"?page={number}") for number in range(200)]
    assert pulled(*pages)[3] == "page_loop"


@pytest.fixture
def bus(tmp_path):
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/q.db")) as store:
        store.create()
        yield store


JOB = """
job:
  name: Hospital
  pull_adapter: fhir.r4.v1
  target_endpoint: "{}"
  allow_private: ["127.0.0.0/8"]
  pull:
    request: {{resource: Appointment}}
"""


def test_each_version_is_on_the_bus_once(bus, tmp_path):
    """F7, F8: what the overlap shows again is known; a new version, or a resource without one that differs, is new."""
    bare, nameless = appointment(id="3", meta=None), appointment(id=None, meta=None)
    pulls = [
        searchset(record("1"), record("2"), bare),
        searchset(record("1"), record("2", version="2"), bare, {**bare, "status": "cancelled"}),
        searchset({**bare, "id": "4"}, nameless, {**nameless, "status": "cancelled"}),
    ]
    with liar(*map(fhir, pulls)) as peer:
        file = tmp_path / "hospital.yaml"
        file.write_text(JOB.format(f"{peer.origin}/fhir"))
        job = job_files.load_job(file)
        bus.register(job)
        adapter = hospital(f"{peer.origin}/fhir", pull=job.pull)
        assert [flow.pull(job, bus, adapter) for _ in pulls] == [3, 2, 3]
        assert bus.cursor("hospital") == START
        adapter.close()
    events = bus.read("syn.hospital.pulled", after=0, limit=100)
    assert [event["payload"]["id"] for event in events if "id" in event["payload"]] == ["1", "2", "3", "2", "3", "4"]


def test_a_mapping_shapes_what_is_published():
    """The cursor is read from the record as it came."""
    with liar(fhir(searchset(record("1")))) as peer:
        mapping = {"appointment": "id", "status": "status", "version": "meta.versionId"}
        [page] = hospital(f"{peer.origin}/fhir", pull=pull_of(mapping=mapping)).pull(None)
    assert json.loads(json.dumps(page.records)) == [{"appointment": "1", "status": "booked", "version": "1"}]
    assert page.cursor == START
