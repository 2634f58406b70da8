"""Topic patterns."""

from __future__ import annotations

import re
from functools import cache


def matches(pattern: str, topic: str) -> bool:
    """Return True when the topic fits the pattern; ``*`` stands for any characters, dots included.

    >>> matches("syn.*.delivered", "syn.court.delivered"), matches("hud.hearing.created", "hud.hearing.moved")
    (True, False)
    """
    return _expression(pattern).fullmatch(topic) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
