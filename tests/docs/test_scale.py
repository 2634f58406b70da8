"""The page about scale says what the unit costs come to, and nothing else."""

from __future__ import annotations

import re

import pytest
from benchmarks.scale import tables
from tests.docs import pages

UNITS = tables.read(tables.UNITS)


def test_the_tables_are_what_the_unit_costs_come_to():
    text = pages.text_of(tables.PAGE)
    assert [found[2] for found in tables.MARK.finditer(text)] == ["needs", "costs", "rest"]
    assert tables.page(text, UNITS) == text, "run: .venv/bin/python -m benchmarks.scale"


def test_ten_times_the_jobs_need_ten_times_the_room():
    """And never fewer of anything."""
    number = re.compile(r"[\d,.]+")
    few, many = (tables.needs(UNITS, jobs, tables.Load()) for jobs in (1_000, 10_000))
    both = [[float(number.match(needs[name])[0].replace(",", "")) for needs in (few, many)] for name in few]
    assert all(one <= other for one, other in both)
    assert both[0][1] == both[0][0] * 10


@pytest.mark.parametrize("table", ["event", "settled", "attempt", "audit", "chain"])
def test_what_a_message_leaves_is_measured_on_both_databases(table):
    for dialect in ("postgresql", "sqlite"):
        left = UNITS["at_rest"][dialect][table]
        assert left["rows"] >= 1
        assert left["table"] > 0
        assert left["indexes"] > 0


def test_the_page_names_the_load_that_it_computes_for():
    """Whoever changes the one changes the other."""
    load, text = tables.Load(), pages.text_of(tables.PAGE)
    assert f"{load.messages} messages of {UNITS['payload_bytes']} bytes a day in {load.bursts} bursts" in text
    assert f"pinged each {load.ping_every_s:g} s" in text
