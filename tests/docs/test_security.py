"""The threat model is whole: everybody who could try something has lines, and what holds each of them is there."""

from __future__ import annotations

import ast
import re

import pytest
from tests.docs import pages

PAGE = pages.DOCS / "security.md"
WHO = {
    "A publisher",
    "A vendor",
    "Somebody on the network",
    "Who writes job files",
    "Who writes DAGs",
    "Officers",
    "An administrator of the database",
    "Who has stolen a backup",
    "The supply chain",
}


def sections():
    """Return, by who it is, the lines of their table as cells."""
    _, _, model = pages.text_of(PAGE).partition("\n## Who could try what\n")
    model, _, _ = model.partition("\n## ")
    parts = re.split(r"^### (.+)$", model, flags=re.MULTILINE)[1:]
    rows = [re.findall(r"^\|(?! could try| ---)(.*)\|$", text, re.MULTILINE) for text in parts[1::2]]
    return dict(zip(parts[::2], ([_cells(row) for row in found] for found in rows), strict=True))


def _cells(row):
    return [cell.strip() for cell in row.split("|")]


LINES = [(who, *cells) for who, rows in sections().items() for cells in rows]


def test_everybody_who_could_try_something_has_lines():
    assert set(sections()) == WHO
    assert all(sections().values())


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line[0]}: {line[1]}")
def test_every_line_is_held_by_tests_or_pages_that_are_there(line):
    assert len(line) == 5, "who, what, how, shown by, what remains"
    links = re.findall(r"\[(.+?)\]\(([^)#]*)(?:#[^)]*)?\)", line[3])
    assert links, "nothing holds it"
    for name, place in [*links, *re.findall(r"\[(`test_.+?`)\]\(([^)#]*)\)", line[4])]:
        path = (PAGE.parent / place).resolve() if place else PAGE
        assert path.is_file(), place
        if name.startswith("`test_"):
            assert path.suffix == ".py", place
            functions = [
                node.name for node in ast.walk(ast.parse(pages.text_of(path))) if isinstance(node, ast.FunctionDef)
            ]
            assert name.strip("`") in functions, f"{place}: {name}"
