"""What the vendor board promises, on both databases: one ping at a time, one change once, and what follows from it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, state

from hms_syn import errors
from hms_syn.domain.job_spec import Breaker, Heartbeat, Push, Retry
from hms_syn.domain.vendor_health import Ping, VendorState, Verdict
from hms_syn.flow.heartbeat import news
from hms_syn.flow.publish import publish
from hms_syn.store import audit_trail
from hms_syn.store.vendor_board import VendorBoard

BREAKER = Breaker(open_for=30.0)


@pytest.fixture
def board(sql_store):
    return VendorBoard(sql_store)


@pytest.fixture
def watched(board, sql_store, job):
    """A job that is known, and whose vendor is to be pinged every 30 s."""
    sql_store.register(job)
    board.watch({job.target_endpoint: 30.0}, at_once=True)
    return job


def pinged(job, verdict, **facts):
    return Ping(endpoint=job.target_endpoint, verdict=verdict, rules=Heartbeat(), breaker=BREAKER, **facts)


def fail(board, job, times=3, code="connect"):
    changes = []
    for _ in range(times):
        changes += board.note([pinged(job, Verdict.FAILED, code=code, note="Nobody answers.")], news)
    return changes


def answer(board, job, **facts):
    return board.note([pinged(job, Verdict.ANSWERED, **facts)], news)


def on_the_bus(store):
    events = store.read("syn.vendor.*", after=0, limit=100)
    return [(event["topic"], event["payload"]["endpoint"]) for event in events]


def vendor(store, job):
    return next(row["vendor"] for row in store.status() if row["job"] == job.id)


def test_a_vendor_that_nobody_has_pinged_is_unknown(board, watched):
    """The status says so, and counts nothing."""
    assert vendor(board.store, watched) == {
        "state": "unknown",
        "since": None,
        "strikes": 0,
        "last_ok_at": None,
        "code": "",
        "note": "",
        "certificate_until": None,
    }


def test_the_third_failure_in_a_row_is_told_once(board, watched):
    """Bus, audit trail, board and the list for people hold one outage, whatever follows."""
    assert fail(board, watched, 2) == []
    assert [(change.state, change.jobs) for change in fail(board, watched, 1)] == [(VendorState.OFFLINE, ("court",))]
    assert fail(board, watched, 5) == []
    assert on_the_bus(board.store) == [("syn.vendor.offline", watched.target_endpoint)]
    rows = [row for row in board.store.audit_rows() if row["event"] == "offline"]
    assert [json.loads(row["body"])["detail"]["code"] for row in rows] == ["connect"]
    assert [change.endpoint for change in board.untold()] == [watched.target_endpoint]
    assert (vendor(board.store, watched)["state"], vendor(board.store, watched)["strikes"]) == ("offline", 8)


def test_one_answer_ends_it_and_says_how_long_it_was(board, watched):
    """The event of the end names the beginning."""
    [outage] = fail(board, watched)
    [end] = answer(board, watched)
    assert (end.state, end.since) == (VendorState.ONLINE, outage.at)
    [_, back] = board.store.read("syn.vendor.*", after=0, limit=9)
    assert (back["topic"], back["payload"]["offline_since"]) == ("syn.vendor.online", outage.at)
    assert vendor(board.store, watched)["last_ok_at"] == vendor(board.store, watched)["since"] == end.at
    assert audit_trail.verify(board.store.audit_rows()) == len(board.store.audit_rows())


def test_a_first_answer_is_no_news_but_is_known(board, watched):
    """Nobody wants to hear that all is as it should be."""
    assert answer(board, watched) == []
    assert (vendor(board.store, watched)["state"], on_the_bus(board.store)) == ("online", [])


def test_what_hinders_us_is_shown_and_counts_for_nothing(board, watched):
    """A connection that is not there says nothing of the vendor."""
    fail(board, watched, 2)
    assert board.note([pinged(watched, Verdict.UNASKED, code="needs_officer", note="no connection")], news) == []
    seen = vendor(board.store, watched)
    assert (seen["state"], seen["strikes"], seen["code"]) == ("unknown", 2, "needs_officer")


def test_two_that_see_the_same_third_failure_tell_it_once(board, watched):
    """Two triggerers at one moment make one change: the second counts on from the first."""
    fail(board, watched, 2)
    seen, start = [], threading.Barrier(4)

    def one():
        start.wait()
        seen.extend(fail(board, watched, 1))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(on_the_bus(board.store)) == 1
    assert vendor(board.store, watched)["strikes"] == 6


def test_a_due_ping_is_taken_once(board, watched):
    """Of many that ask at one moment one gets it; the next is due an interval later."""
    endpoint, taken, start = watched.target_endpoint, [], threading.Barrier(4)

    def one():
        start.wait()
        taken.extend(board.take_due([endpoint], most=10))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [endpoint]
    assert 0 < board.next_due([endpoint]) <= 30


def test_no_more_are_taken_than_there_is_room_for_and_only_ones_own(board, watched):
    """What another folder watches is another's; the rest waits for the next turn."""
    board.watch({f"https://v{number}.example.gov/": 30.0 for number in range(5)}, at_once=True)
    mine = [f"https://v{number}.example.gov/" for number in range(4)]
    assert len(board.take_due(mine, most=3)) == 3
    assert len(board.take_due(mine, most=3)) == 1
    assert board.take_due([watched.target_endpoint], most=3) == [watched.target_endpoint]


def test_vendors_are_spread_over_the_interval_and_keep_their_place(board):
    """A hundred vendors have a hundred places; watching them again moves none."""
    vendors = {f"https://v{number}.example.gov/": 30.0 for number in range(100)}
    board.watch(vendors)
    due = {endpoint: time.time() + board.next_due([endpoint]) for endpoint in vendors}
    thirds = [int((at - min(due.values())) // 10) for at in due.values()]
    assert all(thirds.count(third) > 15 for third in (0, 1, 2))
    board.watch(vendors)
    again = {endpoint: time.time() + board.next_due([endpoint]) for endpoint in vendors}
    assert all(abs(due[endpoint] - again[endpoint]) < 0.5 for endpoint in vendors)


def test_an_edited_interval_counts_at_once(board, watched):
    """From an hour to a second: the next ping is not an hour away."""
    board.watch({watched.target_endpoint: 3600.0})
    board.watch({watched.target_endpoint: 1.0})
    assert board.next_due([watched.target_endpoint]) <= 1


def test_a_vendor_that_wants_to_be_left_alone_is(board, watched):
    """A refused login is tried no more than once a minute, whatever the interval."""
    board.take_due([watched.target_endpoint], most=1)
    board.note([pinged(watched, Verdict.FAILED, code="login_refused", asked=60)], news)
    assert board.next_due([watched.target_endpoint]) >= 60


def test_messages_wait_while_the_vendor_is_offline_and_one_tries_when_it_is_back(board, watched, sql_store):
    """No message is hammered at an absent vendor; back, all go out at once, whatever their own due times were."""
    publish(sql_store, [hearing(1), hearing(2)])
    job = replace(watched, retry=Retry(initial_delay=900, jitter=0))
    vendor_ = Scripted(errors.NotSent(code="connect"))
    worker, _ = drain(sql_store, job, vendor_)
    worker.run()
    sql_store.reserve(job.id, grace=15)
    fail(board, watched)
    assert "the vendor is offline since 20" in sql_store.status()[0]["why"]
    assert "(connect)" in sql_store.status()[0]["why"]
    assert sql_store.ring() == []
    answer(board, watched)
    assert sql_store.ring() == [job.id]
    assert sql_store.pop(job, owner="w").probing
    sql_store.rearm(job.id)


def test_what_waited_is_delivered_when_the_vendor_is_back(board, watched, sql_store):
    """The first message tries, the others follow."""
    publish(sql_store, [hearing(number) for number in range(3)])
    fail(board, watched)
    worker, _ = drain(sql_store, watched, Scripted())
    assert worker.run() == 0
    answer(board, watched)
    assert worker.run() == 3


def test_a_vendor_that_takes_messages_is_not_shut_out_by_its_health_page(board, watched, sql_store):
    """A message accepted within the last interval is a better proof than any page: the word is said, the gate open."""
    publish(sql_store, [hearing(1)])
    worker, _ = drain(sql_store, watched, Scripted())
    worker.run()
    assert len(fail(board, watched, code="http_500")) == 1
    publish(sql_store, [hearing(2)])
    assert worker.run() == 2


def test_while_it_is_offline_one_message_may_try_when_the_breakers_time_is_over(board, watched, sql_store):
    """A page that lies keeps nobody waiting for ever; accepted, that message opens the gate for all."""
    publish(sql_store, [hearing(number) for number in range(3)])
    short = replace(watched, push=Push(breaker=Breaker(after=1, open_for=0.3)))
    for _ in range(3):
        board.note([replace(pinged(short, Verdict.FAILED, code="http_500"), breaker=short.push.breaker)], news)
    worker, _ = drain(sql_store, short, Scripted())
    assert worker.run() == 0
    time.sleep(max(sql_store.next_due(short.id), 0) + 0.01)
    assert worker.run() == 3
    assert (vendor(sql_store, short)["state"], sql_store.status()[0]["why"]) == ("offline", "nothing waits")


def test_a_doubt_keeps_its_time_when_the_vendor_is_back(board, watched, sql_store):
    """Asked too early, "no such message" would not mean that it will not come any more."""
    job = replace(
        watched, push=Push(on_unknown="resolve", find={"request": {}, "match": "@"}), retry=Retry(initial_delay=60)
    )

    class Finding(Scripted):
        finds = True

    publish(sql_store, [hearing(1)])
    drain(sql_store, job, Finding(errors.OutcomeUnknown()))[0].run()
    assert state(sql_store) == "in_doubt"
    fail(board, watched)
    answer(board, watched)
    assert sql_store.next_due(job.id) > 1


def test_a_job_may_take_the_news_of_vendors(board, watched, sql_store):
    """An outage is an event as any other: who takes its topic gets it, even where a job's schema does not like it."""
    watcher = make_job("watcher", source_topics=("syn.vendor.*",))
    sql_store.register(watcher)
    fail(board, watched)
    vendor_ = Scripted()
    drain(sql_store, watcher, vendor_)[0].run()
    assert [message.topic for message in vendor_.sent] == ["syn.vendor.offline"]


def test_the_end_of_a_certificate_is_kept_when_a_later_ping_does_not_see_it(board, watched):
    """What was seen once is known, also while the vendor is away."""
    answer(board, watched, certificate_until=1_900_000_000.0)
    fail(board, watched, 1)
    assert vendor(board.store, watched)["certificate_until"].startswith("2030-03-17T17:46:40")


def test_a_change_is_told_to_people_until_somebody_has(board, watched):
    """The list is emptied by whoever has told, and by nobody else."""
    fail(board, watched)
    answer(board, watched)
    assert [change.state.value for change in board.untold()] == ["offline", "online"]
    board.mark_told(board.untold()[:1])
    assert [change.state.value for change in board.untold()] == ["online"]


def test_a_word_that_is_too_old_is_not_believed(board, sql_store, job):
    """When nobody pings any more, nobody knows: neither status nor pulls go by what was true once."""
    sql_store.register(job)
    board.watch({job.target_endpoint: 30.0})
    fail(board, job)
    assert board.offline_since(job.target_endpoint) is not None
    sql_store.write(
        lambda connection: connection.exec_driver_sql("UPDATE hms_syn_vendor SET pinged_at = pinged_at - 160000000")
    )
    assert board.offline_since(job.target_endpoint) is None
    assert vendor(sql_store, job)["state"] == "unknown"
    assert {row["state"] for row in views(sql_store)} == {"unknown"}


def views(store):
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT * FROM hms_syn_vendor_v").mappings().all()


def test_two_jobs_on_one_vendor_share_its_row(board, watched, sql_store):
    """It is pinged once; both jobs know of it, and both are named."""
    other = make_job("other", target_endpoint=watched.target_endpoint)
    sql_store.register(other)
    [change] = fail(board, watched)
    assert change.jobs == ("court", "other")
    assert [row["vendor"]["state"] for row in sql_store.status()] == ["offline", "offline"]
    assert {(row["job"], row["state"], row["strikes"]) for row in views(sql_store)} == {
        ("court", "offline", 3),
        ("other", "offline", 3),
    }
