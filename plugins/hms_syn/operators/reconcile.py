"""The task that counts what was accepted against where it stands."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from hms_syn import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context


class ReconcileOperator(BaseOperator):
    """Count both sides of every job and topic, as ``hms-syn reconcile`` does; red when any differ.

    Counting reads the whole trail, so of the runs that the clock starts only the first in each ``[hms_syn]
    reconcile_every`` counts, and every one after a red one.
    """

    ui_color = "#e3e0f5"

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return how many jobs and topics agree.

        :raises AirflowFailException: what does not agree, by job or topic and message id
        """
        from hms_syn.flow.reconcile import differences  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - as above
        from hms_syn.store.desk import Desk  # noqa: PLC0415 - as above

        every = settings.duration("reconcile_every")
        if not is_first(context, every):
            raise AirflowSkipException("It was counted a short while ago ([hms_syn] reconcile_every)")
        desk = Desk(AuditHook().store)
        jobs, topics = desk.reconcile(), desk.reconcile_bus()
        wrong = list(differences([*jobs, *topics]))
        if wrong:
            raise AirflowFailException("What was accepted does not stand somewhere, exactly once: " + "; ".join(wrong))
        self.log.info("%d job(s) and %d topic(s) agree", len(jobs), len(topics))
        return {"jobs": len(jobs), "topics": len(topics)}


def is_first(context: Context, every: float) -> bool:
    """Return whether no run has succeeded yet in this stretch of ``every`` seconds; by hand it is always the first."""
    last = context.get("prev_start_date_success")
    if context["dag_run"].run_type == "manual" or not every or not last:
        return True
    return int(last.timestamp() // every) < int(datetime.now(tz=timezone.utc).timestamp() // every)
