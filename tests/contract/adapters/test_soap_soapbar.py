"""``oracle.soap.v1`` keeps what every adapter promises, at a court on soapbar."""

from __future__ import annotations

import pytest
from tests.vendors.soapbar_court import SoapbarCourt
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestSoapAtSoapbar(StartedOnce, Conformance):
    """A second stack, with its own WSDL and its own check of our login; it only takes messages."""

    pretend_vendor = SoapbarCourt
