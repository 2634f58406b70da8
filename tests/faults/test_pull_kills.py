"""A pull killed between a page and its commit: afterwards each of the vendor's changes is on the bus exactly once."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import closing

import pytest
from tests.harness.cli import Cli
from tests.harness.courts import court
from tests.harness.waiting import eventually

from hms_syn.store.sql_store import SqlStore

DELTAS = (0.0, 0.001, 0.002, 0.005, 0.010, 0.020, 0.050)
PULL = {
    "schedule": "100ms",
    "page_size": 7,
    "dedupe_key": "changeId",
    "cursor": {"field": "changedAt", "parameter": "changedSince", "overlap": "1s"},
}


@pytest.fixture
def cli(store_url, tmp_path):
    """One installation on each kind of database."""
    with closing(SqlStore(store_url)) as store:
        store.create()
    return Cli(tmp_path / "home", url=store_url)


def pulled(cli):
    """Return what the pull has put on the bus, each with its count."""
    with closing(SqlStore(cli.url)) as store:
        events = store.read("syn.court.pulled", after=0, limit=10_000)
    return Counter(tuple(str(event["payload"][name]) for name in ("changeId", "caseId", "status")) for event in events)


def changed(vendor):
    return Counter((str(row["change_id"]), row["case_id"], row["status"]) for row in vendor.received()["changes"])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("cursor", [True, False], ids=["from a cursor", "all over again"])
def test_a_pull_killed_at_any_moment_loses_and_doubles_nothing(cli, tmp_path, cursor):
    """Hearings change all the while; the pull dies after a page has come and before or while it is stored."""
    chance = random.Random(f"{cursor} {cli.url.partition(':')[0]}")
    with court(tmp_path, "--schedule-after", "0.5", "--confirm-after", "1.5") as vendor:
        pull = {**PULL} if cursor else {key: value for key, value in PULL.items() if key != "cursor"}
        job = cli.job(
            vendor.endpoint, push_adapter=None, push=None, pull_adapter="oracle.soap.v1", retry=None, pull=pull
        )
        for round_, delta in enumerate(DELTAS if cursor else DELTAS[::3]):
            for number in range(6):
                vendor.enter(f"case-{round_}-{number}")
            if round_ % 2:
                vendor.cancel(f"COURT-{round_ * 6:06d}")
            with cli.start("run", job) as worker:
                vendor.wait_for(vendor.arrivals() + chance.randint(1, 5), worker)
                time.sleep(delta)
                worker.kill()
        eventually(lambda: at_rest(vendor), what="every hearing confirmed or cancelled")
        assert cli("run", job, "--drain").returncode == 0
        assert pulled(cli) == changed(vendor)
    assert set(pulled(cli).values()) == {1}
    assert cli("audit", "verify").returncode == 0


def at_rest(vendor):
    return all(hearing["status"] in ("CONFIRMED", "CANCELLED") for hearing in vendor.received()["hearings"])
