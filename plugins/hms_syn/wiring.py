"""The one place where parts are joined: which store, which adapter, which credentials."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.adapters import certificates
from hms_syn.adapters.auth.secrets_of import secrets_of
from hms_syn.adapters.pins import OnlyPinned, ReadOnlyPins
from hms_syn.adapters.registry import load_adapter
from hms_syn.adapters.renewed import Renewed
from hms_syn.domain import signed_note
from hms_syn.errors import AuditKeyUnusable, StoreNotConfigured
from hms_syn.flow.rounds import Rounds
from hms_syn.flow.seal import Notary
from hms_syn.flow.side_by_side import Version
from hms_syn.store.keyring import Keyring
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.transactions import Transactions
from hms_syn.store.vendor_board import VendorBoard

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter, Credentials, Pins


def open_store(url: str | None = None) -> SqlStore:
    """Open the store at ``url``, or at the address the settings give; one per process and address.

    :raises StoreNotConfigured: no address is known here, or the database is of a kind we do not support
    """
    return _store(url or settings.store_url())


def open_store_that_is_there() -> SqlStore:
    """Open the store at the settings' address, and make nothing: no file, no table.

    :raises StoreNotReady: there is none · :raises StoreNotConfigured: no address is known here
    """
    store = open_store()
    store.check()
    return store


@cache
def open_airflow(url: str) -> Transactions | None:
    """Open Airflow's own database, for the toggles of jobs' DAGs; None where it is of a kind we do not speak."""
    try:
        return Transactions(url)
    except StoreNotConfigured:
        return None


def push_adapter(
    job: JobSpec,
    pins: Pins,
    *,
    find_credentials: Callable[[str], Credentials | None] = settings.connection,
) -> Adapter:
    """Make the adapter of a job's way out; its connection is read now, and again whenever the vendor refuses us."""
    return Renewed(lambda: _adapter(job, job.push_adapter, pins, find_credentials))


def pull_adapter(
    job: JobSpec,
    pins: Pins,
    *,
    find_credentials: Callable[[str], Credentials | None] = settings.connection,
) -> Adapter:
    """Make the adapter of a job's way in, with the credentials its connection holds now."""
    return _adapter(job, job.pull_adapter, pins, find_credentials)


def rounds(store: SqlStore, *, find_credentials: Callable[[str], Credentials | None] = settings.connection) -> Rounds:
    """Make the heartbeat of a process: each vendor is pinged by the way out of a job where it has one."""

    def make(job: JobSpec) -> Adapter:
        way = push_adapter if job.push is not None else pull_adapter
        return way(job, store, find_credentials=find_credentials)

    return Rounds(board=VendorBoard(store), make_adapter=make, certificate_end=certificates.ends_at)


def notary() -> Notary:
    """Make what writes this trail's checkpoints, with the key that the settings name, or unsigned without one.

    :raises AuditKeyUnusable: the key's file cannot be read, or is none
    """
    path = settings.get("audit_key_file")
    if not path:
        return Notary(settings.get("audit_origin"))
    try:
        found = signed_note.signer(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise AuditKeyUnusable(f"[hms_syn] audit_key_file: {path} cannot be read ({error.strerror})") from None
    except ValueError:  # its text may hold the key
        raise AuditKeyUnusable(f"[hms_syn] audit_key_file: {path} holds no key of 'hms-syn audit key'") from None
    return Notary(found.name, found)


def version(
    job: JobSpec,
    pins: Pins,
    *,
    find_credentials: Callable[[str], Credentials | None] = settings.connection,
    asks_vendor: bool = True,
) -> Version | None:
    """Make a job's way out for looking at what it would send; None where the job has none.

    With ``asks_vendor`` false a contract that is not pinned is not fetched either.
    """
    if job.push is None:
        return None
    credentials = find_credentials(job.connection_id) if job.connection_id else None
    looked_at = ReadOnlyPins(pins) if asks_vendor else OnlyPinned(pins)
    adapter = push_adapter(job, looked_at, find_credentials=find_credentials)
    return Version(job=job, adapter=adapter, secrets=secrets_of(credentials))


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
    return SqlStore(url, keyring=Keyring(settings.payload_keys_file()))
