"""``hl7.mllp.v1`` keeps what every adapter promises, at an interface engine on Medplum."""

from __future__ import annotations

import dataclasses

import pytest
from tests.vendors.medplum_engine import MedplumEngine
from tests.vendors.started_once import StartedOnce

from hms_syn import errors
from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestHl7AtMedplum(StartedOnce, Conformance):
    """Another people's MLLP, and what it says in enhanced mode."""

    pretend_vendor = MedplumEngine

    def test_stored_is_not_accepted_unless_the_job_says_so(self, vendor, workshop):
        """Two answers come for one message: neither the first nor the second is taken for another message's."""
        vendor.speak_in_enhanced_mode()
        job = vendor.job()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            workshop.adapter().send(workshop.message())
        assert caught.value.code == "stored_only"
        push = dataclasses.replace(job.push, success={"MSA_1": ["AA", "CA"]})
        adapter = workshop.adapter(job=dataclasses.replace(job, push=push))
        assert [adapter.send(workshop.message()).status for _ in range(3)] == ["CA"] * 3
        assert len(vendor.things()) == 4
