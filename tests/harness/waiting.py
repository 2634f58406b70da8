"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def eventually(look: Callable[[], Result], *, within: float = 20.0, every: float = 0.01, what: str = "") -> Result:
    """Look again and again until something true is seen, and return it; fail after so many seconds."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or 'what was waited for'}; last seen: {seen!r}")
        time.sleep(every)
    return seen
