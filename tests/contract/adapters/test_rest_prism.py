"""``rest.json.v1`` keeps what every adapter promises, at a payment gateway that Prism holds to its OpenAPI file."""

from __future__ import annotations

import pytest
from tests.vendors.prism_gateway import PrismGateway
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestRestAtPrism(StartedOnce, Conformance):
    """A request that broke the file would be a 422 of Prism's, and an answer that broke it no answer at all."""

    pretend_vendor = PrismGateway
