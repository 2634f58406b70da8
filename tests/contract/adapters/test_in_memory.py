"""``in_memory.v1`` keeps what every adapter promises."""

from __future__ import annotations

from tests.vendors.mailbox import Mailbox

from hms_syn.conformance import Conformance


class TestInMemory(Conformance):
    """A vendor that is a mailbox in this process."""

    pretend_vendor = Mailbox
