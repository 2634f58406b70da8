"""``fhir.r4.v1`` keeps what every adapter promises, at a hospital on Medplum."""

from __future__ import annotations

import pytest
from tests.vendors.medplum_hospital import MedplumHospital
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestFhirAtMedplum(StartedOnce, Conformance):
    """Another people's conditional create and search; it asks for a login by HTTP Basic."""

    pretend_vendor = MedplumHospital
