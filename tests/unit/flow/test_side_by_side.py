"""What two versions of a job make of one message, in a word."""

from __future__ import annotations

import pytest
from tests.conftest import make_job
from tests.unit.adapters.liar import hearing

from hms_syn.errors import ContractMismatch, InvalidEvent, NotSent, Refused, UnmappablePayload
from hms_syn.flow.side_by_side import Compared, Shown, Verdict, Version

A, B = Shown(body=b"a"), Shown(body=b"b")
ELSEWHERE = Shown(body=b"a", where="POST /b")
UNMAPPABLE, UNPUBLISHED = Shown(error=UnmappablePayload()), Shown(error=InvalidEvent())
UNFIT, AWAY = Shown(error=ContractMismatch()), Shown(error=NotSent())


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (A, A, Verdict.SAME),
        (A, B, Verdict.DIFFERS),
        (A, ELSEWHERE, Verdict.DIFFERS),
        (A, UNMAPPABLE, Verdict.REFUSED),
        (A, UNPUBLISHED, Verdict.REFUSED),
        (UNMAPPABLE, UNPUBLISHED, Verdict.SAME),
        (UNMAPPABLE, A, Verdict.ACCEPTED),
        (UNFIT, A, Verdict.ACCEPTED),
        (A, UNFIT, Verdict.UNKNOWN),
        (A, AWAY, Verdict.UNKNOWN),
        (AWAY, A, Verdict.UNKNOWN),
        (None, A, Verdict.TAKEN),
        (None, UNMAPPABLE, Verdict.REFUSED),
        (None, UNFIT, Verdict.UNKNOWN),
        (A, None, Verdict.LEFT),
        (AWAY, None, Verdict.LEFT),
        (None, None, Verdict.SAME),
    ],
)
def test_a_verdict_says_what_the_new_version_means(old, new, verdict):
    assert Compared(message=hearing(), old=old, new=new).verdict is verdict


class Failing:
    """A third party's adapter whose preview fails with ``error``, and counts how often it was asked."""

    def __init__(self, error):
        self.error, self.asked = error, 0

    def preview(self, message):
        del message
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "asked"),
    [
        (NotSent(code="wsdl_timeout"), "wsdl_timeout", 1),
        (KeyError("secret of the payload"), "adapter_error", 1),
        (Refused(code="no"), "no", 3),
    ],
)
def test_what_is_no_messages_fault_is_met_once_and_not_for_each(error, code, asked):
    """A vendor that is away would cost a timeout for each message; and no error repeats what a payload holds."""
    adapter = Failing(error)
    version = Version(job=make_job(), adapter=adapter)
    shown = [version.shows(hearing()) for _ in range(3)]
    assert {one.error.code for one in shown} == {code}
    assert "secret of the payload" not in str(shown[0].error)
    assert adapter.asked == asked
