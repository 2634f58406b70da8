"""Promises of ``pull``: every record comes, and a cursor never promises more than was brought."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jmespath
import pytest

from hms_syn.conformance.bench import Bench, failure, told
from hms_syn.conformance.finding import NO_ANSWER
from hms_syn.conformance.violation import Violation, require

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import Manner, PretendVendor
    from hms_syn.domain.ack import Page
    from hms_syn.domain.job_spec import Pull
    from hms_syn.ports import Adapter

PAGE_SIZE = 2
OFFERED = 5


class Pulling(Bench):
    """Records come back page by page; skipped where the job does not pull."""

    @pytest.fixture
    def side(self, vendor: PretendVendor) -> Pull:
        """Give the job's pull side with small pages."""
        side = vendor.job().pull
        if side is None:
            pytest.skip("this job does not pull")
        if side.dedupe_key is None or (side.cursor and side.cursor.overlap):
            raise pytest.UsageError("for the suite, the job declares pull.dedupe_key and no overlap")
        return replace(side, page_size=PAGE_SIZE)

    @pytest.fixture
    def puller(self, vendor: PretendVendor, workshop: Workshop, side: Pull) -> Adapter:
        """Give an adapter with small pages."""
        return workshop.adapter(job=replace(vendor.job(), pull=side))

    def test_every_record_comes_exactly_once(self, vendor: PretendVendor, puller: Adapter, side: Pull) -> None:
        """Over all pages of one pull, nothing is missing and nothing comes twice."""
        known = _identities(list(puller.pull(None)), side)
        offered = [_canonical(identity) for identity in vendor.offer(OFFERED)]
        pages = list(puller.pull(None))
        seen = _identities(pages, side)
        require(set(offered) | set(known) <= set(seen), "a record of the vendor did not come")
        require(len(seen) == len(set(seen)), "a record came twice in one pull")
        require(len(pages) > 1 or not vendor.pages, f"{len(seen)} records came in one page of {PAGE_SIZE}")

    def test_more_says_whether_a_page_follows(self, vendor: PretendVendor, puller: Adapter) -> None:
        """``more`` is true on every page but the last."""
        vendor.offer(OFFERED)
        told_more = [page.more for page in puller.pull(None)]
        require(told_more == [True] * (len(told_more) - 1) + [False], f"more is {told_more} over the pages")

    def test_a_cursor_never_skips_a_record(self, vendor: PretendVendor, puller: Adapter, side: Pull) -> None:
        """Stopped after any page, a pull that goes on from its cursor brings all that had not come."""
        vendor.offer(OFFERED)
        pages = list(puller.pull(None))
        everything = set(_identities(pages, side))
        for number, page in enumerate(pages, start=1):
            stored = set(_identities(pages[:number], side))
            rest = set(_identities(list(puller.pull(page.cursor)), side))
            require(stored | rest == everything, f"the cursor of page {number} of {len(pages)} skips a record")

    def test_a_pull_goes_on_where_the_last_one_ended(
        self, vendor: PretendVendor, workshop: Workshop, puller: Adapter, side: Pull
    ) -> None:
        """From the last cursor, also for another worker, what is new comes, and not all of the old again."""
        vendor.offer(OFFERED)
        pages = list(puller.pull(None))
        cursor = _reached(pages)
        offered = {_canonical(identity) for identity in vendor.offer(1)}
        another = workshop.adapter(job=replace(vendor.job(), pull=side))
        for each in (puller, another):
            new = _identities(list(each.pull(cursor)), side)
            require(offered <= set(new), "what is new since the cursor did not come")
            require(len(new) < len(_identities(pages, side)), "a pull from the cursor begins at the beginning")

    def test_a_cursor_never_goes_back(self, vendor: PretendVendor, puller: Adapter) -> None:
        """A pull that finds nothing new leaves the cursor where it was."""
        vendor.offer(OFFERED)
        cursor = _reached(list(puller.pull(None)))
        again = list(puller.pull(cursor))
        require(not again or again[-1].cursor == cursor, "a pull that found nothing new has moved the cursor")

    def test_records_are_json(self, vendor: PretendVendor, puller: Adapter, side: Pull) -> None:
        """A record goes onto the bus as it is: a map of JSON values, with its key."""
        vendor.offer(1)
        for record in _records(list(puller.pull(None))):
            require(isinstance(record, dict), f"a record is a {type(record).__name__}; give a map")
            try:
                json.dumps(record, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise Violation(f"a record holds what JSON cannot say: {type(error).__name__}") from error
            require(_identity(record, side) is not None, "a record has nothing at pull.dedupe_key")

    @pytest.mark.parametrize("manner", NO_ANSWER, ids=lambda manner: str(manner.value))
    def test_no_answer_is_not_an_empty_page(
        self, vendor: PretendVendor, puller: Adapter, side: Pull, manner: Manner
    ) -> None:
        """A vendor that does not answer has not said that there is nothing."""
        vendor.offer(1)
        list(puller.pull(None))
        told(vendor, manner)
        failure(lambda: list(puller.pull(None)), within=side.timeout)


def _records(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def _identities(pages: list[Page], side: Pull) -> list[str]:
    """Return what makes each record itself."""
    return [_canonical(_identity(record, side)) for record in _records(pages)]


def _identity(record: Any, side: Pull) -> Any:
    return jmespath.search(side.dedupe_key or "@", record)


def _canonical(identity: Any) -> str:
    return json.dumps(identity, sort_keys=True, default=str)


def _reached(pages: list[Page]) -> str:
    if pages[-1].cursor is None:
        pytest.skip("this job keeps no cursor: every pull is the whole list")
    return pages[-1].cursor
