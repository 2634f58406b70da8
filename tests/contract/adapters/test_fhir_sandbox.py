"""``fhir.r4.v1`` keeps what every adapter promises, at our own hospital."""

from __future__ import annotations

from tests.vendors.sandbox_hospital import SandboxHospital

from hms_syn.conformance import Conformance


class TestFhirAtTheSandbox(Conformance):
    """The sandbox's hospital asks for a token and can behave in every way."""

    pretend_vendor = SandboxHospital
