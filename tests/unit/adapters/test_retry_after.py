"""What a vendor may write into Retry-After, and what we make of it."""

from __future__ import annotations

import datetime as dt

import pytest

from hms_syn.adapters import retry_after

NOW = dt.datetime(2024, 9, 2, 9, 30, 0, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("0", 0),
        ("7", 7),
        ("007", 7),
        (" 120\t", 120),
        ("3600", 3600),
        ("3601", 3600),
        ("1000000000000", 3600),
        ("9" * 5000, 3600),
        ("Mon, 02 Sep 2024 09:31:40 GMT", 100),
        ("Monday, 02-Sep-24 09:31:40 GMT", 100),
        ("Mon Sep  2 09:31:40 2024", 100),
        ("Mon Sep 02 09:31:40 2024", 100),
        ("Sun, 02 Sep 2024 09:31:40 GMT", 100),  # the day of the week says nothing that the date does not
        ("Mon, 02 Sep 2024 09:30:60 GMT", 59),
        ("Mon, 02 Sep 2024 09:30:00 GMT", 0),
        ("Mon, 02 Sep 2024 10:30:01 GMT", 3600),
        ("Fri, 31 Dec 9999 23:59:60 GMT", 3600),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0),  # 1994: 2094 would be more than 50 years ahead
        ("Monday, 02-Sep-74 09:30:00 GMT", 3600),  # 2074: 50 years ahead and not more
        ("Monday, 02-Sep-75 09:30:00 GMT", 0),
        ("Sun Nov  6 08:49:37 1994", 0),
    ],
)
def test_seconds_and_dates_of_every_form_are_a_wait_of_at_most_an_hour(text, wait):
    """F21: RFC 9110 has many forms; a vendor may use any of them, and none keeps a message for a day."""
    assert retry_after.seconds(text, now=NOW) == wait


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "   ",
        "-5",
        "+5",
        "1.5",
        "1e3",
        "0x10",
        "5, 10",
        "5; 10",
        "5s",
        "PT5S",
        "soon",
        "null",
        "\u0663\u0664",  # digits, but not of ASCII
        "5\n",
        "2024-09-02T09:31:40Z",
        "02 Sep 2024 09:31:40 GMT",
        "Mon, 2 Sep 2024 09:31:40 GMT",
        "Mon, 02 Sep 2024 09:31:40",
        "Mon, 02 Sep 2024 09:31:40 EST",
        "Mon, 02 Sep 2024 09:31:40 +0000",
        "mon, 02 sep 2024 09:31:40 gmt",
        "Mon, 31 Feb 2024 09:31:40 GMT",
        "Mon, 02 Sep 2024 24:00:00 GMT",
        "Mon, 02 Sep 2024 09:61:00 GMT",
        "Mon, 02 Sep 2024 09:31:61 GMT",
        "Mon, 02 Sep 0000 09:31:40 GMT",
        "Mon, 00 Sep 2024 09:31:40 GMT",
        "Mon Sep    09:31:40 2024",
        "Monday, 02-Sep-2024 09:31:40 GMT",
        "Mon, 02 Sep 2024 09:31:40 GMT, Mon, 02 Sep 2024 09:31:40 GMT",
    ],
)
def test_anything_else_is_no_wait_at_all(text):
    """F21: junk leaves the wait to the job's own back-off."""
    assert retry_after.seconds(text, now=NOW) is None
