"""Where a task's button leads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hms_syn.operators.links import MessagesLink

ONE = {"acks": [{"id": "m 1"}]}
MANY = {"acks": [{"id": "m1"}, {"id": "m2"}]}


@pytest.mark.parametrize(
    ("report", "address"),
    [
        (ONE, "/hms-syn/message.html?id=m+1"),
        (MANY, "/hms-syn/messages.html?job=court"),
        ({"acks": []}, "/hms-syn/messages.html?job=court"),
        (None, "/hms-syn/messages.html?job=court"),
    ],
)
def test_one_message_has_its_page_and_many_have_a_list(report, address, monkeypatch):
    """Below the path that Airflow is served under."""
    operator = SimpleNamespace(job=SimpleNamespace(id="court"), report=report)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.gov/ops")
    assert MessagesLink().get_link(operator, ti_key=None) == f"/ops{address}"
