"""What the fault tests share: an installation on each kind of database, and publishers in processes of their own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.harness.cli import Cli

from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cli(store_url: str, tmp_path: Path) -> Cli:
    """One installation on each kind of database."""
    return installed(store_url, tmp_path / "home")


def installed(url: str, home: Path) -> Cli:
    """Make the tables in a database, and an installation that uses them."""
    with closing(SqlStore(url)) as store:
        store.create()
    return Cli(home, url=url)
