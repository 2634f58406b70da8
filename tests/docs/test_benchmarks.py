"""The benchmarks' page holds the goals that the benchmarks have. Nothing is timed here."""

from __future__ import annotations

import re

import pytest
from benchmarks.goals import BY_NAME, GOALS, Bound, Goal
from tests.docs import pages

PAGE = pages.DOCS / "benchmarks.md"
PLAN = pages.ROOT / "benchmarks" / "plan.py"
ROW = re.compile(r"^\| (?P<name>\d+-[a-z-]+) \| (?P<promise>[^|]+) \| [^|]+ \| (?P<wanted>[^|]+) \|", re.MULTILINE)


def test_the_page_lists_every_goal_with_what_is_wanted_and_no_other():
    shown = [row.group("name", "promise", "wanted") for row in ROW.finditer(pages.text_of(PAGE))]
    assert shown == [(goal.name, goal.promise, "<br>".join(map(str, goal.bounds))) for goal in GOALS]


def test_every_goal_is_measured_by_one_experiment():
    planned = re.findall(r'^    "([\w-]+)": \w+\.\w+,$', pages.text_of(PLAN), re.MULTILINE)
    assert planned == list(BY_NAME)


def test_the_names_of_goals_are_their_numbers_and_words_in_order():
    numbers = [int(goal.name.partition("-")[0]) for goal in GOALS]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(r"\d+(-[a-z]+)+", goal.name) for goal in GOALS)


@pytest.mark.parametrize(
    ("measured", "word"), [({"rate": 2.0, "CPU": 0.5}, "met"), ({"rate": 2.0, "CPU": 0.6}, "missed"), ({}, "missed")]
)
def test_a_goal_is_met_when_all_of_it_was_measured_and_holds(measured, word):
    goal = Goal("1-x", "queue", "It is quick.", (Bound("rate", "≥", 2), Bound("CPU", "≤", 0.5)))
    assert goal.verdict(measured).endswith(f": {word}")
