"""What takes too long for every change: ``make soak`` runs each ``soak_*.py`` here, and ``make test`` none of them.

Each ends with one line of figures. A soak of another kind, as a simulation of many schedules, is one more such file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.faults.conftest import cli

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cli"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long is long."""
    group = parser.getgroup("soak")
    group.addoption("--kills", type=int, default=300, help="kills in all, half of them on each kind of database")
    group.addoption("--minutes", type=float, default=10, help="minutes of bad weather on each kind of database")
    group.addoption("--node-kills", type=int, default=3, help="processes of the deployment killed while it is soaked")
    group.addoption("--empty", action="store_true", help="soak the deployment without a job: what Airflow takes itself")
    group.addoption("--seed", type=int, default=1, help="which bad luck")


@pytest.fixture
def closing_line(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Say the figures, whatever pytest does with other output."""

    def say(figures: str) -> None:
        with capfd.disabled():
            print(f"\n{request.node.name}: {figures}")

    return say
