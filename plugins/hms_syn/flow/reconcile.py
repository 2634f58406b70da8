"""Reconciling: everything accepted stands somewhere, exactly once; what does not, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def differences(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with each job or topic that does not agree: which messages, or else that the counts differ.

    >>> list(differences([{"job": "court", "agrees": False, "missing": ["m2"]}]))
    ['court: missing: m2']
    """
    for row in rows:
        who = row.get("job") or row["topic"]
        said = [
            f"{who}: {what}: {', '.join(row[what])}" for what in ("missing", "unexplained", "gaps") if row.get(what)
        ]
        yield from said
        if not said and not row["agrees"]:
            yield f"{who}: the counts differ"
