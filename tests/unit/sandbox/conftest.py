"""A pretend court with a clock of its own, at an address, and a SOAP client of it that is not ours."""

from __future__ import annotations

import pytest
import zeep
from tests.harness.vendor_clock import VendorClock

from hms_syn.sandbox.court_soap import Court, serve


@pytest.fixture
def clock():
    return VendorClock()


@pytest.fixture
def court(clock):
    return Court(clock=clock)


@pytest.fixture
def url(court):
    with serve(court) as address:
        yield address


@pytest.fixture
def client(url):
    with zeep.Client(f"{url}/soap?wsdl") as soap:
        yield soap.service
