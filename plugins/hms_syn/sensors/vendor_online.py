"""Is the vendor there? For runs that need not even begin while it is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hms_syn.domain.job_spec import JobSpec


class VendorOnlineSensor(BaseSensorOperator):
    """True unless the heartbeat says that the job's vendor is offline; a vendor that nobody pings counts as there.

    :param job: the job whose vendor is looked at
    """

    def __init__(self, *, job: JobSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def poke(self, context: Context) -> bool:
        """Look once; nobody is asked, the store knows."""
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.vendor_board import VendorBoard  # noqa: PLC0415 - keeps parsing light

        del context
        since = VendorBoard(AuditHook().store).offline_since(self.job.target_endpoint)
        if since is not None:
            self.log.info("%s is offline since %s", self.job.target_endpoint, since)
        return since is None
