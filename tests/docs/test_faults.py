"""The table of faults is whole, and each of its tests is there and knows which fault it is for."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from tests.docs import pages

FAULTS = [f"F{number}" for number in range(1, 39)]
PAGE = pages.DOCS / "faults.md"
ROW = re.compile(r"^\| (F\d+) \|(.*)\|$", re.MULTILINE)
HELD_BY = re.compile(r"\[`(test_\w+)`\]\(([^)#]+)\)")
NAMED = re.compile(r"(F\d+(?:, F\d+)*): ")


def rows():
    return ROW.findall(pages.text_of(PAGE))


@cache
def faults_of(path):
    """Return which faults each test of a file says it is for, at the start of its docstring."""
    found = {}
    for node in ast.parse(pages.text_of(path)).body:
        if isinstance(node, ast.FunctionDef):
            said = NAMED.match(ast.get_docstring(node) or "")
            found[node.name] = said[1].split(", ") if said else []
    return found


def test_every_fault_has_its_row_once():
    assert sorted(fault for fault, _ in rows()) == sorted(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_held_by_tests_that_say_so(fault):
    [row] = [text for number, text in rows() if number == fault]
    links = HELD_BY.findall(row)
    assert links, "no test holds it"
    for name, place in links:
        path = (PAGE.parent / place).resolve()
        assert path.is_file(), place
        assert fault in faults_of(path).get(name, []), f"{place}: {name}"


def test_no_test_is_for_a_fault_that_the_page_does_not_know():
    files = sorted((pages.ROOT / "tests").rglob("test_*.py"))
    said = {fault for path in files for faults in faults_of(path).values() for fault in faults}
    assert said <= set(FAULTS)
