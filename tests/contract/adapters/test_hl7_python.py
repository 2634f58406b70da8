"""``hl7.mllp.v1`` keeps what every adapter promises, at an interface engine on python-hl7."""

from __future__ import annotations

import pytest
from tests.vendors.python_engine import PythonEngine
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance

pytestmark = pytest.mark.peers


class TestHl7AtPython(StartedOnce, Conformance):
    """Another people's reading of what we escape."""

    pretend_vendor = PythonEngine
