"""``docs/benchmarks.md``: the latest figures, where they were taken, and how to read them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.goals import BY_NAME, GOALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from benchmarks.bench import Bench, Table
    from benchmarks.goals import Goal

AGAIN = "| taken again "
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PACKAGES = (
    "hms-syn", "procrastinate", "pgqueuer", "pgmq", "psycopg", "sqlalchemy", "zeep", "requests", "aiohttp",
    "dag-factory",
)  # fmt: skip
HEAD = """\
# Benchmarks

How fast and how frugal HMS-SYN is beside the tools people would use otherwise. `make bench` measures all of it again on
your machine, and `make bench WRITE=1` writes this page from what it finds (`GOALS=jobs`: a part of it); nothing here is
written by hand.

**Only the ratios count.** All contenders run by turns in one process on one private PostgreSQL with default durability
(`fsync` and `synchronous_commit` on), so whatever else the machine does falls on all of them. Rates belong to this
machine on this day; CPU a message, of client and server together, moves less. A ratio of 2 in the rate is twice as many
messages a second; in CPU less is better. No test asserts a timing.
"""


def write(bench: Bench, settings: Mapping[str, str]) -> None:
    """Replace the page by what this run has found."""
    PAGE.write_text("\n".join([HEAD, _where(bench, settings), _goals(bench), *map(_table, bench.tables)]), "utf-8")


def renew(bench: Bench) -> None:
    """Replace what this run has found of some goals; the rest of the page stays as a whole run left it."""
    head, *sections = PAGE.read_text("utf-8").split("\n## ")
    parts = {section.partition("\n")[0]: section.partition("\n")[2].strip("\n") for section in sections}
    known = {line.split(" | ")[0][2:]: line for line in parts["Goals"].splitlines() if line.startswith("| ")}
    rows = {goal.name: known.get(goal.name) or _goal(goal, {}) for goal in GOALS}
    rows |= {name: _goal(BY_NAME[name], measured) for name, measured in bench.measured.items()}
    parts["Goals"] = _listed(list(rows.values()))
    for table in bench.tables:
        parts[table.title] = _table(table).partition("\n")[2].strip("\n")
    said = f"| {', '.join(bench.measured)} {AGAIN}{_now()}, load {os.getloadavg()[2]:.1f}, {_length(bench)} |"
    told = [line for kept in head.rstrip().splitlines() if (line := _without(kept, bench.measured)) is not None]
    text = "\n".join([*told, f"{said}\n", *(f"## {title}\n\n{body}\n" for title, body in parts.items())])
    PAGE.write_text(text, "utf-8")


def _without(line: str, names: Collection[str]) -> str | None:
    """Return a line of the head without these goals; None where it told of no others."""
    goals, is_such, when = line.partition(AGAIN)
    left = [name for name in goals.removeprefix("| ").rstrip().split(", ") if name not in names]
    return line if not is_such else f"| {', '.join(left)} {AGAIN}{when}" if left else None


def _now() -> str:
    return f"{datetime.now(tz=timezone.utc):%Y-%m-%d}"


def _length(bench: Bench) -> str:
    return "full" if bench.scale == 1 else f"short (messages and backlogs x{bench.scale})"


def _where(bench: Bench, settings: Mapping[str, str]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return f"""\
| taken | |
| --- | --- |
| date | {_now()} |
| machine | {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()} \
{platform.machine()}, load {os.getloadavg()[2]:.1f} |
| run | {_length(bench)}, medians of {bench.rounds} rounds |
| PostgreSQL | {", ".join(f"{name} {value}" for name, value in settings.items())} |
| Python | {platform.python_version()}: {versions} |
"""


def _goals(bench: Bench) -> str:
    return f"## Goals\n\n{_listed([_goal(goal, bench.measured.get(goal.name, {})) for goal in GOALS])}\n"


def _listed(rows: list[str]) -> str:
    head = "| goal | what | measured | wanted | |\n| --- | --- | --- | --- | --- |"
    met = sum(row.endswith("**met** |") for row in rows)
    return "\n".join([f"{met} of {len(GOALS)} are met.", "", head, *rows])


def _goal(goal: Goal, measured: Mapping[str, float]) -> str:
    verdict = "met" if goal.is_met(measured) else "missed"
    wanted = "<br>".join(map(str, goal.bounds))
    return f"| {goal.name} | {goal.promise} | {'<br>'.join(goal.found(measured))} | {wanted} | **{verdict}** |"


def _table(table: Table) -> str:
    head, *rows = [f"| {' | '.join(row)} |" for row in (table.head, *table.rows)]
    line = "| --- " + "| ---: " * (len(table.head) - 1) + "|"
    return "\n".join([f"## {table.title}", "", head, line, *rows, ""])
