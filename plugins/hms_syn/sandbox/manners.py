"""How a pretend vendor behaves: well, or badly in one named way, for so many requests."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

AFTER = MappingProxyType(
    {
        "slow": "does what it is asked, answers after a delay",
        "silent": "does what it is asked, never answers",
        "drop": "does what it is asked, closes the connection without an answer",
        "truncated": "does what it is asked, closes the connection in the middle of the answer",
        "drip": "does what it is asked, answers one byte at a time",
    }
)
"""Modes in which the request is carried out and the answer suffers on its way, whatever it is."""


class ModeOf:
    """The present mode, shared by all threads; after ``times`` requests the vendor behaves well again."""

    def __init__(
        self, modes: Collection[str], mode: str = "ok", *, times: int | None = None, delay: float = 5.0
    ) -> None:
        self._modes = ("ok", *modes)
        self._lock = threading.Lock()
        self.delay = delay
        self.choose(mode, times=times)

    def choose(self, mode: str, *, times: int | None = None) -> None:
        """Behave in this way for so many requests, or until told otherwise."""
        if mode not in self._modes:
            raise ValueError(f"mode must be one of: {', '.join(self._modes)}")
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times must be a whole number from 1, or null for ever")
        with self._lock:
            self._mode, self._times = mode, times

    def present(self) -> dict[str, Any]:
        """Tell the mode and for how many more requests it stands."""
        with self._lock:
            return {"mode": self._mode, "times": self._times}

    def take(self, among: Collection[str] | None = None) -> str:
        """Use up one request's worth of the present mode and say which it is; ``ok`` where it is not among these."""
        with self._lock:
            mode = self._mode
            if among is not None and mode not in among:
                return "ok"
            if self._times is not None:
                self._times -= 1
                if self._times == 0:
                    self._mode, self._times = "ok", None
        return mode
