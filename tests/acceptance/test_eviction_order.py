"""The sample jobs as they are in jobs/: one event, three dialects, three receipts; no Airflow, no edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from tests.harness.cli import QUICK, Cli
from tests.harness.vendors import SECRET, TOKEN, vendors

from hms_syn.cli.demo_story import ORDER, TOPIC
from hms_syn.cli.demo_vendors import VENDORS, Record

SAMPLES = Path(__file__).parents[2] / "jobs"
JOBS = [vendor.job for vendor in VENDORS]


class County:
    """An installation with the sample jobs, and the three vendors they are for.

    The samples stand there as they are; a ``defaults.yaml`` beside them shortens what they leave open.
    """

    def __init__(self, home, three):
        self.cli, self.vendors = Cli(home, **three.connections), three
        self.cli.environment |= three.environment
        shutil.copytree(SAMPLES, home / "jobs")
        (home / "jobs" / "defaults.yaml").write_text(yaml.safe_dump({"job": QUICK}), encoding="utf-8")
        for job in JOBS:
            self.cli.listening(self.file(job))

    def file(self, job):
        return self.cli.home / "jobs" / f"{job}.yaml"

    def run(self, job):
        """Push what is due, then pull what that has brought about."""
        return self.cli("run", self.file(job), "--drain")

    def receipts(self):
        """By job: the key under which it was sent, the receipt, and the status at that time."""
        deliveries = self.cli.trace(ORDER["case_id"])["deliveries"]
        return {
            row["job"]: Record(row["idempotency_key"], row["reference"], row["status"])
            for row in deliveries
            if row["state"] == "delivered"
        }

    def records(self):
        """By job: what its vendor itself has on record."""
        own = (self.vendors.court, self.vendors.gateway, self.vendors.hospital)
        return {vendor.job: vendor.read(who.received()) for vendor, who in zip(VENDORS, own, strict=True)}

    def statuses(self):
        """By job: the statuses that came back on the bus, in their order."""
        with self.cli.store() as store:
            events = store.read("syn.*.pulled", after=0, limit=100)
        return {job: [e["payload"]["status"] for e in events if e["topic"] == f"syn.{job}.pulled"] for job in JOBS}


@pytest.fixture
def county(tmp_path, monkeypatch):
    with vendors() as three:
        for name, value in three.environment.items():
            monkeypatch.setenv(name, value)  # the job files are also read in this process
        yield County(tmp_path / "home", three)


def test_one_order_three_receipts_and_the_vendors_own_records_agree(county):
    """Published once; each vendor has it once, under our key; each vendor's last status is on the bus."""
    assert county.cli("lint", county.cli.home / "jobs").returncode == 0
    county.cli.publish(TOPIC, ORDER)
    done = [county.run(job) for job in JOBS]
    assert [run.returncode for run in done] == [0] * 3, "".join(run.stderr for run in done)
    receipts, statuses = county.receipts(), county.statuses()
    assert [receipts[job].reference for job in JOBS] == ["COURT-000001", "HOLD-000001", "Task/1"]
    for vendor in VENDORS:
        [record] = county.records()[vendor.job]
        assert (record.key, record.reference) == (receipts[vendor.job].key, receipts[vendor.job].reference)
        assert record.status == statuses[vendor.job][-1] == vendor.last
    assert county.vendors.tokens.given == 1  # a process asks once, for its push and its pull together
    placed = [one for one in county.vendors.hospital.received()["resources"] if one["resourceType"] == "Flag"]
    assert [(one["status"], one["subject"]["display"]) for one in placed] == [("active", ORDER["property"]["address"])]
    assert county.cli("audit", "verify").returncode == 0
    shown = "".join(run.stdout + run.stderr for run in done)
    assert not [secret for secret in (SECRET, TOKEN, ORDER["property"]["address"]) if secret in shown]


def test_a_vendor_that_is_down_stops_neither_of_the_others(county):
    """The court's and the hospital's receipts come; the gateway's comes once it is up again, and only once."""
    county.vendors.manners["payments"].choose("down")
    county.cli.publish(TOPIC, ORDER)
    for job in JOBS:
        county.run(job)
    assert set(county.receipts()) == {"court_eviction_sync", "hospital_records_sync"}
    county.vendors.manners["payments"].choose("ok")
    done = county.cli("run", county.file("state_payments_sync"), "--until-settled", "--timeout", "60", timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [record.reference for record in county.records()["state_payments_sync"]] == ["HOLD-000001"]


@pytest.mark.parametrize("mode", ["drop", "http_500_after"])
@pytest.mark.parametrize(
    ("job", "vendor"), [("state_payments_sync", "payments"), ("hospital_records_sync", "hospital")]
)
def test_a_lost_answer_is_asked_for_and_no_vendor_has_the_order_twice(county, job, vendor, mode):
    """The vendor has done it and did not say so: the sample's find, or the standard's, settles the doubt."""
    county.vendors.manners[vendor].choose(mode, times=1)
    county.cli.publish(TOPIC, ORDER)
    done = county.cli("run", county.file(job), "--until-settled", "--timeout", "60", timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = county.records()[job]
    assert county.receipts()[job].reference == record.reference
