"""Bugs of an adapter as a thing, and of ``pull``."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import replace

from letterbox.adapter import LetterboxV1

from hms_syn import errors
from hms_syn.domain.ack import Page


class LooksRightAway(LetterboxV1):
    """It sees whether the vendor is there before anybody asked."""

    caught_by = "test_making_one_touches_no_network"

    def __init__(self, *parts):
        super().__init__(*parts)
        socket.getaddrinfo("127.0.0.1", 80)


class SaysMaybe(LetterboxV1):
    """Whether a repeat is safe, it leaves open."""

    caught_by = "test_it_says_what_it_can"
    idempotent = "by header"


class FindsFault(LetterboxV1):
    """It has something to say about every job."""

    caught_by = "test_a_sound_job_has_no_problems"

    def check(self):
        return [("job.push", "looks odd")]


class ChecksByAsking(LetterboxV1):
    """A check ends in the error that the vendor's absence is."""

    caught_by = "test_a_check_tells_and_does_not_raise"

    def check(self):
        self.ping()
        return super().check()


class PingsOnce(LetterboxV1):
    """Its second ping is its last."""

    caught_by = "test_a_ping_that_is_answered_returns"
    _pinged = False

    def ping(self):
        if self._pinged:
            raise errors.OutcomeUnknown
        self._pinged = True
        super().ping()


class AlwaysWell(LetterboxV1):
    """Its vendor has never been away."""

    caught_by = "test_a_ping_that_nobody_answers_raises"

    def ping(self):
        pass


class ClosesOnce(LetterboxV1):
    """What is closed cannot be closed."""

    caught_by = "test_it_may_be_closed_twice"
    _closed = False

    def close(self):
        if self._closed:
            raise errors.SynError
        self._closed = True


class FirstPageOnly(LetterboxV1):
    """The rest is for another day."""

    caught_by = "test_every_record_comes_exactly_once"

    def pull(self, cursor):
        yield replace(next(super().pull(cursor)), more=False)


class PagesOverlap(LetterboxV1):
    """Each page begins with the last record of the one before."""

    caught_by = "test_every_record_comes_exactly_once"

    def pull(self, cursor):
        last = ()
        for page in super().pull(cursor):
            yield replace(page, records=last + page.records)
            last = page.records[-1:]


class MoreForEver(LetterboxV1):
    """It always promises another page."""

    caught_by = "test_more_says_whether_a_page_follows"

    def pull(self, cursor):
        for page in super().pull(cursor):
            yield replace(page, more=True)


class CursorRunsAhead(LetterboxV1):
    """Its first page's cursor is already that of the last."""

    caught_by = "test_a_cursor_never_skips_a_record"

    def pull(self, cursor):
        pages = list(super().pull(cursor))
        for page in pages:
            yield replace(page, cursor=pages[-1].cursor)


class ForgetsItsCursor(LetterboxV1):
    """Every pull begins at the beginning."""

    caught_by = "test_a_pull_goes_on_where_the_last_one_ended"

    def pull(self, cursor):
        del cursor
        return super().pull(None)


class CursorGoesBack(LetterboxV1):
    """Where nothing is new, it begins again the next time."""

    caught_by = "test_a_cursor_never_goes_back"

    def pull(self, cursor):
        for page in super().pull(cursor):
            yield page if page.records else replace(page, cursor="0")


class RecordsWithDates(LetterboxV1):
    """Its records are Python's, not JSON's."""

    caught_by = "test_records_are_json"

    def pull(self, cursor):
        for page in super().pull(cursor):
            day = dt.date(2024, 9, 2)
            yield replace(page, records=tuple({**record, "day": day} for record in page.records))


class NothingThereWhenDown(LetterboxV1):
    """A vendor that is away has nothing new."""

    caught_by = "test_no_answer_is_not_an_empty_page[down]"

    def pull(self, cursor):
        try:
            yield from super().pull(cursor)
        except errors.SynError:
            yield Page(cursor=cursor)
