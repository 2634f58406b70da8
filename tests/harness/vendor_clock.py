"""A clock for a pretend vendor that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

START = datetime(2024, 8, 1, 9, 0, tzinfo=timezone.utc)


class VendorClock:
    """Says what time it is at the vendor."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        """Let so many seconds pass, or take them back."""
        self.now += timedelta(seconds=seconds)
