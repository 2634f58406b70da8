"""A head of line that needs a thought before it is sent: a lost worker's, one in doubt, one accepted for elsewhere."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hms_syn.domain.claim import Ending
from hms_syn.domain.delivery import Delivery, Outcome, State
from hms_syn.errors import SynError
from hms_syn.flow.hand_off import HandOff
from hms_syn.flow.settle import on_unknown

if TYPE_CHECKING:
    from hms_syn.domain.claim import Claim
    from hms_syn.flow.settle import Settler
    from hms_syn.ports import Adapter

LOST = Ending(outcome=Outcome.UNKNOWN, code="worker_lost")
NOT_FOUND = Ending(outcome=Outcome.UNKNOWN, code="not_found")


def consider(settler: Settler, adapter: Adapter, claim: Claim, delivery: Delivery) -> HandOff | Delivery:
    """Return the delivery to send now, or what was done instead of sending it.

    An edit of the job file redirects nothing: what was accepted for another endpoint waits for an officer. What a lost
    worker may have sent, and what is in doubt, is asked for at the vendor, sent again, or held, as the job says.

    :raises StaleLease: another worker has taken the lane over
    """
    if claim.is_elsewhere(delivery):
        if delivery.state is State.IN_FLIGHT:  # a doubt is what an officer can end
            settler.doubt(claim, delivery, delivery.attempt, LOST, delay=None)
        else:
            settler.store.put_off(claim, delay=None)
        return _report(delivery, code="endpoint_changed", held=True)
    policy = on_unknown(claim.spec, adapter)
    if delivery.state is State.PENDING or policy == "resend":
        return delivery
    if delivery.state is State.IN_FLIGHT:
        delay = settler.wait_to_ask(delivery.attempt) if policy == "ask" else None
        settler.doubt(claim, delivery, delivery.attempt, LOST, delay=delay)
        return _report(delivery, code=LOST.code, wait=delay, held=delay is None)
    if policy != "ask":
        settler.store.put_off(claim, delay=None)
        return _report(delivery, code="in_doubt", held=True)
    return _ask(settler, adapter, claim, delivery)


def _ask(settler: Settler, adapter: Adapter, claim: Claim, delivery: Delivery) -> HandOff | Delivery:
    try:
        receipt = adapter.find(delivery)
    except SynError as error:
        return _ask_later(settler, claim, delivery, error.code)
    except Exception as error:  # noqa: BLE001 - an adapter's own fault: we know no more than before
        return _ask_later(settler, claim, delivery, f"adapter_error {type(error).__name__}")
    if receipt is not None:
        settler.found(claim, delivery, receipt)
        return dataclasses.replace(_report(delivery, code="found"), outcome=Outcome.ACKED, reference=receipt.reference)
    last = claim.spec.retry.max_attempts
    if last is not None and delivery.attempt >= last:
        settler.set_aside(claim, delivery, delivery.attempt, NOT_FOUND, then=None)
        return _report(delivery, code=NOT_FOUND.code)
    return delivery


def _ask_later(settler: Settler, claim: Claim, delivery: Delivery, code: str) -> HandOff:
    wait = settler.wait_to_ask(delivery.attempt)
    settler.store.put_off(claim, delay=wait)
    return _report(delivery, code=code, wait=wait)


def _report(delivery: Delivery, *, code: str, wait: float | None = None, held: bool = False) -> HandOff:
    return HandOff(
        message_id=delivery.message_id,
        attempt=delivery.attempt,
        outcome=Outcome.UNKNOWN if delivery.state is not State.PENDING else Outcome.NOT_SENT,
        code=code,
        wait=wait,
        held=held,
        trace_id=delivery.trace_id,
    )
