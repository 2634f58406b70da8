"""The two real databases that tests of the SQL adapter write into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.sql_court import SCHEMA, Court, postgresql_court, sqlite_court

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def _server() -> Iterator[Court]:
    with postgresql_court() as court:
        yield court


@pytest.fixture
def postgresql(_server: Court) -> Court:
    """Give an empty court on PostgreSQL."""
    _server.sql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC")
    _server.sql(SCHEMA["postgresql"])
    return _server


@pytest.fixture
def sqlite(tmp_path: Path) -> Court:
    """Give an empty court in a file."""
    return sqlite_court(tmp_path)


@pytest.fixture(params=["postgresql", "sqlite"])
def court(request: pytest.FixtureRequest) -> Court:
    """Give an empty court, once of each kind."""
    return request.getfixturevalue(request.param)
