"""Alerts in a real Airflow: the triggerer looks, one run tells, and a mail arrives that nobody here sent by hand."""

from __future__ import annotations

import json

import pytest
from tests.integration.conftest import eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

pytestmark = [pytest.mark.airflow, pytest.mark.peers, pytest.mark.timeout(600)]


def test_a_message_the_court_refuses_is_a_mail_and_its_end_another(place, box):
    """The mail leads to the DAG and has the court's code, but nothing of the message."""
    notifiers = f"[{{type: smtp, connection_id: {box.known_as}, options: {{to: ops@example.gov}}}}]"
    job, topic = place.job(more=f"  alerts: {{when: [dead_letter], notifiers: {notifiers}}}\n")
    place.manners.choose("refuse")
    event = new_event(topic, {"case_id": "HUD-22-109", "date": "2024-09-02"}, agency="hud")
    publish(place.store, [event])
    eventually(lambda: len(box.mails()) == 1, seconds=120, what="the alert")
    [alert] = box.mails()
    assert alert["subject"] == f"HMS-SYN: messages need an officer: HUD → {job}"
    assert f"{place.airflow.address}/dags/syn.{job}.push" in alert["html"]
    assert "HUD-22-109" not in json.dumps(alert)
    assert next(row for row in place.store.status() if row["job"] == job)["incidents"][0]["kind"] == "dead_letter"
    Desk(place.store).discard(event.message_id, Act(actor="clerk", reason="the court said why"))
    eventually(lambda: len(box.mails()) == 2, seconds=120, what="the all clear")
    assert box.mails()[1]["subject"].startswith("HMS-SYN: all clear: ")
    assert box.mails()[1]["headers"]["references"] == alert["headers"]["message-id"]
