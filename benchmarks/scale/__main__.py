"""Writes the tables of ``docs/scale.md`` from ``units.json``: ``python -m benchmarks.scale``."""

from __future__ import annotations

from benchmarks.scale.tables import PAGE, UNITS, page, read

PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), read(UNITS)), encoding="utf-8")
