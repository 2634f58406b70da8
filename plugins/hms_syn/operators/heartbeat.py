"""The heartbeat's task: tell people what has changed; started by hand, ask every vendor first."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from hms_syn import settings
from hms_syn.domain.vendor_health import VendorState, Verdict
from hms_syn.operators.alerts import tell_people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from hms_syn.domain.vendor_health import Change, Ping
    from hms_syn.store.sql_store import SqlStore


class HeartbeatOperator(BaseOperator):
    """Tell, once each, which vendors went offline or came back since the last run.

    Bus, audit trail and vendor board know it already: they were written with the ping. A run that a person has started,
    ``airflow dags test`` too, pings every vendor of the jobs folder first and shows what each said.
    """

    ui_color = "#f5e3e0"

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return the endpoints that went offline and those that came back."""
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.vendor_board import VendorBoard  # noqa: PLC0415 - keeps parsing light

        store = AuditHook().store
        if context["dag_run"].run_type == "manual":
            self._ask_all(store)
        board = VendorBoard(store)
        changes = board.untold()
        self.tell(changes)
        board.mark_told(changes)
        untold = tell_people(store)
        if untold:
            self.log.warning("%d alert(s) could not be sent; they are tried again", untold)
        told = {
            state.value: [change.endpoint for change in changes if change.state is state]
            for state in (VendorState.OFFLINE, VendorState.ONLINE)
        }
        if not told[VendorState.OFFLINE.value]:
            self.outlets = []  # nobody went offline, so nobody who waits for that is woken
        return told

    def tell(self, changes: Sequence[Change]) -> None:
        """Tell people of changes, oldest first; what raises is told again by the next run."""
        for change in changes:
            if change.state is VendorState.OFFLINE:
                self.log.warning(
                    "%s went offline at %s (%s): %s Jobs: %s",
                    change.endpoint,
                    change.at,
                    change.code,
                    change.note,
                    ", ".join(change.jobs),
                )
            else:
                self.log.info(
                    "%s is back since %s; it was offline since %s. Jobs: %s",
                    change.endpoint,
                    change.at,
                    change.since,
                    ", ".join(change.jobs),
                )

    def _ask_all(self, store: SqlStore) -> None:
        from hms_syn import job_files, wiring  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.vendor import named  # noqa: PLC0415 - keeps parsing light

        jobs, problems = job_files.load_folder(settings.jobs_folder())
        for problem in problems:
            self.log.error("%s", problem)
        with contextlib.closing(wiring.rounds(store, find_credentials=named)) as rounds:
            pings, _ = rounds.ask_all(jobs)
        self.log.info("%d vendor(s) asked\n%s", len(pings), "\n".join(map(_line, pings)))


def _line(ping: Ping) -> str:
    words = {Verdict.ANSWERED: "answers", Verdict.FAILED: "does not answer", Verdict.UNASKED: "could not be asked"}
    said = f"{ping.code}: {ping.note}" if ping.code else ""
    return f"  {ping.endpoint:60}  {words[ping.verdict]:18}  {said}".rstrip()
