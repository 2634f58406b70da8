"""``oracle.soap.v1`` keeps what every adapter promises, at a court on node-soap."""

from __future__ import annotations

import pytest
from tests.vendors.node_court import NodeCourt
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestSoapAtNode(StartedOnce, Conformance):
    """Another people's SOAP stack, with another contract."""

    pretend_vendor = NodeCourt
