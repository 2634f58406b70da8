"""What a job's DAGs say of it in Airflow."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.param import process_params
from airflow.sdk.exceptions import ParamValidationError
from tests.conftest import make_job

from hms_syn.domain.job_spec import Pull, Push
from hms_syn.factory import build
from hms_syn.factory.dag_text import pull_text, push_text


def test_the_text_says_what_where_when_and_what_to_do():
    """The runbook of the job's own file comes first."""
    job = make_job(
        docs_md="Call the clerk.", push=Push(schedule="0 6 * * 1"), pull=Pull(publish_topic="t", schedule=300.0)
    )
    text = push_text(job)
    assert text.startswith("Call the clerk.")
    for part in (job.target_endpoint, "hud.hearing.created", "cron expression `0 6 * * 1`", "tried again after"):
        assert part in text
    assert "It starts every 5 minutes." in pull_text(job)
    assert "as soon as a message is due" in push_text(make_job())


@pytest.mark.parametrize(("owner", "links"), [("court@hud.example.gov", ["mailto:court@hud.example.gov"]), ("hud", [])])
def test_an_owner_who_is_an_address_can_be_written_to(owner, links):
    for dag in build(make_job(owner=owner)):
        assert list(dag.owner_links.values()) == links


def test_the_form_has_a_field_for_each_thing_that_a_run_can_be_asked(job):
    push, _ = build(job)
    assert list(push.params) == ["publish", "dry_run", "replay", "reason"]
    assert all(push.params.get_param(name).schema["title"] for name in push.params)


def test_the_defaults_of_the_form_hold_and_a_wrong_value_does_not(job):
    push, _ = build(job)
    assert push.params.validate() == {"publish": [], "dry_run": False, "replay": [], "reason": ""}
    assert process_params(push, push.get_task("push"), {"dry_run": True}, suppress_exception=False)["dry_run"] is True
    with pytest.raises(ParamValidationError):
        process_params(push, push.get_task("push"), {"dry_run": "yes"}, suppress_exception=False)


def test_one_job_s_form_is_not_another_s(job):
    one, other = build(job)[0], build(job)[0]
    one.params["reason"] = "mine"
    assert other.params["reason"] == ""
