"""Time that passes only when the schedule says so."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlet import getcurrent

if TYPE_CHECKING:
    import pytest

BEGIN = 1_800_000_000.0
SLEEPERS = (
    "hms_syn.domain.claim",
    "hms_syn.flow.push",
    "hms_syn.flow.settle",
    "hms_syn.store.claiming",
    "hms_syn.store.sql_store",
    "hms_syn.store.sync_queue",
)
"""The modules that wait, or measure how long something took; they see this clock in the place of ``time``."""


@dataclass
class Clock:
    """Stands where a module says ``time``; a sleeping worker lets the others go on."""

    now: float = BEGIN

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Be the time of the modules that wait."""
        for name in SLEEPERS:
            patch.setattr(importlib.import_module(name), "time", self)

    def time(self) -> float:
        """Return the time of day."""
        return self.now

    def monotonic(self) -> float:
        """Return the time since the schedule began."""
        return self.now - BEGIN

    def sleep(self, seconds: float) -> None:
        """Come back when so much time has passed."""
        until = self.now + seconds
        here = getcurrent()
        if here.parent is not None:
            here.parent.switch("sleep")
        self.now = max(self.now, until)
