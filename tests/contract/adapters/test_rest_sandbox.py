"""``rest.json.v1`` keeps what every adapter promises, at our own payment gateway."""

from __future__ import annotations

from tests.vendors.sandbox_gateway import SandboxGateway

from hms_syn.conformance import Conformance


class TestRestAtTheSandbox(Conformance):
    """The sandbox's gateway gives a client its tokens (OAuth 2) and can behave in every way."""

    pretend_vendor = SandboxGateway
