"""A vendor through the Airflow Connection that holds its credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from hms_syn import wiring
from hms_syn.errors import NeedsOfficer
from hms_syn.hooks.audit import AuditHook, find_credentials

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter, Credentials


class VendorHook(BaseHook):
    """One job's vendor: its adapters, made with the credentials the job's connection holds now.

    :param job: the job whose vendor it is
    """

    def __init__(self, job: JobSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def push_adapter(self) -> Adapter:
        """Make the adapter of the way out."""
        return wiring.push_adapter(self.job, AuditHook().store, find_credentials=named)

    def pull_adapter(self) -> Adapter:
        """Make the adapter of the way in."""
        return wiring.pull_adapter(self.job, AuditHook().store, find_credentials=named)


def named(connection_id: str) -> Credentials:
    """Return a connection's credentials; a job that names one must not go out without it."""
    credentials = find_credentials(connection_id)
    if credentials is None:
        raise NeedsOfficer(f"job.connection_id: Airflow has no connection '{connection_id}'; add it under Admin")
    return credentials
