"""``oracle.soap.v1`` keeps what every adapter promises, at our own court."""

from __future__ import annotations

from tests.vendors.sandbox_court import SandboxCourt

from hms_syn.conformance import Conformance


class TestSoapAtTheSandbox(Conformance):
    """The sandbox's court asks for a login and can behave in every way."""

    pretend_vendor = SandboxCourt
