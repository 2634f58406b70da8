"""Pulling: a page's records and the cursor go onto the bus in one transaction, each record once."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from hms_syn.domain.pulled_record import event_of, mentions
from hms_syn.errors import ContractMismatch, SynError
from hms_syn.flow.publish import planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hms_syn.domain.ack import Page
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter, Store

FAULTS_SHOWN = 5


def pull(
    job: JobSpec, store: Store, adapter: Adapter, *, report: Callable[[int, int], None] = lambda _new, _seen: None
) -> int:
    """Bring everything since the stored cursor onto the bus; return how many records were new.

    Killed anywhere, it begins again at the last stored cursor: a record that was already published is known by its
    message id and is skipped. ``report`` hears (new, seen) after each page.

    A record that cannot be published stops neither the others of its page nor the pages behind it, but the cursor does
    not go past it: every later pull comes back for it, and fails until it can be published.

    :raises ContractMismatch: there was such a record; the text says on which page, which one and by which expression
    :raises SynError: what the adapter raised, with the page it happened on; what was stored before stays stored
    """
    if job.pull is None:
        raise ContractMismatch(f"{job.id}: has no pull side")
    total = 0
    faults: list[str] = []
    for number, page in _numbered(adapter.pull(store.cursor(job.id)), faults):
        events, about = _read(job, page, number, faults)
        cursor = None if faults else page.cursor
        new = planned(
            store,
            events,
            lambda version, routed, cursor=cursor, about=about: store.accept_page(  # type: ignore[misc]
                job.id, version, routed, cursor=cursor, about=about
            ),
            check=False,
        )
        report(new, len(page.records) + sum(place > 0 for place in page.faults))
        total += new
    if faults:
        raise ContractMismatch(f"Not every record could be published. {_told(faults)}", code="bad_record")
    return total


def _numbered(pages: Iterator[Page], faults: list[str]) -> Iterator[tuple[int, Page]]:
    """Count the pages; an error in the middle of them says where."""
    number = 1
    while True:
        try:
            page = next(pages)
        except StopIteration:
            return
        except SynError as error:
            before = f" Before that: {_told(faults)}" if faults else ""
            error.args = (f"page {number}: {error}{before}",)
            raise
        yield number, page
        number += 1


def _read(
    job: JobSpec, page: Page, number: int, faults: list[str]
) -> tuple[list[TopicEvent], Mapping[str, frozenset[str]]]:
    """Return the page's events, and which words of each may be a receipt or a key of ours."""
    events: list[TopicEvent] = []
    about: dict[str, frozenset[str]] = {}
    wrong = dict(page.faults)
    places = (place for place in range(1, len(page.records) + len(wrong) + 1) if place not in page.faults)
    made = zip_longest(page.records, page.sources or page.records, page.identities)
    for place, (record, source, own) in zip(places, made, strict=False):
        try:
            event = event_of(job, record, source, own)
        except ContractMismatch as error:
            wrong[place] = str(error)
            continue
        events.append(event)
        if job.push is not None and (words := mentions(source, job.push.ack.get("reference", ""))):
            about[event.message_id] = words
    faults += [
        f"page {number}, record {place}: {text}" if place else f"page {number}: {text}"
        for place, text in sorted(wrong.items())
    ]
    return events, about


def _told(faults: list[str]) -> str:
    more = f" (and {len(faults) - FAULTS_SHOWN} more)" if len(faults) > FAULTS_SHOWN else ""
    return " · ".join(faults[:FAULTS_SHOWN]) + more
