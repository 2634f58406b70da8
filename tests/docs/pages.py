"""What the pages of the documentation hold: blocks of code, links, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "jobs" / "README.md", *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
VARIES = re.compile(r"\b[0-9a-f]{32}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+(?:[.:T-]\d+)*Z?")
"""What differs from run to run in what a command prints: message ids, trace ids, numbers, times."""


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, language and text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def text_of(page):
    return page.read_text(encoding="utf-8")


def blocks(page, *languages):
    text = text_of(page)
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in FENCE.finditer(text)
        if found[1] in languages
    ]


def file_name(block):
    """Return the file that a block says it is by a first line such as ``# jobs/court.yaml``; None if it does not."""
    found = re.match(r"# (jobs/\w+\.yaml)$", block.text, re.MULTILINE)
    return found[1] if found else None


def commands(block):
    """Yield each command of a shell block with the lines it is said to print; comments are left out.

    Where a line begins with ``$`` only such lines are commands; otherwise every line is one, and nothing is said of
    what it prints.
    """
    lines = [line for line in block.text.splitlines() if line.strip() and not line.startswith("#")]
    if not any(line.startswith("$ ") for line in lines):
        return [(line.strip(), None) for line in lines]
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def looks_like(expected, printed):
    """Compare two lines loosely: ids, numbers and times may differ, ``…`` stands for anything, blanks are blanks."""
    return _loose(expected).fullmatch(" ".join(printed.split())) is not None


def _loose(line):
    parts = []
    for word in " ".join(line.split()).split("…"):
        pieces = VARIES.split(word)
        parts.append(rf"(?:{VARIES.pattern}|[0-9a-f-]+)".join(re.escape(piece) for piece in pieces))
    return re.compile(".*".join(parts))


def anchors(page):
    """Return the anchors of a page's headings, as the usual readers make them."""
    without_code = FENCE.sub("", text_of(page))
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
