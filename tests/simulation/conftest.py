"""One database for all schedules of a process; each begins with it empty."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.simulation.clock import Clock
from tests.simulation.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def clock() -> Clock:
    """The time of all schedules."""
    return Clock()


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Database]:
    """The file, made once."""
    with closing(Database(tmp_path_factory.mktemp("simulation"), clock)) as opened:
        yield opened


@pytest.fixture
def database(file: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database, in a world whose time is the clock's."""
    clock.install(monkeypatch)
    return file
