"""Is anything due? For runs that a clock or a person starts; a bell rings only when there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hms_syn.domain.job_spec import JobSpec


class QueuedSensor(BaseSensorOperator):
    """True when a message of the job is due, or when the run was given payloads to publish.

    :param job: the job whose queue is looked at
    """

    def __init__(self, *, job: JobSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def poke(self, context: Context) -> bool:
        """Look once."""
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - keeps parsing light

        if context["params"].get("publish"):
            return True
        due = AuditHook().store.next_due(self.job.id)
        return due is not None and due <= 0
