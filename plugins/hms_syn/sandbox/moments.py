"""Moments as the pretend vendors write and read them: ISO 8601, in UTC."""

from __future__ import annotations

import re
from datetime import datetime, timezone

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?")


def utc_now() -> datetime:
    """Read the wall clock."""
    return datetime.now(timezone.utc)


def a_moment(text: str) -> datetime:
    """Read a date and time; one without a zone is in UTC.

    :raises ValueError: saying what was expected
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a date and time such as 2024-09-02T09:30:00Z")
    whole, fraction, zone = found.groups()
    zone = "+00:00" if zone in {None, "Z"} else zone
    return datetime.fromisoformat(f"{whole}.{fraction or '0':0<6}{zone}").astimezone(timezone.utc)


def told(moment: datetime) -> str:
    """Write a moment to the microsecond, so that what is read back is the same moment."""
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
