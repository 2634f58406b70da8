"""The Airflow that a command stands beside, asked for what only it knows: its connections and its database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.store import checkup

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.ports import Credentials


def airflow_here() -> tuple[Callable[[str], Credentials | None], str | None]:
    """Return how Airflow finds a connection, and the address of its own database, None where that is hidden from us.

    What Airflow finds counts, by its secrets backends and in its database too, for that is what tasks get.

    :raises StoreNotReady: its database is a file that is not there, which to look for a connection in would make
    """
    os.environ.setdefault(*settings.AS_A_SERVER)
    from hms_syn.hooks.audit import airflows_own_url, find_credentials  # noqa: PLC0415 - Airflow takes seconds

    url = airflows_own_url()
    if url is not None:
        checkup.refuse_a_missing_file(url)
    return find_credentials, url
