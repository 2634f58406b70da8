"""What no error, log or preview may show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hms_syn.ports import Credentials

_SECRET = re.compile(r"pass|secret|token$|key|sign", re.IGNORECASE)
_SHORT = 6
"""Shorter texts turn up by chance."""


def secrets_of(credentials: Credentials | None) -> list[str]:
    """Return the secrets of a connection: its password, and what stands in its extra under a name of secrets."""
    if credentials is None:
        return []
    extra = [str(value) for name, value in credentials.extra.items() if _SECRET.search(name) and value]
    return [text for text in (credentials.password, *extra) if len(text) >= _SHORT]
