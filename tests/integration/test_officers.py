"""Officers' acts on both databases: each done once, on the record, and never on what a worker holds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.conftest import make_job

from hms_syn.adapters.in_memory_v1 import InMemoryV1, mailbox
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import ActRefused, OutcomeUnknown, UnknownJob, UnknownMessage, VendorRefused
from hms_syn.flow import switch
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.flow.replay import replay_to
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk
from hms_syn.store.set_aside import Wanted

ACT = Act(actor="paula", reason="the court called")


class Refusing(InMemoryV1):
    """A vendor that refuses everything for good."""

    asked = 0

    def send(self, message):
        del message
        self.asked += 1
        raise VendorRefused(code="proof_failed")


@pytest.fixture
def aside(sql_store, job):
    """A message the vendor has refused, and one that waits behind it."""
    sql_store.register(job)
    publish(sql_store, [new_event("hud.hearing.created", {"n": n}, agency="hud", message_id=f"m{n}") for n in (1, 2)])
    vendor = Refusing(job, None, sql_store)
    Drain(job=job, store=sql_store, adapter=vendor, owner="w", stop=lambda: vendor.asked > 0).run()
    return sql_store


def state_of(store, message_id):
    return store.trace(message_id)[0]["deliveries"][0]["state"]


def newest(store, message_id):
    row = [row for row in store.audit_rows() if row["message_id"] == message_id][-1]
    return row["event"], row["actor"], json.loads(row["body"]).get("detail", {})


def deliver(store, job):
    Drain(job=job, store=store, adapter=InMemoryV1(job, None, store), owner="w2").run()


def test_a_replayed_message_is_sent_with_the_same_key(aside, job):
    """What was set aside waits again behind what waits already, keeps its key, and is delivered."""
    before = aside.trace("m1")[0]["deliveries"][0]["idempotency_key"]
    assert Desk(aside).replay("m1", ACT) == [job.id]
    assert newest(aside, "m1") == ("replayed", "paula", newest(aside, "m1")[2])
    deliver(aside, job)
    delivery = aside.trace("m1")[0]["deliveries"][0]
    assert (delivery["state"], delivery["idempotency_key"], delivery["attempts"]) == ("delivered", before, 2)
    done = [event["payload"]["message_id"] for event in aside.read("syn.court.delivered", after=0, limit=10)]
    assert done == ["m2", "m1"]


def test_a_double_click_replays_once(aside):
    """The second replay finds nothing set aside."""
    Desk(aside).replay("m1", ACT)
    with pytest.raises(ActRefused, match="pending at court"):
        Desk(aside).replay("m1", ACT)


def test_a_replayed_message_may_be_set_aside_and_announced_again(aside, job):
    """Each time it is set aside the bus hears of it."""
    Desk(aside).replay("m1", ACT)
    Drain(job=job, store=aside, adapter=Refusing(job, None, aside), owner="w").run()
    told = [event["payload"]["message_id"] for event in aside.read("syn.court.dead_letter", after=0, limit=10)]
    assert told.count("m1") == 2


def test_a_delivered_message_cannot_be_replayed_or_discarded(aside, job):
    """A yes is final: the fact would have to be published anew."""
    deliver(aside, job)
    for act in (Desk(aside).replay, Desk(aside).discard):
        with pytest.raises(ActRefused, match="delivered at court"):
            act("m2", ACT)


@pytest.mark.parametrize("message_id", ["m1", "m2"])
def test_a_discarded_message_is_closed_for_good(aside, job, message_id):
    """One set aside and one that waits are both closed, with who and why, and never sent."""
    assert Desk(aside).discard(message_id, ACT) == [job.id]
    deliver(aside, job)
    assert state_of(aside, message_id) == "discarded"
    event, actor, detail = newest(aside, message_id)
    assert (event, actor, detail["reason"]) == ("discarded", "paula", "the court called")


def test_what_a_worker_holds_cannot_be_discarded(aside, job):
    """The one in flight settles first."""
    claim = aside.pop(job, owner="w")
    with pytest.raises(ActRefused, match="holds its lane"):
        Desk(aside).discard("m2", ACT)
    aside.release(claim)
    Desk(aside).discard("m2", ACT)


def test_a_paused_job_accepts_and_does_not_ring(sql_store, job):
    """Nothing is rung for while paused; resumed, the bell rings at once; both are on the record once."""
    sql_store.register(job)
    assert switch.pause(sql_store, job.id, ACT)
    assert not switch.pause(sql_store, job.id, ACT)
    publish(sql_store, [new_event("hud.hearing.created", {}, agency="hud")])
    assert sql_store.is_paused(job.id)
    assert sql_store.ring() == []
    assert switch.resume(sql_store, job.id, ACT)
    assert sql_store.ring() == [job.id]
    acts = [row["event"] for row in sql_store.audit_rows() if row["actor"] == "paula"]
    assert acts == ["paused", "resumed"]


def test_unknown_names_are_said(sql_store):
    """A wrong id is an error, not an empty success."""
    with pytest.raises(UnknownJob):
        switch.pause(sql_store, "nobody", ACT)
    with pytest.raises(UnknownMessage):
        Desk(sql_store).discard("nothing", ACT)


def test_an_act_needs_a_reason():
    """An empty reason is refused before anything is done."""
    with pytest.raises(ActRefused, match="reason"):
        Act(actor="paula", reason="  ")


def test_everything_accepted_stands_somewhere(aside, job):
    """Both sides agree through every act."""
    Desk(aside).discard("m1", ACT)
    [row] = Desk(aside).reconcile()
    assert (row["accepted"], row["open"], row["discarded"], row["agrees"]) == (2, 1, 1, True)
    deliver(aside, job)
    assert Desk(aside).reconcile(job.id)[0]["delivered"] == 1
    audit_trail.verify(aside.audit_rows())


def test_a_lost_row_does_not_reconcile(aside):
    """A delivery that somebody deleted is named as missing; one that was never accepted as unexplained."""
    with aside.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM hms_syn_delivery WHERE message_id = 'm2'")
        connection.exec_driver_sql("UPDATE hms_syn_settled SET message_id = 'forged' WHERE message_id = 'm1'")
    [row] = Desk(aside).reconcile()
    assert sorted(row["missing"]) == ["m1", "m2"]
    assert row["unexplained"] == ["forged"]
    assert not row["agrees"]


class Silent(InMemoryV1):
    """A vendor that takes everything and gives no clear answer, and does not know a repeat by its key."""

    idempotent = False
    finds = False

    def send(self, message):
        super().send(message)
        raise OutcomeUnknown(code="timeout")


@pytest.fixture
def doubtful(sql_store, job):
    """A message that the vendor may have, and one behind it."""
    sql_store.register(job)
    publish(sql_store, [new_event("hud.hearing.created", {"n": n}, agency="hud", message_id=f"m{n}") for n in (1, 2)])
    Drain(job=job, store=sql_store, adapter=Silent(job, None, sql_store), owner="w").run()
    return sql_store


def test_a_doubt_holds_its_line(doubtful, job):
    """A vendor that cannot know a repeat is not sent one; nothing overtakes; the status says what to do."""
    deliver(doubtful, job)
    assert (state_of(doubtful, "m1"), state_of(doubtful, "m2")) == ("in_doubt", "pending")
    assert "m1 is in doubt" in doubtful.status()[0]["why"]
    assert Desk(doubtful).reconcile()[0]["in_doubt"] == 1


def test_a_doubt_resolved_as_delivered_is_closed_with_the_receipt(doubtful, job):
    """The officer's word counts, on the record; the line goes on."""
    end_doubt(Desk(doubtful), "m1", ACT, delivered=True, reference="C-7")
    deliver(doubtful, job)
    assert (state_of(doubtful, "m1"), state_of(doubtful, "m2")) == ("delivered", "delivered")
    assert doubtful.trace("m1")[0]["deliveries"][0]["reference"] == "C-7"
    assert newest(doubtful, "m1")[:2] == ("delivered", "paula")


def test_a_doubt_resolved_as_delivered_is_told_like_any_delivery(doubtful):
    """Jobs that take ``syn.court.delivered``, and workflows that wait for it, go on; a rehearsal tells nobody."""
    doubtful.register(make_job("archive", source_topics=("syn.court.delivered",)))

    def told():
        return [event["payload"] for event in doubtful.read("syn.court.delivered", after=0, limit=10)]

    end_doubt(Desk(doubtful).rehearsing(), "m1", ACT, delivered=True, reference="C-7")
    assert told() == []
    end_doubt(Desk(doubtful), "m1", ACT, delivered=True, reference="C-7")
    [event] = told()
    assert (event["message_id"], event["reference"], event["job"]) == ("m1", "C-7", "court")
    assert next(row["waiting"] for row in doubtful.status() if row["job"] == "archive") == 1


def test_a_doubt_resolved_as_resend_is_sent_first_and_with_the_same_key(doubtful, job):
    """It keeps its place at the head of its line."""
    end_doubt(Desk(doubtful), "m1", ACT, delivered=False)
    deliver(doubtful, job)
    done = [event["payload"]["message_id"] for event in doubtful.read("syn.court.delivered", after=0, limit=10)]
    assert done == ["m1", "m2"]
    arrivals = mailbox(job.target_endpoint).arrivals
    assert arrivals[0] == arrivals[1]


def test_only_a_doubt_can_be_resolved(doubtful):
    """A waiting message has no doubt to end; a resolved one has none any more."""
    with pytest.raises(ActRefused, match="only a doubt"):
        end_doubt(Desk(doubtful), "m2", ACT, delivered=True)
    end_doubt(Desk(doubtful), "m1", ACT, delivered=True)
    with pytest.raises(ActRefused, match="only a doubt"):
        end_doubt(Desk(doubtful), "m1", ACT, delivered=True)


def test_what_a_lost_worker_may_have_sent_is_held_too(sql_store):
    """With on_unknown: hold a crash in mid-send is a doubt like any other."""
    job = make_job(push=Push(on_unknown="hold"))
    sql_store.register(job)
    publish(sql_store, [new_event("hud.hearing.created", {}, agency="hud", message_id="m1")])
    sql_store.pop(replace(job, push=replace(job.push, lease=0.0)), owner="dead")
    deliver(sql_store, job)
    assert state_of(sql_store, "m1") == "in_doubt"
    assert sql_store.trace("m1")[0]["attempts"][0]["code"] == "worker_lost"
    assert mailbox(job.target_endpoint).arrivals == []


def test_all_that_is_set_aside_with_a_code_is_replayed_together(aside, job):
    """A filter names job, code and time; what it finds can be looked at first."""
    desk = Desk(aside)
    assert desk.set_aside(Wanted(job=job.id, code="another")) == []
    assert desk.set_aside(Wanted(job=job.id, since=4e9)) == []
    found = desk.set_aside(Wanted(job=job.id, code="proof_failed"))
    assert found == ["m1"]
    for message_id in found:
        desk.replay(message_id, ACT, job=job.id)
    assert desk.set_aside(Wanted(job=job.id)) == []


def test_a_new_job_gets_what_was_published_before_it_was_there(sql_store):
    """An event that nobody took is kept, seen, and replayed once, in order; the act is on the record."""
    publish(sql_store, [new_event("hud.hearing.created", {"n": n}, agency="hud", message_id=f"m{n}") for n in range(3)])
    desk = Desk(sql_store)
    assert [row["message_id"] for row in desk.messages(job=None, state="untaken", limit=9)] == ["m2", "m1", "m0"]
    late = make_job("late")
    sql_store.register(late)
    give = {"job": "late", "pattern": "hud.*", "since": "", "act": ACT}
    assert replay_to(sql_store, desk.rehearsing().enqueue, **give) == ["m0", "m1", "m2"]
    assert replay_to(sql_store, desk.enqueue, **give, limit=2) == ["m0", "m1"]
    assert replay_to(sql_store, desk.enqueue, **give) == ["m2"]
    assert replay_to(sql_store, desk.enqueue, **give) == []
    assert newest(sql_store, "m0")[:2] == ("queued", "paula")
    deliver(sql_store, late)
    assert {state_of(sql_store, f"m{n}") for n in range(3)} == {"delivered"}
    assert list(mailbox(late.target_endpoint).received.values()) == [{"n": n} for n in range(3)]
    assert desk.messages(job=None, state="untaken", limit=9) == []
    assert all(row["agrees"] for row in [*desk.reconcile(), *desk.reconcile_bus()])
    audit_trail.verify(sql_store.audit_rows(limit=10_000))


def test_what_is_published_since_is_all_a_new_job_gets_when_it_says_so(sql_store):
    """A time limits what is replayed; a job that is not known is said."""
    publish(sql_store, [new_event("hud.hearing.created", {}, agency="hud", message_id="m1")])
    sql_store.register(make_job("late"))
    desk = Desk(sql_store)
    assert replay_to(sql_store, desk.enqueue, job="late", pattern="*", since="2999-01-01", act=ACT) == []
    with pytest.raises(UnknownJob):
        replay_to(sql_store, desk.enqueue, job="nobody", pattern="*", since="", act=ACT)


def test_messages_are_listed_by_job_and_state(aside, job):
    """Open ones come in the order they will be sent, then closed ones."""
    rows = Desk(aside).messages(job=job.id, state=None, limit=9)
    assert [(row["message_id"], row["state"]) for row in rows] == [("m2", "pending"), ("m1", "dead_letter")]
    [row] = Desk(aside).messages(job=None, state="dead_letter", limit=9)
    assert (row["message_id"], row["code"]) == ("m1", "proof_failed")


def test_an_event_that_the_bus_has_lost_does_not_reconcile(sql_store):
    """What the audit trail saw published and the bus does not hold is a gap; what it never saw is unexplained."""
    publish(sql_store, [new_event("hud.notes.added", {}, agency="hud", message_id=f"m{n}") for n in range(3)])
    with sql_store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM hms_syn_event WHERE message_id = 'm0'")
        connection.exec_driver_sql("UPDATE hms_syn_event SET message_id = 'forged' WHERE message_id = 'm2'")
    [row] = Desk(sql_store).reconcile_bus()
    assert (row["topic"], row["gaps"], row["unexplained"]) == ("hud.notes.added", ["m0", "m2"], ["forged"])
    assert not row["agrees"]
