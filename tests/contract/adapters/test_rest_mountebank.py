"""``rest.json.v1`` keeps what every adapter promises, at a payment gateway on mountebank."""

from __future__ import annotations

import pytest
from tests.vendors.mountebank_gateway import MountebankGateway
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestRestAtMountebank(StartedOnce, Conformance):
    """Its journal says what arrived; it wants every request signed as Standard Webhooks has it."""

    pretend_vendor = MountebankGateway
