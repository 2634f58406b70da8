"""A job's switch on both databases, with Airflow's own tables beside ours: one act wherever done, and done once."""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.conftest import make_job
from tests.harness.airflow_tables import Toggles

from hms_syn.domain.topic_event import new_event
from hms_syn.errors import ActRefused
from hms_syn.flow import switch
from hms_syn.flow.publish import publish
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.sql_store import SqlStore

ACT = Act(actor="paula", reason="the court is closed")
PUSH, PULL = "syn.court.push", "syn.court.pull"


@pytest.fixture
def toggles(sql_store, job):
    """Airflow's tables, with the DAGs of one job that waits with one message."""
    sql_store.register(job)
    toggles = Toggles(sql_store)
    toggles.found(PUSH, PULL)
    switch.follow(sql_store)
    publish(sql_store, [new_event("hud.hearing.created", {}, agency="hud")])
    return toggles


def row_of(store):
    return store.status()[0]


def acts(store):
    """Return who has switched the job how and why, by the audit trail."""
    rows = [row for row in store.audit_rows() if row["event"] in ("paused", "resumed")]
    return [(row["event"], row["actor"], json.loads(row["body"])["detail"]["reason"]) for row in rows]


def told(store):
    """Return what the bus has heard of the job's switch."""
    events = [*store.read("syn.court.paused", after=0, limit=10), *store.read("syn.court.resumed", after=0, limit=10)]
    return [(event["topic"], event["payload"]["by"]) for event in sorted(events, key=lambda event: event["seq"])]


def test_an_officers_pause_moves_both_toggles_and_resuming_moves_them_back(sql_store, toggles):
    """Row, toggles, audit row and bus event are one transaction; a second click changes nothing."""
    assert switch.pause(sql_store, "court", ACT)
    assert not switch.pause(sql_store, "court", ACT)
    assert (toggles[PUSH], toggles[PULL], sql_store.is_paused("court"), sql_store.ring()) == (True, True, True, [])
    row = row_of(sql_store)
    assert (row["paused"], row["paused_by"], row["paused_reason"]) == (True, "paula", "the court is closed")
    assert row["paused_at"] is not None
    assert row["paused_until"] is None
    assert (row["cause"], row["why"]) == ("paused", "paused by paula: the court is closed")
    assert switch.resume(sql_store, "court", ACT)
    assert not switch.resume(sql_store, "court", ACT)
    assert (toggles[PUSH], toggles[PULL], sql_store.is_paused("court"), sql_store.ring()) == (
        False,
        False,
        False,
        ["court"],
    )
    assert acts(sql_store) == [("paused", *_of(ACT)), ("resumed", *_of(ACT))]
    assert told(sql_store) == [("syn.court.paused", "paula"), ("syn.court.resumed", "paula")]
    assert audit_trail.verify(sql_store.audit_rows()) > 0


def test_a_toggle_moved_in_airflow_counts_at_once_and_is_on_record_once_with_its_name(sql_store, toggles):
    """Before anybody follows nothing is sent; then the row, the other toggle and the trail agree."""
    toggles.logged("patch_dag", "robert", PUSH, is_paused=True, method="PATCH")
    toggles.moved(PUSH, paused=True)
    assert (sql_store.is_paused("court"), sql_store.ring(), row_of(sql_store)["paused"]) == (True, [], True)
    with ThreadPoolExecutor(4) as many:
        made = [turn for turns in many.map(switch.follow, [sql_store] * 4) for turn in turns]
    assert [(turn.job, turn.paused, turn.by) for turn in made] == [("court", True, "robert")]
    assert (toggles[PULL], row_of(sql_store)["paused_by"]) == (True, "robert")
    toggles.logged("patch_dag", "rita", PUSH, is_paused=False, method="PATCH")
    toggles.moved(PUSH, paused=False)
    assert sql_store.ring() == ["court"]
    switch.follow(sql_store)
    assert (toggles[PULL], switch.follow(sql_store)) == (False, [])
    assert acts(sql_store) == [
        ("paused", "robert", "in Airflow (patch_dag)"),
        ("resumed", "rita", "in Airflow (patch_dag)"),
    ]
    assert told(sql_store) == [("syn.court.paused", "robert"), ("syn.court.resumed", "rita")]


def test_an_officer_resumes_what_airflow_has_paused_and_the_other_way_round(sql_store, toggles):
    """Whichever was moved last is right, also within the second in which nobody has followed."""
    toggles.moved(PUSH, paused=True)
    assert switch.resume(sql_store, "court", ACT)
    assert not toggles[PUSH]
    switch.pause(sql_store, "court", ACT)
    toggles.moved(PUSH, paused=False)
    assert not sql_store.is_paused("court")
    switch.follow(sql_store)
    assert [(event, who) for event, who, _ in acts(sql_store)] == [
        ("paused", "airflow"),
        ("resumed", "paula"),
        ("paused", "paula"),
        ("resumed", "airflow"),
    ]


@pytest.mark.parametrize(
    ("event", "dag_id", "extra"),
    [
        ("patch_dag", PUSH, {"is_paused": True}),
        ("patch_dags", None, {"is_paused": True, "dag_id_pattern": "%court%"}),
        ("cli_dag_pause", PUSH, {"full_command": "['airflow', 'dags', 'pause', 'syn.court.push']"}),
        ("cli_dag_pause", "syn.c.*", {"full_command": "['airflow', 'dags', 'pause', '--treat-dag-id-as-regex']"}),
    ],
)
def test_whoever_moved_a_toggle_is_found_among_others(sql_store, toggles, event, dag_id, extra):
    """By page, REST, many at once, and command; what others did to other DAGs, or the other way, is not taken."""
    toggles.logged(event, "robert", dag_id, **extra)
    toggles.logged("patch_dag", "nobody", PUSH, is_paused=False)
    toggles.logged("patch_dag", "nobody", "syn.other.push", is_paused=True)
    toggles.logged("patch_dags", "nobody", None, is_paused=True, dag_id_pattern="%other%")
    toggles.logged("cli_dag_pause", "nobody", "syn.other.push", full_command="['airflow', 'dags', 'pause']")
    toggles.moved(PUSH, paused=True)
    switch.follow(sql_store)
    assert acts(sql_store) == [("paused", "robert", f"in Airflow ({event})")]


def test_a_pause_ends_by_itself_at_the_databases_clock(sql_store, toggles):
    """Nobody has to come back; the trail says that the pause ended, and the toggles are on again."""
    now = time.time()
    switch.pause(sql_store, "court", ACT, until=now + 0.5)
    row = row_of(sql_store)
    assert row["paused_until"] is not None
    assert row["why"].startswith("paused until 20")
    assert switch.follow(sql_store) == []
    while not switch.follow(sql_store):
        assert time.time() < now + 10
        assert sql_store.is_paused("court")
    assert time.time() >= now + 0.5
    assert (toggles[PUSH], sql_store.ring()) == (False, ["court"])
    assert acts(sql_store)[1:] == [("resumed", "hms-syn", "the pause ended")]


def test_a_pause_may_be_given_another_end_but_a_second_click_gives_none(sql_store, toggles):
    """A length is counted from the click, so an end a moment later is the same; an open pause outlasts a timed one."""
    soon = time.time() + 3600
    assert switch.pause(sql_store, "court", ACT, until=soon)
    assert not switch.pause(sql_store, "court", ACT, until=soon + 1)
    assert switch.pause(sql_store, "court", ACT, until=soon + 7200)
    assert switch.pause(sql_store, "court", ACT)
    assert row_of(sql_store)["paused_until"] is None
    assert not switch.pause(sql_store, "court", ACT)
    assert len(acts(sql_store)) == 3


def test_a_pause_that_would_be_over_is_refused(sql_store, toggles):
    with pytest.raises(ActRefused, match="over already"):
        switch.pause(sql_store, "court", ACT, until=time.time() - 1)
    assert acts(sql_store) == []


def test_a_new_dag_resumes_nothing_and_one_that_begins_paused_pauses_its_job(sql_store, job):
    """What was paused before Airflow found it stays so; ``start_paused`` is a pause on the record."""
    toggles = Toggles(sql_store)
    for each in (job, make_job("gateway")):
        sql_store.register(each)
    switch.pause(sql_store, "court", ACT)
    toggles.found(PUSH, PULL)
    toggles.found("syn.gateway.push", paused=True)
    assert (sql_store.is_paused("court"), sql_store.is_paused("gateway")) == (True, True)
    switch.follow(sql_store)
    assert (toggles[PUSH], toggles[PULL]) == (True, True)
    assert [(row["job"], row["paused_by"]) for row in sql_store.status()] == [
        ("court", "paula"),
        ("gateway", "hms-syn"),
    ]
    assert switch.follow(sql_store) == []


def test_a_way_in_that_is_paused_by_itself_stays_so_until_the_job_is_resumed(sql_store, job):
    """To find a job's DAGs is no act: whoever stopped the pulls alone meant it."""
    toggles = Toggles(sql_store)
    sql_store.register(job)
    toggles.found(PUSH)
    toggles.found(PULL, paused=True)
    switch.follow(sql_store)
    assert (toggles[PULL], row_of(sql_store)["paused"]) == (True, False)


def test_a_dag_that_is_deleted_and_found_again_resumes_nothing(sql_store, toggles):
    switch.pause(sql_store, "court", ACT)
    toggles.lost(PUSH)
    assert switch.follow(sql_store) == []
    assert sql_store.is_paused("court")
    toggles.found(PUSH)
    assert switch.follow(sql_store) == []
    assert (sql_store.is_paused("court"), toggles[PUSH]) == (True, True)


def test_a_job_without_a_way_out_follows_the_toggle_of_its_way_in(sql_store):
    toggles = Toggles(sql_store)
    sql_store.register(make_job(push=None, push_adapter=None))
    toggles.found(PULL)
    switch.follow(sql_store)
    toggles.moved(PULL, paused=True)
    assert [turn.paused for turn in switch.follow(sql_store)] == [True]


def test_without_airflows_tables_its_toggle_is_what_the_task_was_told(sql_store, job):
    """A queue in a database of its own: the drain asks Airflow, and its own switch pauses by itself too."""
    sql_store.register(job)
    assert not sql_store.is_paused("court", toggle=False)
    assert sql_store.is_paused("court", toggle=True)
    switch.pause(sql_store, "court", ACT)
    assert sql_store.is_paused("court", toggle=False)
    assert sql_store.is_paused("court")


def test_with_airflows_tables_in_another_database_each_switch_follows_the_other(sql_store, job, tmp_path):
    """Whoever may use both databases carries turns over, either way, by name, once."""
    sql_store.register(job)
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/airflow.db")) as airflow:
        toggles = Toggles(airflow)
        toggles.found(PUSH, PULL)
        assert switch.follow(sql_store, airflow=airflow) == []
        switch.pause(sql_store, "court", ACT)
        assert switch.follow(sql_store, airflow=airflow) == []
        assert (toggles[PUSH], toggles[PULL]) == (True, True)
        toggles.logged("patch_dag", "rita", PUSH, is_paused=False)
        toggles.moved(PUSH, paused=False)
        assert [turn.by for turn in switch.follow(sql_store, airflow=airflow)] == ["rita"]
        assert (toggles[PULL], sql_store.is_paused("court"), switch.follow(sql_store, airflow=airflow)) == (
            False,
            False,
            [],
        )
    assert [(event, who) for event, who, _ in acts(sql_store)] == [("paused", "paula"), ("resumed", "rita")]


def test_a_job_may_wait_for_the_pause_of_another(sql_store, job):
    """The announcement is an event like any other, and takes the way to whoever listens."""
    sql_store.register(job)
    sql_store.register(make_job("watch", source_topics=("syn.court.*",)))
    switch.pause(sql_store, "court", ACT)
    assert {row["job"]: row["waiting"] for row in sql_store.status()} == {"court": 0, "watch": 1}


def _of(act):
    return act.actor, act.reason
