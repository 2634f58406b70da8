"""FHIR search as the hospital does it: four parameters, read strictly, in the order of change."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from hms_syn.sandbox.ledger import UnacceptableError
from hms_syn.sandbox.moments import a_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hms_syn.sandbox.ledger import Row

MAX_PAGE = 500
_COMPARE: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TOKENS = ("_id", "identifier", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One search: (name, value) pairs that must all hold, the order, and which page."""

    criteria: tuple[tuple[str, str], ...]
    backwards: bool = False
    count: int = 50
    after: int = 0

    @classmethod
    def parse(cls, query: str) -> Question:
        """Read a query.

        :raises UnacceptableError: 400, a parameter that is not known or cannot be read
        """
        criteria, backwards, count, after = [], False, 50, 0
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name in _TOKENS or name == "_lastUpdated":
                criteria.append((name, value))
            elif name == "_sort" and value in {"_lastUpdated", "-_lastUpdated"}:
                backwards = value.startswith("-")
            elif name == "_count" and value.isascii() and value.isdigit() and int(value) >= 1:
                count = min(int(value), MAX_PAGE)
            elif name == "_after" and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - a long
                after = int(value)
            else:
                raise UnacceptableError(400, "not-supported", field=name)
        for name, value in criteria:
            if name == "_lastUpdated":
                _limit(value)
        return cls(criteria=tuple(criteria), backwards=backwards, count=count, after=after)

    def matches(self, resource: Row) -> bool:
        """Return whether every criterion holds for a resource; commas are alternatives."""
        return all(
            any(_holds(name, one, resource) for one in (value.split(",") if name in _TOKENS else [value]))
            for name, value in self.criteria
        )

    def following(self, place: int) -> str:
        """Return the query of the page after this place."""
        sort = "-_lastUpdated" if self.backwards else "_lastUpdated"
        return urlencode([*self.criteria, ("_sort", sort), ("_count", self.count), ("_after", place)])


def bundle(address: str, question: Question, found: Sequence[tuple[int, Row]], total: int, *, more: bool) -> Row:
    """Return a searchset with what was found, each with its place, and a link to the page that follows."""
    links = [{"relation": "self", "url": f"{address}?{question.following(question.after)}"}]
    if more:
        links.append({"relation": "next", "url": f"{address}?{question.following(found[-1][0])}"})
    entries = [
        {"fullUrl": f"{address}/{resource['id']}", "resource": resource, "search": {"mode": "match"}}
        for _, resource in found
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _holds(name: str, value: str, resource: Row) -> bool:
    if name == "_id":
        return bool(resource["id"] == value)
    if name == "status":
        return bool(resource.get("status") == value)
    if name == "_lastUpdated":
        compare, moment = _limit(value)
        return compare(a_moment(resource["meta"]["lastUpdated"]), moment)
    system, bar, wanted = value.rpartition("|")
    return any(
        (not bar or one.get("system", "") == system)
        and (wanted in {"", one.get("value")} if bar else one.get("value") == wanted)
        for one in resource.get("identifier", [])
    )


def _limit(value: str) -> tuple[Callable[[datetime, datetime], bool], datetime]:
    compare = _COMPARE.get(value[:2])
    text = value[2:] if compare else value
    try:
        moment = a_moment(f"{text}T00:00:00Z" if len(text) == len("2024-09-02") else text)
    except ValueError:
        raise UnacceptableError(400, "value", field="_lastUpdated") from None
    return compare or operator.eq, moment
