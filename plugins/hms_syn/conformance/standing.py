"""Promises of an adapter as a thing: made without a network, shared with nobody, closed as often as one likes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hms_syn.conformance.bench import Bench, failure, told
from hms_syn.conformance.network_watch import watching
from hms_syn.conformance.pretend_vendor import Manner
from hms_syn.conformance.pushing import made_of
from hms_syn.conformance.violation import require, working

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import PretendVendor
    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Adapter

EACH = 10


class Standing(Bench):
    """Making, checking, pinging and closing an adapter."""

    def test_making_one_touches_no_network(self, vendor: PretendVendor, workshop: Workshop) -> None:
        """The constructor connects to nothing and resolves no name: every DAG file that is parsed may make one."""
        if Manner.DOWN not in vendor.cannot:
            vendor.behave(Manner.DOWN)
        with watching() as seen:
            workshop.adapter()
        require(not seen, f"making the adapter used the network: {', '.join(seen)}")

    def test_it_says_what_it_can(self, adapter: Adapter) -> None:
        """``idempotent`` and ``finds`` are true or false: the flow decides by them what an unknown outcome means."""
        for name in ("idempotent", "finds"):
            require(type(getattr(adapter, name, None)) is bool, f"'{name}' is not True or False")

    def test_a_sound_job_has_no_problems(self, adapter: Adapter) -> None:
        """``check`` finds nothing wrong with a job that works."""
        problems: object = adapter.check()
        require(isinstance(problems, list), f"check returned {type(problems).__name__}; return a list")
        require(not problems, f"check finds fault with a sound job: {problems}")

    def test_a_check_tells_and_does_not_raise(self, vendor: PretendVendor, adapter: Adapter) -> None:
        """When the vendor cannot be asked, ``check`` says so, or what it can; it returns (dotted key, text) pairs."""
        told(vendor, Manner.DOWN)
        with working("a check of a job whose vendor is away"):
            problems: list[Any] = list(adapter.check())
        for problem in problems:
            pair = isinstance(problem, tuple) and len(problem) == 2  # noqa: PLR2004 - key and text
            require(pair and all(isinstance(part, str) and part for part in problem), "a problem is not (key, text)")
            require(problem[0].startswith("job."), f"{problem[0]!r} is not a key of the job file, such as job.push")

    def test_a_ping_that_is_answered_returns(self, adapter: Adapter) -> None:
        """A vendor that is there is found there, again and again."""
        for time in ("first", "second"):
            with working(f"the {time} ping"):
                adapter.ping()

    def test_a_ping_that_nobody_answers_raises(self, vendor: PretendVendor, adapter: Adapter) -> None:
        """A vendor that is away is found away, within the heartbeat's timeout; and found again when it is back."""
        told(vendor, Manner.DOWN)
        failure(adapter.ping, within=vendor.job().ping_timeout)
        vendor.behave(Manner.WELL)
        with working("a ping after the vendor was away"):
            adapter.ping()

    def test_it_may_be_closed_twice(self, workshop: Workshop) -> None:
        """Closing is giving back: used, unused or already closed."""
        unused, used = workshop.adapter(), workshop.adapter()
        used.send(workshop.message())
        for each in (unused, unused, used, used):
            with working("closing"):
                each.close()

    def test_two_of_one_job_do_not_disturb_each_other(self, vendor: PretendVendor, workshop: Workshop) -> None:
        """Two workers send at a time, a third is closed meanwhile: each gets the receipts of its own messages."""
        lots = [[workshop.message(f"HUD-{lot}-{n}") for n in range(EACH)] for lot in range(2)]
        receipts: dict[str, str] = {}
        bystander = workshop.adapter()
        bystander.send(workshop.message())
        adapters = [workshop.adapter() for _ in lots]
        threads = [
            threading.Thread(target=_send_all, args=(each, lot, receipts))
            for each, lot in zip(adapters, lots, strict=True)
        ]
        for thread in threads:
            thread.start()
        bystander.close()
        for thread in threads:
            thread.join()
        for message in (message for lot in lots for message in lot):
            references = [thing.reference for thing in made_of(vendor, message)]
            require(references == [receipts.get(message.message_id)], "two adapters at work got in each other's way")


def _send_all(adapter: Adapter, lot: list[Delivery], receipts: dict[str, str]) -> None:
    for message in lot:
        receipts[message.message_id] = adapter.send(message).reference
