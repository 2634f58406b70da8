"""The one option of the suite, where it is run by itself: a plugin of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``--vendor`` name the pretend vendor."""
    parser.addoption("--vendor", help="the pretend vendor of your adapter, as module:Class")
