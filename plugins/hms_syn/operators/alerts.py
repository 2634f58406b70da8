"""Telling people, inside a task: where Airflow's connections and notifiers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hms_syn.store.sql_store import SqlStore


def tell_people(store: SqlStore) -> int:
    """Tell whoever is to be told now; return how many could not be. They are told later, and the task goes on."""
    from hms_syn.flow.alerts import look, tell  # noqa: PLC0415 - keeps parsing light
    from hms_syn.hooks import notifiers  # noqa: PLC0415 - keeps parsing light
    from hms_syn.store.watch import Watch  # noqa: PLC0415 - keeps parsing light

    watch = Watch(store)
    look(watch)
    return tell(watch, notifiers.send, link=notifiers.link, guide=notifiers.guide)
