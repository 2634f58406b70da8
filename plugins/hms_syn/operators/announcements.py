"""Telling Airflow what was delivered: one asset event for each message, so that whoever schedules by them loses none.

Airflow merges plain asset events, and may strand some; events with a partition key it hands over one by one. So each
delivery is an event whose partition key is the message's id. DAGs that are scheduled by the asset itself see only
events without a key: one of those rings for them, after the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.sdk import Context

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.sql_store import SqlStore

AT_ONCE = 100
"""Events of one run. Airflow stores them one by one in a call that may take five seconds; more are another run's, and
where no DAG is scheduled by them they are nobody's: Airflow's database need not grow by each message."""
SETTLING = 5.0
"""Seconds to wait for a transaction with an earlier place on the bus. What it holds back longer is another run's."""
PAUSE = 0.05
SHOWN = ("job", "message_id", "topic", "reference", "status", "attempts")
"""What of a delivery an event's ``extra`` says."""


def delivered_asset(job: JobSpec) -> Asset:
    """Return the asset that is updated when the vendor has said yes."""
    return Asset(name=job.delivered_topic, uri=f"hms-syn://{job.id}/delivered", group="hms-syn")


class Announcements:
    """What one push run tells Airflow of; ``alone`` says that nobody else works meanwhile, as in a try."""

    def __init__(self, store: SqlStore, job: JobSpec, *, alone: bool) -> None:
        from hms_syn.store.telling import Telling  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG

        self._store, self._telling, self._alone = store, Telling(store, job.id), alone
        self._asset = delivered_asset(job)
        self._until = 0

    def is_behind(self) -> bool:
        """Return whether somebody wants to be told of something that Airflow has not been told of yet."""
        if self._alone or not self._telling.untold(limit=1, settled=False):
            return False
        return self._store.airflow_hears(self._asset.name, self._asset.uri)

    def make(self, outlets: Any) -> int:
        """Add an event for each delivery Airflow does not know of to a task's outlets; return how many."""
        rows = self._untold()
        if not rows:
            return 0
        self._until = rows[-1][0]
        deliveries = {told["message_id"]: told for _, told in rows if told}
        if deliveries:
            outlet = outlets[self._asset]
            outlet.partition_keys = _Each(outlet, deliveries)
        return len(deliveries)

    def _untold(self) -> list[tuple[int, Mapping[str, Any]]]:
        """Return what can be told now, after a moment for others whose deliveries come first."""
        wanted = self._telling.untold(limit=AT_ONCE, settled=False)
        deadline = time.monotonic() + SETTLING
        while len(rows := self._telling.untold(limit=AT_ONCE)) < len(wanted) and time.monotonic() < deadline:
            time.sleep(PAUSE)
        return rows

    def leave(self) -> None:
        """Have another run tell what Airflow does not know of, where somebody wants to be told."""
        if self.is_behind():
            self._telling.leave_to_the_next_run()

    def airflow_knows(self) -> None:
        """Note that Airflow has stored the events. Of more than it takes at once the next run tells, or nobody."""
        if not self._until:
            return
        self._telling.told(self._until)
        if self._alone or self._store.airflow_hears(self._asset.name, self._asset.uri):
            self.leave()
        else:
            self._telling.skip()


def note_that_airflow_knows(context: Context) -> None:
    """Move the mark, once the task is a success in Airflow's eyes."""
    announcements: Announcements | None = getattr(context["task"], "announcements", None)
    if announcements is not None:
        announcements.airflow_knows()


class _Each(set[Any]):
    """The partition keys of an outlet, each with an ``extra`` of its own, and at the end none.

    Airflow knows one ``extra`` for all keys of an outlet, and reads it anew for each key: so it is set in between.
    """

    def __init__(self, outlet: Any, deliveries: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__({*deliveries, None})
        self._outlet, self._deliveries = outlet, deliveries

    def __iter__(self) -> Iterator[Any]:
        for message_id, told in self._deliveries.items():
            self._outlet.extra = {name: told[name] for name in SHOWN if name in told}
            yield message_id
        self._outlet.extra = {"job": next(iter(self._deliveries.values()))["job"], "delivered": len(self._deliveries)}
        yield None
