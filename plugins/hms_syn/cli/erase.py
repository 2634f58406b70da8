"""``hms-syn erase``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import settings, wiring
from hms_syn.cli.acting import act_of
from hms_syn.cli.output import remark
from hms_syn.errors import ActRefused, UnknownMessage
from hms_syn.flow import retention
from hms_syn.job_files.job_folder import JobFolder
from hms_syn.store.desk import Desk
from hms_syn.store.expiry import Expiry

if TYPE_CHECKING:
    import argparse

    from hms_syn.store.sql_store import SqlStore

USAGE = "error: say what to erase: message ids with --reason, or --expired for what jobs' retention has over"


def run(arguments: argparse.Namespace) -> int:
    """Destroy payloads for good: by id, or what the jobs' own rule has over."""
    if bool(arguments.ids) == arguments.expired or (arguments.ids and arguments.reason is None):
        remark(USAGE)
        return 2
    store = wiring.open_store_that_is_there()
    if arguments.expired:
        return _expired(arguments, store)
    desk = Desk(store, rehearses=arguments.dry_run)
    act, refused, word = act_of(arguments), 0, "would be erased" if arguments.dry_run else "erased"
    for message_id in arguments.ids:
        try:
            print(f"{message_id} {word if desk.erase(message_id, act) else 'was erased already'}")
        except (ActRefused, UnknownMessage) as error:
            remark(f"error: {error}")
            refused += 1
    _forget(desk)
    return 1 if refused else 0


def _expired(arguments: argparse.Namespace, store: SqlStore) -> int:
    folder = JobFolder(settings.jobs_folder())
    folder.refresh()
    rules = [job for job in folder.jobs if job.retention is not None]
    if not rules:
        print(f"No job in {settings.jobs_folder()} has a 'retention.payload': payloads are kept until they are erased")
        return 0
    if arguments.dry_run:
        for message_id in (ids := retention.expired(Expiry(store, folder.jobs), limit=arguments.limit)):
            print(message_id)
        print(f"{len(ids)} message(s) would be erased; without --dry-run they are")
        return 0
    print(f"{retention.apply(Expiry(store, folder.jobs), limit=arguments.limit)} message(s) erased")
    _forget(Desk(store))
    return 0


def _forget(desk: Desk) -> None:
    if not desk.rehearses and not desk.forget():
        remark(
            "warning: another process still reads from SQLite's log, so a copy may stand in its -wal file; try again"
        )
