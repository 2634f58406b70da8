"""The reply to a COMMIT gets lost: what the database has done stays done, once, whoever asked for it."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url
from tests.faults.conftest import installed
from tests.harness.cli import Cli
from tests.harness.courts import court
from tests.harness.history import read, violations
from tests.harness.postgres import line_to
from tests.harness.publishers import publish, published
from tests.harness.waiting import eventually

STUBBORN = """\
import sys
from hms_a2a import Bus
from hms_syn.errors import StoreUnavailable
bus = Bus("hud")
for number in range(int(sys.argv[1])):
    name = f"case-{number}"
    while True:
        try:
            bus.publish_topic("hud.hearing.created", {"case_id": name, "date": "2024-09-02"}, message_id=name)
        except StoreUnavailable as error:
            print(error, file=sys.stderr)
        else:
            break
"""
"""Publishes each hearing until it is told yes, always under the same id."""


@pytest.fixture
def line(postgres_url):
    folder = postgres_url.partition("host=")[2]
    with line_to(folder) as opened:
        yield opened


@pytest.fixture
def cut_off(line, postgres_url, tmp_path):
    """An installation behind the line; the test itself looks at the database directly."""
    cli = installed(postgres_url, tmp_path / "home")
    behind = Cli(tmp_path / "home", url=line.url(make_url(postgres_url).database))
    cli.environment = behind.environment
    return cli


@pytest.mark.timeout(100)
@pytest.mark.parametrize("share", [0.05, 0.15])
def test_a_worker_that_never_hears_of_its_commits_changes_no_state_twice(cut_off, line, tmp_path, share):
    """F10: the line is cut in place of a share of the ends of transactions; each is done once."""
    with court(tmp_path) as vendor:
        job = cut_off.listening(cut_off.job(vendor.endpoint))
        events = publish(cut_off, 12)
        with cut_off.start("run", job) as worker:
            eventually(lambda: worker.out, what="it listens")
            line.cut(share)
            eventually(lambda: len(vendor.cases()) == len(events), within=60, what="every hearing")
            eventually(lambda: cut_off.status()["waiting"] == 0, within=60, what="an empty queue")
            line.cut(0)
            assert worker.returncode is None, worker.err
        received = vendor.received()
    assert line.cuts >= 2
    assert [hearing["case_id"] for hearing in received["hearings"]] == [event.fact for event in events]
    assert violations(read(cut_off.url, "court", events, received, faults=line.cuts)) == []


@pytest.mark.timeout(60)
def test_a_publisher_that_never_hears_of_its_commit_publishes_once_under_its_id(cut_off, line, tmp_path):
    """F10: it is told that the database did not answer, asks again with the same id, and there is one message."""
    with court(tmp_path) as vendor:
        job = cut_off.listening(cut_off.job(vendor.endpoint))
        line.cut(0.3)
        done = cut_off.python(STUBBORN, "20")
        line.cut(0)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("The queue's database did not answer") >= 3
        assert cut_off("run", job, "--until-settled", "--timeout", "30").returncode == 0
        received = vendor.received()
    assert violations(read(cut_off.url, "court", published(20), received)) == []
