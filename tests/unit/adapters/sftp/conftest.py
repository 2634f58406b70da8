"""One county for a file of tests, as new for each."""

from __future__ import annotations

import contextlib

import pytest
from tests.harness.sftp_server import PASSWORD, County


@pytest.fixture(scope="module")
def started():
    with contextlib.closing(County()) as county:
        yield county


@pytest.fixture
def county(started):
    started.mood, started.password, started.posix = "well", PASSWORD, True
    started.open()
    for name in started.files():
        (started.folder / name).unlink()
    for journal in (started.arrivals, started.taken, started.asked, started.client_keys):
        journal.clear()
    yield started
    started.shut(listening=True)


@pytest.fixture
def adapters(county):
    """Make adapters of the county's job; every one is closed in the end."""
    with contextlib.ExitStack() as stack:

        def make(push=None, pull=None, **given):
            return stack.enter_context(contextlib.closing(county.adapter(push, pull, **given)))

        yield make
