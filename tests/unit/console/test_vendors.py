"""Vendors in the console: one row an endpoint, those that are offline first."""

from __future__ import annotations

import pytest

from hms_syn.domain.vendor_health import Verdict
from hms_syn.flow import heartbeat
from hms_syn.store.vendor_board import VendorBoard
from hms_syn.store.watch import Watch


@pytest.fixture
def store_url(tmp_path):
    """One database will do: no statement is asked here that other tests do not ask on both."""
    return f"sqlite:///{tmp_path}/queue.db"


def test_an_offline_vendor_comes_first_and_only_to_those_who_may_see_it(console, town):
    job = town.jobs["court"]
    board, [vendor] = VendorBoard(town.store), heartbeat.vendors_of([job]).values()
    board.watch({job.target_endpoint: 3600.0})
    for _ in range(job.heartbeat.offline_after):
        board.note([heartbeat.found(vendor, Verdict.FAILED, code="connect_refused")], heartbeat.news)
    rows = console.get("/vendors")["vendors"]
    assert [(row["state"], row["jobs"]) for row in rows] == [("offline", ["court"]), ("unknown", ["bank"])]
    assert (rows[0]["code"], rows[0]["since"] is not None) == ("connect_refused", True)
    assert [row["jobs"] for row in console.get("/vendors?state=offline", "vera")["vendors"]] == [["court"]]
    assert console.get("/vendors?state=offline", "nora")["vendors"] == []
    Watch(town.store).renew()
    found = console.get("/incidents", "vera")["incidents"]
    assert ("vendor_offline", job.target_endpoint) in {(one["kind"], one["endpoint"]) for one in found}
    assert {one["job"] for one in found} == {None, "court"}
    assert console.get("/incidents", "nora")["incidents"] == []
