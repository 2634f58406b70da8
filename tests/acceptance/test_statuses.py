"""What the vendor says later of a message that we sent: from the push to the status, in one trace."""

from __future__ import annotations

from tests.harness.cli import Cli
from tests.harness.courts import court


def test_a_trace_shows_push_receipt_and_status(tmp_path):
    """The court schedules and confirms the hearing; both are under the message, with their times and events."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path, "--schedule-after", "0", "--confirm-after", "0") as vendor:
        job = cli.listening(cli.job(vendor.endpoint, pull_adapter="oracle.soap.v1", pull={"schedule": "100ms"}))
        cli.publish("hud.hearing.created", {"case_id": "HUD-22-109", "date": "2024-09-02"}, ids=["m1"])
        for _ in range(3):
            assert cli("run", job, "--drain").returncode == 0
        [hearing] = vendor.received()["hearings"]
    message = cli.trace(hearing["reference"])
    assert message["message_id"] == "m1"
    assert [hop["event"] for hop in message["hops"]] == [
        *("published", "queued", "attempt", "acked", "delivered", "pulled", "pulled")
    ]
    with cli.store() as store:
        statuses = {
            event["message_id"]: event["payload"]["status"] for event in store.read("*.pulled", after=0, limit=9)
        }
    assert [statuses[hop["detail"]["event"]] for hop in message["hops"][-2:]] == ["SCHEDULED", "CONFIRMED"]
    shown = cli("trace", "m1").stdout
    assert all(f"the vendor speaks of it in {event}, by its receipt" in shown for event in statuses)
    assert "CONFIRMED" not in shown
    assert cli("audit", "verify").returncode == 0
    assert cli("reconcile").returncode == 0


def test_a_pull_that_fails_is_a_run_that_fails(tmp_path):
    """It says on which page and by which expression, exits 1, and is well again once the job is mended."""
    cli = Cli(tmp_path / "home")
    with court(tmp_path, "--schedule-after", "0", "--confirm-after", "0") as vendor:
        vendor.enter("HUD-22-109")
        sides = {"push_adapter": None, "push": None, "retry": None, "pull_adapter": "oracle.soap.v1"}
        done = cli("run", cli.job(vendor.endpoint, **sides, pull={"dedupe_key": "serial"}), "--drain")
        assert done.returncode == 1
        assert "page 1, record 1: 'pull.dedupe_key': it has nothing at 'serial'" in done.stderr
        assert "HUD-22-109" not in done.stderr
        done = cli("run", cli.job(vendor.endpoint, **sides, pull={"dedupe_key": "changeId"}), "--drain")
        assert (done.returncode, done.stderr) == (0, "")
