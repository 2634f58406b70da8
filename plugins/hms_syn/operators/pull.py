"""The pull task: bring the vendor's statuses onto the bus, page by page."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from hms_syn.operators.links import MessagesLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from hms_syn.domain.job_spec import JobSpec


class PullOperator(BaseOperator):
    """Bring what is new at a job's vendor onto the bus, each record once.

    :param job: the job whose vendor is asked
    """

    ui_color = "#e7f3e5"
    operator_extra_links = (MessagesLink(),)

    def __init__(self, *, job: JobSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Pull from the stored cursor to the vendor's end; return counts, never a record.

        A run that the clock has started is skipped while the vendor is offline; one that a person has started is not.
        """
        from hms_syn.flow.pull import pull  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.vendor import VendorHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.vendor_board import VendorBoard  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.watch import Watch  # noqa: PLC0415 - keeps parsing light

        seen = 0

        def report(new: int, of: int) -> None:
            nonlocal seen
            seen += of
            self.log.info("%d new of %d record(s) on this page", new, of)

        store = AuditHook().store
        store.register(self.job)
        until = Watch(store).maintenance_until(self.job.id)
        if until is not None:
            raise AirflowSkipException(f"Maintenance until {until}: nothing is asked for")
        is_by_hand = context["dag_run"].run_type == "manual"
        since = None if is_by_hand else VendorBoard(store).offline_since(self.job.target_endpoint)
        if since is not None:
            raise AirflowSkipException(f"{self.job.target_endpoint} is offline since {since}; the next run asks again")
        with contextlib.closing(VendorHook(self.job).pull_adapter()) as adapter:
            new = pull(self.job, store, adapter, report=report)
        topic = self.job.pull.publish_topic if self.job.pull else ""
        self.log.info("%d new record(s) on %s", new, topic)
        return {"new": new, "seen": seen, "topic": topic}

    def get_openlineage_facets_on_complete(self, task_instance: object) -> OperatorLineage[Any, Any]:
        """Return the run's lineage, for Airflow's OpenLineage provider where it is installed."""
        from hms_syn.operators import lineage  # noqa: PLC0415 - keeps parsing light

        del task_instance
        return lineage.of_pull(self.job)
