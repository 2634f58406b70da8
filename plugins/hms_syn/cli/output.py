"""How commands print: aligned tables, JSON, and the next useful command."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from hms_syn.domain.ack import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows under headings, each column as wide as it must be; vendor text cannot move the cursor."""
    lines = [list(columns.values())]
    lines += [[_text(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def next_step(command: str) -> None:
    """Say on standard error what one would type next."""
    remark(f"next: {command}")


def remark(line: str) -> None:
    """Say something on standard error; where nobody can hear it, the exit code still tells."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(value))
