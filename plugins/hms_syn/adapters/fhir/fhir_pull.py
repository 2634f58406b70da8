"""Reading a FHIR server's resources since a cursor, page by page, whatever it makes of the order asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from hms_syn import errors
from hms_syn.adapters import cursors
from hms_syn.adapters.fhir import fhir_push, fhir_queries, fhir_searchset
from hms_syn.adapters.records import Reading, looping
from hms_syn.domain.job_spec import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.fhir.fhir_calls import FhirCalls
    from hms_syn.domain.ack import Page
    from hms_syn.domain.job_spec import JobSpec, Pull

OVERLAP = 60.0
"""Seconds that a pull reaches back where the job declares no cursor: a server stamps a resource before it shows it."""
DEFAULT = Cursor(field="meta.lastUpdated", parameter="_lastUpdated", overlap=OVERLAP)
OURS = ("_sort", "_count", "_lastUpdated")
"""Parameters the adapter sets; the job's query may not."""
MOST_EMPTY = 100
"""Pages in a row without a match, each with a next one: a server that never comes to an end."""

_PREFIXED = re.compile(r"(?:eq|ne|gt|lt|ge|le|sa|eb|ap)[0-9]")


def pages(fhir: FhirCalls, job: JobSpec, pull: Pull, cursor: str | None) -> Iterator[Page]:
    """Yield the resources since the cursor.

    Only the last page moves the cursor on, for the server need not have sorted. Pages end where no link leads on.

    :raises errors.OutcomeUnknown: the pages lead in a circle (``page_loop``), or end before their end
        (``fhir_page_missing``): the cursor stays, and what was yielded is known again by its version
    """
    kind = fhir_push.known(pull.request.get("resource"), "pull.request.resource")
    spec = pull.cursor or DEFAULT
    url: str | None = fhir.url(f"{kind}?{fhir_queries.encoded(_asked(pull, spec, cursor))}")
    reading, seen, last, empty = Reading(job, cursor, spec=DEFAULT), set[str](), tuple[Any, ...](), 0
    while url is not None:
        if url in seen:
            raise looping()
        seen.add(url)
        page = fhir_searchset.read(fhir.read(url), kind)
        empty = 0 if page.matches else empty + 1
        if page.next is not None and (empty > MOST_EMPTY or (page.matches and page.matches == last)):
            raise looping()
        last = page.matches
        ends = page.next is None
        is_cut = ends and len(seen) == 1 and _is_cut(page, pull.page_size)
        yield replace(reading.page(page.matches, more=not ends or is_cut), more=not ends)
        if is_cut:
            raise errors.OutcomeUnknown(
                "The vendor has more resources than this page, and no link to the next; make 'pull.page_size' larger.",
                code="fhir_page_missing",
            )
        url = _next(url, page.next) if page.next is not None else None


def _asked(pull: Pull, spec: Cursor, cursor: str | None) -> dict[str, Any]:
    asked: dict[str, Any] = dict(pull.request.get("query") or {})
    since = cursors.asked_for(cursor, spec)
    if since is not None:
        asked[spec.parameter] = since if _PREFIXED.match(since) else f"ge{since}"
    return {**asked, "_sort": spec.parameter, "_count": pull.page_size}


def _next(url: str, link: str) -> str:
    try:
        return urljoin(url, link)
    except ValueError:
        raise errors.OutcomeUnknown(
            "The searchset's link to its next page leads nowhere.", code="fhir_bad_link"
        ) from None


def _is_cut(page: fhir_searchset.Searchset, size: int) -> bool:
    """Return True for a full page that says there is more."""
    return len(page.matches) >= size and (page.total or 0) > len(page.matches)
