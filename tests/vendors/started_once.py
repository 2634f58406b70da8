"""The suite at a vendor in a process of its own: started once, and opened for each test as if it were new."""

from __future__ import annotations

import pytest


class StartedOnce:
    """Stands before ``Conformance``."""

    @pytest.fixture
    def vendor(self, started):
        """Open it for one test."""
        with started as opened:
            yield opened
