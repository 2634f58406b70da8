"""The task that erases payloads whose jobs keep them no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from hms_syn import settings
from hms_syn.operators.reconcile import is_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

DAY = 86_400


class RetentionOperator(BaseOperator):
    """Erase what ``retention.payload`` of the jobs has over, as ``hms-syn erase --expired`` does.

    Of the runs that the clock starts the first of each day does it, and every one after a red one. A job file with
    problems counts as one that keeps for ever.
    """

    ui_color = "#e3e0f5"

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return how many messages were erased."""
        from hms_syn.flow import retention  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - as above
        from hms_syn.job_files.job_folder import JobFolder  # noqa: PLC0415 - as above
        from hms_syn.store.desk import Desk  # noqa: PLC0415 - as above
        from hms_syn.store.expiry import Expiry  # noqa: PLC0415 - as above

        if not is_first(context, DAY):
            raise AirflowSkipException("It was done today")
        store, folder = AuditHook().store, JobFolder(settings.jobs_folder())
        folder.refresh()
        erased = retention.apply(Expiry(store, folder.jobs))
        if erased and not Desk(store).forget():
            self.log.warning("Another process still reads from SQLite's log: a copy may stand in its -wal file")
        self.log.info("%d message(s) erased", erased)
        return {"erased": erased}
