"""One slot for all jobs: a run that lingers keeps no other job from its worker."""

from __future__ import annotations

import pytest
from tests.integration.conftest import eventually, started
from tests.integration.hand_offs import log_of, put

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def narrow(postgres):
    """An Airflow that runs one task at a time, whose push runs would linger for an hour."""
    yield from started(postgres, AIRFLOW__CORE__PARALLELISM="1", AIRFLOW__HMS_SYN__LINGER="1h")


def test_a_run_that_lingers_makes_room_for_another_job(narrow):
    """The first job's run holds the only slot; the second job's waits until that run makes room."""
    first, topic = narrow.job()
    second, other = narrow.job()
    warm = put(narrow, topic)
    eventually(lambda: narrow.state_of(warm) == "delivered")
    message_id = put(narrow, other)
    eventually(lambda: narrow.state_of(message_id) == "delivered")
    assert "Another job waits for a worker; this run makes room" in log_of(narrow, first)
    assert "makes room" not in log_of(narrow, second)
