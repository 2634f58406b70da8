"""``fhir.r4.v1`` keeps what every adapter promises, at a clinic on fhirstarter."""

from __future__ import annotations

import pytest
from tests.vendors.fhirstarter_clinic import FhirstarterClinic
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestFhirAtFhirstarter(StartedOnce, Conformance):
    """It checks every resource, answers with an address alone, and wants a key in a header."""

    pretend_vendor = FhirstarterClinic
