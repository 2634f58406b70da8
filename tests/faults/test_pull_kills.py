"""A pull killed between a page and its commit: afterwards each of the vendor's changes is on the bus exactly once."""

from __future__ import annotations

import random
import time
from contextlib import closing

import pytest
from tests.harness import pulls
from tests.harness.courts import court
from tests.harness.pullers import Pullers, nobody_can_store
from tests.harness.waiting import eventually

from hms_syn.store.sql_store import SqlStore

KILLS = 10
DELTAS = (0.0, 0.001, 0.002, 0.005, 0.010, 0.020, 0.050)
PULL = {
    "schedule": "100ms",
    "page_size": 7,
    "dedupe_key": "changeId",
    "cursor": {"field": "changedAt", "parameter": "changedSince", "overlap": "1s"},
}


def pulled(cli):
    """Return what the pull has put on the bus, and where its cursor and the newest of that stand."""
    with closing(SqlStore(cli.url)) as store:
        events = store.read("syn.court.pulled", after=0, limit=10_000)
        cursor = store.cursor("court")
    records = [tuple(str(event["payload"][name]) for name in ("changeId", "caseId", "status")) for event in events]
    return records, (cursor, max((event["payload"]["changedAt"] for event in events), default=None))


def changed(vendor):
    return [(str(row["change_id"]), row["case_id"], row["status"]) for row in vendor.received()["changes"]]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("cursor", [True, False], ids=["from a cursor", "all over again"])
def test_a_pull_killed_at_any_moment_loses_and_doubles_nothing(cli, tmp_path, cursor):
    """F7: hearings change all the while; each second pull dies while its page cannot be stored, the others anywhere."""
    chance, cursors = random.Random(f"{cursor} {cli.url.partition(':')[0]}"), []
    with court(tmp_path, "--schedule-after", "0.2", "--confirm-after", "0.5") as vendor:
        pull = {**PULL} if cursor else {key: value for key, value in PULL.items() if key != "cursor"}
        job = cli.job(
            vendor.endpoint, push_adapter=None, push=None, pull_adapter="oracle.soap.v1", retry=None, pull=pull
        )
        vendor.enter("the first case")
        with closing(Pullers(cli, job)) as pullers:
            for round_ in range(KILLS):
                for number in range(3):
                    vendor.enter(f"case-{round_}-{number}")
                if round_ % 3 == 0:
                    vendor.cancel(f"COURT-{round_ * 3 + 2:06d}")
                if round_ % 2 == 0:
                    between_page_and_commit(cli, vendor, pullers)
                else:
                    pullers.start()
                    vendor.wait_for(vendor.arrivals() + chance.randint(1, 5), pullers)
                    time.sleep(chance.choice(DELTAS))
                    pullers.kill()
                cursors.append(pulled(cli)[1])
        eventually(lambda: at_rest(vendor), what="every hearing confirmed or cancelled")
        assert cli("run", job, "--drain").returncode == 0
        records, cursor = pulled(cli)
        assert pulls.violations(changed(vendor), records, [*cursors, cursor]) == []
    assert cli("audit", "verify").returncode == 0


def between_page_and_commit(cli, vendor, pullers):
    """Let a pull read a page that it cannot store, and kill it there: nothing of the page may be left behind."""
    before = pulled(cli)
    with nobody_can_store(cli.url):
        pullers.start()
        vendor.wait_for(vendor.arrivals() + 1, pullers)
        time.sleep(0.1)
        pullers.kill()
    assert pulled(cli) == before


def at_rest(vendor):
    return all(hearing["status"] in ("CONFIRMED", "CANCELLED") for hearing in vendor.received()["hearings"])
