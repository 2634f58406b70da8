"""The one place where parts are joined: which store, which adapter, which credentials."""

from __future__ import annotations

import os
import socket
from functools import cache
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.adapters.registry import load_adapter
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter, Credentials, Pins


def open_store(url: str | None = None) -> SqlStore:
    """Open the store at ``url``, or at the address the settings give; one per process and address.

    :raises StoreNotConfigured: no address is known here, or the database is of a kind we do not support
    """
    return _store(url or settings.store_url())


def push_adapter(
    job: JobSpec,
    pins: Pins,
    *,
    find_credentials: Callable[[str], Credentials | None] = settings.connection_from_environment,
) -> Adapter:
    """Make the adapter of a job's way out, with the credentials its connection holds now."""
    return _adapter(job, job.push_adapter, pins, find_credentials)


def pull_adapter(
    job: JobSpec,
    pins: Pins,
    *,
    find_credentials: Callable[[str], Credentials | None] = settings.connection_from_environment,
) -> Adapter:
    """Make the adapter of a job's way in, with the credentials its connection holds now."""
    return _adapter(job, job.pull_adapter, pins, find_credentials)


def worker_name() -> str:
    """Return a name for this process as an owner of leases: never used by another."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"


def _adapter(
    job: JobSpec, adapter_id: str | None, pins: Pins, find_credentials: Callable[[str], Credentials | None]
) -> Adapter:
    credentials = find_credentials(job.connection_id) if job.connection_id else None
    return load_adapter(adapter_id or "")(job, credentials, pins)


@cache
def _store(url: str) -> SqlStore:
    return SqlStore(url)
