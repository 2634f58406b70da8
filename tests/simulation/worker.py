"""A worker of the real ``Drain`` that goes on step by step: to its next transaction, its next call, its next stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet
from tests.simulation.database import Fate, Killed
from tests.simulation.vendor import ANSWERS, Answer, Dialect

from hms_syn.errors import NeedsOfficer, StoreUnavailable
from hms_syn.flow.push import Drain

if TYPE_CHECKING:
    from tests.simulation.world import World

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.hand_off import HandOff


@dataclass(frozen=True)
class Order:
    """What befalls a worker in its next step; ``stops`` freezes it where the kernel may freeze any process."""

    fate: Fate = Fate.NONE
    answer: Answer = ANSWERS["ack"]
    stops: bool = False


@dataclass
class Worker:
    """One run of a drain."""

    world: World
    spec: JobSpec
    owner: str
    traits: tuple[bool, bool]
    order: Order = field(default_factory=Order)
    at: str = "begin"
    may_send: bool = False
    """It has looked at its job's switch since its last send."""

    def __post_init__(self) -> None:
        self._thread = greenlet(self._run)

    @property
    def alive(self) -> bool:
        """Return whether it has anything left to do."""
        return not self._thread.dead

    def step(self, order: Order) -> str:
        """Go on to where it next lets others go on; return where that is."""
        self.order = order
        self.at = self._thread.switch(order.fate if self.at == "write" else order)
        return self.at

    def kill(self) -> None:
        """End its process here and now."""
        if self._thread:  # begun, and not at its end
            self.at = self._thread.throw(Killed)

    def pause(self, where: str) -> None:
        """Let the others go on."""
        getcurrent().parent.switch(where)

    def _run(self, *_: Any) -> str:
        idempotent, finds = self.traits
        drain = Drain(
            job=self.spec,
            store=self.world.database.workers,
            adapter=Dialect(self, self.spec.target_endpoint, idempotent, finds),  # type: ignore[arg-type]  # it pushes only
            owner=self.owner,
            stop=self._must_stop,
            report=self._report,
            draw=self.world.draw,
        )
        try:
            drain.run()
        except Killed:
            return "killed"
        except StoreUnavailable:
            return "database away"
        except NeedsOfficer as error:
            return error.code
        except Exception as error:  # noqa: BLE001 - whatever else it is, no worker may end so
            self.world.violations.append(f"a worker ended with {type(error).__name__}: {error}")
            return "broken"
        return "done"

    def _must_stop(self) -> bool:
        paused = self.world.database.workers.is_paused(self.spec.id)
        self.may_send = not paused
        return paused

    def _report(self, _hand_off: HandOff) -> None:
        if self.order.stops:
            self.pause("stopped after settling")
