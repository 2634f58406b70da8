"""kill -9 of a process that pings: its strikes are in the store, and an outage is told once."""

from __future__ import annotations

import json
import random
import time

import pytest
from tests.harness.courts import court
from tests.harness.waiting import eventually

KILLS = 2


@pytest.mark.timeout(120)
def test_a_killed_heart_forgets_no_strike_and_tells_nothing_twice(cli, tmp_path):
    """F26: however often it is killed between a ping and its commit, three strikes are one event, and one its end."""
    chance = random.Random(26)
    with court(tmp_path) as building:
        heartbeat = {"interval": "150ms", "timeout": "1s", "offline_after": KILLS + 3}
        job = cli.job(building.endpoint, heartbeat=heartbeat)
        building.stop()
        seen = 0
        for _ in range(KILLS):
            with cli.start("run", job) as heart:
                eventually(lambda: _vendor(cli).get("strikes", 0) > seen)  # noqa: B023 - called before it changes
                time.sleep(chance.uniform(0, 0.2))
                heart.kill()
            before, seen = seen, _vendor(cli)["strikes"]
            assert seen > before
        with cli.start("run", job), cli.start("run", job):  # two at a time
            eventually(lambda: _vendor(cli)["state"] == "offline")
            building.start()
            eventually(lambda: _vendor(cli)["state"] == "online")
    assert _told(cli) == ["syn.vendor.offline", "syn.vendor.online"]
    done = cli("audit", "verify")
    assert done.returncode == 0, done.stdout


def _vendor(cli):
    with cli.store() as store:
        rows = store.status()
        return rows[0]["vendor"] if rows else {}


def _told(cli):
    with cli.store() as store:
        audited = [row for row in store.audit_rows() if row["event"] in ("offline", "online")]
        assert len({json.loads(row["body"])["message_id"] for row in audited}) == len(audited)
        topics = [event["topic"] for event in store.read("syn.vendor.*", after=0, limit=100)]
    assert [f"syn.vendor.{row['event']}" for row in audited] == topics
    return topics
