"""``letterbox.v1`` keeps what every adapter promises."""

from __future__ import annotations

from letterbox.pretend import Letterbox

from hms_syn.conformance import Conformance


class TestLetterbox(Conformance):
    """Each promise is a test."""

    pretend_vendor = Letterbox
