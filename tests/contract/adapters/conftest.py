"""A vendor that takes long to start is started once for a class of tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="class")
def started(request):
    """Start the vendor of the class; see ``StartedOnce``."""
    with request.cls.pretend_vendor.started() as vendor:
        yield vendor
