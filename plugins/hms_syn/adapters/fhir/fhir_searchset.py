"""One page of a search: which of its entries are what was asked for, and where the next page is (R4, search.html)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hms_syn import errors
from hms_syn.adapters.fhir import fhir_outcome

_OUTCOME = "OperationOutcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchset:
    """The matches of one page, in the server's order; ``total`` over all pages, None where the server does not say."""

    matches: tuple[Mapping[str, Any], ...]
    next: str | None
    total: int | None


def read(bundle: Mapping[str, Any], kind: str) -> Searchset:
    """Return one page of a search for resources of this type.

    An entry that the server included, or that is its remark on the search (``search.mode`` outcome), is no match; one
    without a mode is a match if it is of the type.

    :raises errors.OutcomeUnknown: it is no searchset (``fhir_no_searchset``), a match is no resource of the type
        (``fhir_other_type``), or the server says that the search went wrong (``fhir_search_failed``)
    """
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset" or not isinstance(entries, list):
        raise errors.OutcomeUnknown("The answer to a search is no searchset.", code="fhir_no_searchset")
    total = bundle.get("total")
    return Searchset(
        matches=tuple(resource for entry in entries if (resource := _match(entry, kind)) is not None),
        next=_next(bundle.get("link")),
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
    )


def _match(entry: Any, kind: str) -> Mapping[str, Any] | None:
    search = entry.get("search") if isinstance(entry, Mapping) else None
    mode = search.get("mode") if isinstance(search, Mapping) else None
    resource = entry.get("resource") if isinstance(entry, Mapping) else None
    found = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if isinstance(resource, Mapping) and (mode == "outcome" or found == _OUTCOME):
        if not fhir_outcome.is_clean(resource):
            raise errors.OutcomeUnknown("The vendor says that its search went wrong.", code="fhir_search_failed")
        return None
    if mode in ("include", "outcome") or (mode is None and found is not None and found != kind):
        return None
    if found != kind or not isinstance(resource, Mapping):
        raise errors.OutcomeUnknown("A match of the search is no resource of its type.", code="fhir_other_type")
    return resource


def _next(links: Any) -> str | None:
    """Return the address of the next page, which may be relative.

    :raises errors.OutcomeUnknown: there is a next page, and no address
    """
    found = [link for link in links if isinstance(link, Mapping)] if isinstance(links, list) else []
    addresses = [link.get("url") for link in found if link.get("relation") == "next"]
    if not addresses:
        return None
    if len(addresses) > 1 or not isinstance(addresses[0], str) or not addresses[0]:
        raise errors.OutcomeUnknown("The searchset's link to its next page leads nowhere.", code="fhir_bad_link")
    return addresses[0]
