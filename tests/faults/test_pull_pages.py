"""A vendor whose pages are awkward: equal times, records that appear late, pages that shift while they are read."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from tests.harness import pulls
from tests.harness.raw import contract
from tests.unit.adapters.liar import http, liar, soap

from hms_syn.store.sql_store import SqlStore

CALENDAR = "urn:county-court:calendar:1998"
PULL = {
    "schedule": "100ms",
    "page_size": 2,
    "dedupe_key": "changeId",
    "request": {"wsdl": "court.wsdl"},
    "cursor": {"field": "changedAt", "parameter": "changedSince", "overlap": "2m"},
}
RECORD = re.compile(rb"<changeId>(\d+)<.*?<changedAt>([^Z]+)Z<")
NOON = "12:00:00"


def page(*records, following=""):
    """One answer: changes as (number, time of day), and where the next page begins."""
    rows = "".join(
        f"<change><changeId>{number}</changeId><reference>COURT-{number}</reference><caseId>case-{number}</caseId>"
        f"<status>OPEN</status><changedAt>2024-09-02T{at}Z</changedAt></change>"
        for number, at in records
    )
    more = f"<next>{following}</next>" if following else ""
    return http(soap(f'<ListHearingChangesResponse xmlns="{CALENDAR}">{rows}{more}</ListHearingChangesResponse>'))


def pulled(cli):
    """What is on the bus, and the newest moment of it."""
    with closing(SqlStore(cli.url)) as store:
        events = store.read("syn.court.pulled", after=0, limit=1000)
        cursor = store.cursor("court")
    found = [(str(event["payload"]["changeId"]), event["payload"]["changedAt"]) for event in events]
    return found, (cursor, max((at for _, at in found), default=None))


AWKWARD = {
    "equal times across a page's end": [
        [page((1, NOON), (2, NOON), following="2"), page((3, NOON))],
        [page((1, NOON), (2, NOON), following="2"), page((3, NOON), (4, NOON))],
    ],
    "a record that was committed late, with an earlier time": [
        [page((1, NOON), (3, "12:01:30"))],
        [page((1, NOON), (2, "12:00:30"), following="2"), page((3, "12:01:30"))],
    ],
    "a page that shifts because a record was put in before it": [
        [page((1, NOON), (3, NOON), following="2"), page((3, NOON), (4, NOON))],
        [page((2, NOON), (1, NOON), following="2"), page((3, NOON), (4, NOON))],
    ],
    "a page that shifts because a record before it went away": [
        [page((1, NOON), (2, NOON), following="2"), page((4, NOON))],
        [page((2, NOON), (3, NOON), following="2"), page((4, NOON))],
    ],
    "the same page twice": [[page((1, NOON), (2, NOON), following="2"), page((1, NOON), (2, NOON))]],
}
"""For each: the answers to one pull, then to the next."""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("awkward", AWKWARD)
def test_awkward_pages_skip_no_record_and_double_none(cli, awkward):
    """F8: whatever the vendor shows within the overlap is on the bus once, and the cursor never runs ahead of it."""
    served, cursors = [], []
    for answers in AWKWARD[awkward]:
        with liar(*answers) as peer:
            cli.job(
                f"{peer.origin}/soap",
                push_adapter=None,
                push=None,
                retry=None,
                pull_adapter="oracle.soap.v1",
                pull=PULL,
            )
            contract(cli.home)
            done = cli("run", cli.home / "court.yaml", "--drain")
            assert (done.returncode, done.stderr) == (0, "")
            assert len(peer.requests) == len(answers)
        found, cursor = pulled(cli)
        cursors.append(cursor)
        served += shown(answers)
    assert pulls.violations(served, found, cursors) == []


def shown(answers):
    """The records in these answers, read without our code."""
    return [(number.decode(), f"{at.decode()}Z") for answer in answers for number, at in RECORD.findall(answer)]
