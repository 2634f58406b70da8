"""What is wrong is told once at its beginning, now and then while it lasts, once at its end; telling delays nobody."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from tests.unit.flow.alert_room import CLERK, HOUR, MAIL, OPS, PAGER, Room
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.incident import Step
from hms_syn.domain.job_spec import Alerts, Pull, Push, Retry
from hms_syn.domain.maintenance import Window
from hms_syn.flow.alerts import look, tell
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.publish import publish
from hms_syn.flow.switch import pause, resume
from hms_syn.store.desk import Desk
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def room(tmp_path):
    """A store on SQLite, where time is what the test says."""
    clock = [1_800_000_000.0]
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/queue.db", clock=lambda: clock[0])) as store:
        store.create()
        yield Room(store, clock)


def refuse(store, job, *messages):
    """Publish messages that the vendor refuses."""
    publish(store, messages)
    drain(store, job, Scripted(*[errors.VendorRefused(code="bad_date")] * len(messages)))[0].run()


def test_nothing_is_told_while_nothing_is_wrong(room):
    room.job()
    assert room.go() == []


def test_an_alert_leads_to_its_section_of_the_runbook_and_an_end_does_not(room):
    def told():
        look(room.watch)
        tell(
            room.watch,
            room.post.send,
            link=lambda _dag: "",
            guide=lambda kind: f"https://sync/runbook.html#alert-{kind}",
        )
        return room.post.alerts[-1][1].text

    refuse(room.store, room.job(), hearing(1))
    assert "What to do: https://sync/runbook.html#alert-dead_letter" in told().splitlines()
    Desk(room.store).discard("m1", CLERK)
    assert "runbook.html" not in told()


def test_dead_letters_are_one_incident_however_many(room):
    """One word at the beginning, a reminder with the number that has grown, one at the end."""
    job = room.job()
    refuse(room.store, job, hearing(1))
    assert room.go() == [("dead_letter", Step.OPENED)]
    refuse(room.store, job, hearing(2), hearing(3))
    assert room.go() == []
    room.later(4 * HOUR)
    assert room.go() == [("dead_letter", Step.REMINDER)]
    assert "Set aside: 3." in room.post.alerts[-1][1].text
    for message in ("m1", "m2", "m3"):
        Desk(room.store).discard(message, CLERK)
    assert room.go() == [("dead_letter", Step.CLEARED)]
    room.later(24 * HOUR)
    assert room.go() == []


def test_an_alert_says_what_a_person_needs_and_nothing_of_the_message(room):
    """Job, since when, how many wait, the last error in our own words, what to do, where to look, whom to ask."""
    job = room.job(docs_md="https://wiki.example.gov/court", owner="court desk")
    refuse(room.store, job, hearing(1, name="Maria Muster"))
    room.later(90)
    room.go()
    _, alert = room.post.alerts[0]
    assert alert.subject == "HMS-SYN: messages need an officer: HUD → court"
    for words in ("court (HUD → court)", "Set aside: 1.", "bad_date", "hms-syn replay", "wiki.example.gov/court"):
        assert words in alert.text
    assert alert.link == "https://airflow.example.gov/dags/syn.court.push"
    assert "Muster" not in alert.text + alert.subject
    assert "HUD-1" not in alert.text + alert.subject


def test_a_refusal_that_blocks_its_line_needs_an_officer_too(room):
    job = room.job(on_refused="block")
    refuse(room.store, job, hearing(1))
    assert room.go() == [("dead_letter", Step.OPENED)]
    Desk(room.store).replay("m1", CLERK)
    drain(room.store, job, Scripted())[0].run()
    assert room.go() == [("dead_letter", Step.CLEARED)]


def test_a_doubt_that_only_an_officer_can_end_is_told(room):
    """A doubt about which the vendor is asked is the queue's own to end."""
    job = room.job(push=Push(on_unknown="hold"))
    publish(room.store, [hearing(1)])
    drain(room.store, job, Scripted(errors.OutcomeUnknown(code="timeout")))[0].run()
    assert room.go() == [("in_doubt", Step.OPENED)]
    assert "timeout" in room.post.alerts[0][1].text
    end_doubt(Desk(room.store), "m1", CLERK, delivered=True)
    assert room.go() == [("in_doubt", Step.CLEARED)]


def test_a_queue_that_is_too_old_is_told_and_just_below_the_limit_it_is_not_over(room):
    """Otherwise it would come and go with every message."""
    job = room.job(push=Push(ordering_key="case_id"), alerts=replace(OPS, queue_age=900.0))
    publish(room.store, [hearing(1)])
    room.later(600)
    publish(room.store, [hearing(2)])
    assert room.go() == []
    room.later(301)
    assert room.go() == [("queue_age", Step.OPENED)]
    worker, _ = drain(room.store, job, Scripted(Ack(reference="R-1"), errors.NotSent()))
    worker.run()
    room.later(200)
    assert room.go() == []
    room.later(60)
    worker.run()
    assert room.go() == [("queue_age", Step.CLEARED)]


def test_a_message_that_backs_off_ages_while_others_flow(room):
    """The age of a queue is that of its oldest message, also where that is not the next one due."""
    job = room.job(
        push=Push(ordering_key="case_id"), alerts=replace(OPS, queue_age=900.0), retry=Retry(initial_delay=7200)
    )
    publish(room.store, [hearing(1)])
    drain(room.store, job, Scripted(errors.NotSent()))[0].run()
    room.later(901)
    publish(room.store, [hearing(2)])
    assert room.go() == [("queue_age", Step.OPENED)]


def test_a_paused_job_is_not_told_to_be_slow(room):
    """A queue does not age while a pause holds it: after it there is time to empty it."""
    job = room.job()
    publish(room.store, [hearing(1)])
    pause(room.store, job.id, CLERK)
    room.later(HOUR)
    assert room.go() == []
    resume(room.store, job.id, CLERK)
    assert room.go() == []
    room.later(HOUR)
    assert room.go() == [("queue_age", Step.OPENED)]
    pause(room.store, job.id, CLERK)
    assert room.go() == []  # a queue that is held has not begun to move


def test_silence_is_told_when_nothing_arrives_for_too_long(room):
    """The dead man's switch is off unless a job asks for it; a pattern counts every topic it takes."""
    room.job("quiet")
    room.job(source_topics=("hud.*",), alerts=replace(OPS, silence=24.0 * HOUR))
    room.later(23 * HOUR)
    assert room.go() == []
    publish(room.store, [hearing(1)])
    room.later(23 * HOUR)
    assert [kind for kind, _ in room.go()] == ["queue_age", "queue_age"]  # nobody drains here
    room.later(2 * HOUR)
    assert room.go() == [("silence", Step.OPENED)]
    publish(room.store, [hearing(2)])
    assert room.go() == [("silence", Step.CLEARED)]


def test_a_job_that_only_pulls_is_silent_when_its_vendor_has_nothing(room):
    room.job(push=None, source_topics=(), pull=Pull(publish_topic="court.changed"), alerts=replace(OPS, silence=60.0))
    room.later(61)
    assert room.go() == [("silence", Step.OPENED)]
    assert room.post.alerts[0][1].link.endswith("/dags/syn.court.pull")


def test_a_vendor_is_one_incident_for_all_its_jobs(room):
    """Two jobs at one vendor, one mail, which names both and says what the last ping met."""
    job = room.job()
    room.job("eviction", target_endpoint=job.target_endpoint)
    room.ping(job, answers=False)
    assert room.go() == [("vendor_offline", Step.OPENED)]
    _, alert = room.post.alerts[0]
    assert alert.jobs == ("court", "eviction")
    assert f"Vendor: {job.target_endpoint}" in alert.text
    assert "connect: No connection could be made." in alert.text
    room.ping(job, answers=True)
    assert room.go() == [("vendor_offline", Step.CLEARED)]
    assert room.post.alerts[1][1].thread == alert.thread


def test_when_says_what_is_told(room):
    """Offline without its end, or its end alone; what is not named is no incident."""
    job = room.job(alerts=replace(OPS, when=("vendor_offline",)))
    other = room.job("other", alerts=replace(OPS, when=("vendor_online",)))
    for each in (job, other):
        room.ping(each, answers=False)
    refuse(room.store, job, hearing(1))
    assert room.go() == [("vendor_offline", Step.OPENED)]
    for each in (job, other):
        room.ping(each, answers=True)
    assert room.go() == [("vendor_offline", Step.CLEARED)]
    assert room.post.alerts[-1][1].jobs == ("other",)


def test_an_alert_that_cannot_be_sent_comes_when_it_can(room, caplog):
    """It is tried again, ever later, and it is the same alert; the log says that it failed, and no secret."""
    job = room.job()
    refuse(room.store, job, hearing(1))
    room.post.down = True
    assert room.go() == []
    room.later(5)
    assert not look(room.watch)
    for _ in range(3):
        room.later(1000)
        assert room.go() == []
    room.post.down = False
    room.later(1000)
    assert room.go() == [("dead_letter", Step.OPENED)]
    assert room.post.alerts[0][1].dedupe_id.endswith(".1")
    assert "smtp could not be told (ConnectionRefusedError)" in caplog.text
    assert "pa55word" not in caplog.text


def test_who_has_heard_is_not_told_again_because_another_has_not(room):
    job = room.job(alerts=replace(OPS, notifiers=(MAIL, PAGER)))
    refuse(room.store, job, hearing(1))
    room.post.deaf = {"pagerduty"}
    room.go()
    room.later(1000)
    room.post.deaf = set()
    room.go()
    assert [kind for kind, _ in room.post.alerts] == ["smtp", "pagerduty"]


def test_a_teller_who_died_is_followed_by_another(room):
    """At least once, with one id: whoever hears it twice can tell."""
    job = room.job()
    refuse(room.store, job, hearing(1))
    assert look(room.watch)
    [telling] = room.watch.to_tell()
    assert room.watch.take(telling, wait=60)
    assert not room.watch.take(telling, wait=60)
    assert room.go() == []
    room.later(61)
    assert room.go() == [("dead_letter", Step.OPENED)]


def test_maintenance_mutes_and_what_is_over_before_it_ends_is_never_told(room):
    """What still is wrong after it is told then."""
    window = Window(opens="2027-01-15 08:00", closes="2027-01-15 09:00")  # the clock shows 08:00
    job = room.job(maintenance=(window,))
    other = room.job("other", maintenance=(window,))
    for each in (job, other):
        room.ping(each, answers=False)
    assert room.go() == []
    assert room.store.status()[0]["incidents"][0]["kind"] == "vendor_offline"
    room.later(600)
    room.ping(other, answers=False)
    room.ping(job, answers=True)
    assert room.go() == []
    room.later(HOUR)
    room.ping(other, answers=False)
    assert room.go() == [("vendor_offline", Step.OPENED)]
    assert room.post.alerts[0][1].jobs == ("other",)


def test_without_notifiers_an_incident_is_a_line_in_the_log_and_on_the_board(room, caplog):
    job = room.job(alerts=Alerts())
    refuse(room.store, job, hearing(1))
    assert not look(room.watch)
    assert "court: messages need an officer" in caplog.text
    assert [one["kind"] for one in room.store.status()[0]["incidents"]] == ["dead_letter"]


def test_it_all_runs_on_each_database(store):
    """The statements say the same on PostgreSQL as on SQLite."""
    room = Room(store, [0.0])
    job = room.job(push=Push(on_unknown="hold"), alerts=replace(OPS, silence=0.000001, queue_age=0.000001))
    pattern = room.job("pattern", source_topics=("hud.*",), alerts=replace(OPS, silence=0.000001))
    publish(store, [hearing(1), hearing(2)])
    assert {kind for kind, _ in room.go()} == {"queue_age", "silence"}
    drain(store, job, Scripted(errors.VendorRefused(), errors.OutcomeUnknown()))[0].run()
    room.ping(job, answers=False)
    told = room.go()
    assert sorted(kind for kind, step in told if step is Step.OPENED) == ["dead_letter", "in_doubt", "vendor_offline"]
    assert [kind for kind, step in told if step is Step.CLEARED] == ["queue_age"]
    drain(store, pattern, Scripted())[0].run()
    Desk(store).discard("m1", CLERK, job="court")
    end_doubt(Desk(store), "m2", CLERK, delivered=True, job="court")
    room.ping(job, answers=True)
    for each in (job, pattern):
        store.register(replace(each, alerts=OPS))
    assert sorted(kind for kind, step in room.go() if step is Step.CLEARED) == sorted(
        ["vendor_offline", "dead_letter", "in_doubt", "silence", "silence"]
    )
    assert room.watch.shown() == []
