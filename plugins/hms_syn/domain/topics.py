"""Topic patterns."""

from __future__ import annotations

import re
from functools import cache


def matches(pattern: str, topic: str) -> bool:
    """Return True when the topic fits the pattern; ``*`` stands for any characters, dots included.

    >>> matches("syn.*.delivered", "syn.court.delivered"), matches("hud.hearing.created", "hud.hearing.moved")
    (True, False)
    """
    if "*" not in pattern:  # a task that publishes compares with every job's topic, and compiles none of them
        return pattern == topic
    return _expression(pattern).fullmatch(topic) is not None


def overlap(one: str, other: str) -> bool:
    """Return True when some topic fits both patterns.

    >>> overlap("hud.*.created", "hud.hearing.*"), overlap("hud.*.created", "hud.*.moved"), overlap("a*", "*b")
    (True, False, True)
    """
    reached = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        here, there = todo.pop()
        if (here, there) == (len(one), len(other)):
            return True
        mine, yours = one[here : here + 1], other[there : there + 1]
        steps = [(1, 0)] if mine == "*" else []  # the star is over
        steps += [(0, 1)] if yours == "*" else []
        if mine == "*" and yours and yours != "*":
            steps.append((0, 1))  # the star stands for their character
        elif yours == "*" and mine and mine != "*":
            steps.append((1, 0))
        elif mine and mine == yours:
            steps.append((1, 1))
        for step in steps:
            following = (here + step[0], there + step[1])
            if following not in reached:
                reached.add(following)
                todo.append(following)
    return False


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
