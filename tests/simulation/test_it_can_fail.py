"""A simulation that finds nothing proves nothing: each of these bugs, put into the product, is found in short order."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from tests.simulation.walk import walk

from hms_syn.domain.ack import Ack
from hms_syn.domain.claim import Claim
from hms_syn.errors import OutcomeUnknown
from hms_syn.flow import push
from hms_syn.flow.settle import Settler
from hms_syn.store import attempts, audit_trail, officers, sync_queue

ENOUGH = 4000


def no_fence(patch):
    anyone = "WHERE id = :lane AND (fence = :fence OR 1 = 1) AND (owner = :owner OR 1 = 1)"
    patch.setattr(sync_queue, "HELD", anyone)
    patch.setattr(Claim, "may_send", True)  # else the lease alone keeps nearly every late worker from the vendor
    patch.setattr(Claim, "is_held", True)


def a_new_key_for_each_attempt(patch):
    honest = sync_queue._deliveries
    new = lambda one: replace(one, idempotency_key=str(uuid.uuid4())) if one.attempt else one  # noqa: E731
    patch.setattr(sync_queue, "_deliveries", lambda *a, **o: tuple(new(one) for one in honest(*a, **o)))


def no_intent(patch):
    honest = attempts.Ledger.begin

    def begin(ledger, delivery):
        number = honest(ledger, delivery)
        ledger._changes = [change for change in ledger._changes if change.step != "intent"]
        return number

    patch.setattr(attempts.Ledger, "begin", begin)


def no_gate(patch):
    patch.setattr(sync_queue, "GATE", sync_queue.GATE.replace("> {now} AS closed", "< 0 AS closed"))


def no_thought(patch):
    patch.setattr(push, "consider", lambda _settler, _adapter, _claim, delivery: delivery)


def no_epochs(patch):
    cut = sync_queue.TAKE.index("AND epoch"), sync_queue.TAKE.index("ORDER BY")
    patch.setattr(sync_queue, "TAKE", sync_queue.TAKE[: cut[0]] + sync_queue.TAKE[cut[1] :])


def no_look_at_the_switch(patch):
    patch.setattr(push.Drain, "_must_stop", lambda _drain: False)


def no_proof_of_the_lease(patch):
    patch.setattr(Claim, "may_send", True)


def no_count_of_lanes(patch):
    patch.setattr(sync_queue, "TAKE", sync_queue.TAKE.replace("< :most", "< :most + 1000"))


def no_back_off(patch):
    honest = sync_queue.given_up
    at_once = lambda claim, *, delay: honest(claim, delay=None if delay is None else 0)  # noqa: E731
    patch.setattr(sync_queue, "given_up", at_once)


def unknown_is_taken_for_yes(patch):
    honest = Settler.settle

    def settle(settler, claim, delivery, attempt, outcome, **options):
        said = Ack(reference="?") if type(outcome) is OutcomeUnknown else outcome
        return honest(settler, claim, delivery, attempt, said, **options)

    patch.setattr(Settler, "settle", settle)


def no_look_at_the_tip(patch):
    patch.setattr(audit_trail, "MOVE", audit_trail.MOVE.replace("tip = :before", "(tip = :before OR 1 = 1)"))


def no_name_on_record(patch):
    honest = officers._note
    patch.setattr(
        officers, "_note", lambda connection, act, *a, **o: honest(connection, replace(act, actor="x"), *a, **o)
    )


BUGS = [
    no_fence,
    a_new_key_for_each_attempt,
    no_intent,
    no_gate,
    no_thought,
    no_epochs,
    no_look_at_the_switch,
    no_proof_of_the_lease,
    no_count_of_lanes,
    no_back_off,
    unknown_is_taken_for_yes,
    no_look_at_the_tip,
    no_name_on_record,
]


@pytest.mark.parametrize("bug", BUGS, ids=[bug.__name__ for bug in BUGS])
def test_a_bug_in_the_product_is_found(database, clock, monkeypatch, bug):
    """Some schedule of the first few hundred breaks a promise."""
    bug(monkeypatch)
    for number in range(ENOUGH):
        try:
            walk(database, clock, f"can-fail-{number}")
        except AssertionError:
            return
    pytest.fail(f"{ENOUGH} schedules found nothing")
