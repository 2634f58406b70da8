"""``hms-syn replay``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of, on_each
from hms_syn.cli.output import next_step, remark
from hms_syn.domain.durations import seconds
from hms_syn.flow.replay import replay_to
from hms_syn.store.desk import Desk
from hms_syn.store.set_aside import Wanted
from hms_syn.store.statements import micros, shown

if TYPE_CHECKING:
    import argparse

    from hms_syn.ports import Act

USAGE = (
    "error: say what to replay: message ids; or --job, with --code or --last as you like, for what was set aside "
    "there; or --topic and --to for what a new job has missed"
)


def run(arguments: argparse.Namespace) -> int:
    """Put messages back into their queues: by id, by filter, or to a job that was not there yet."""
    desk, act = Desk(wiring.open_store_that_is_there()), act_of(arguments)
    since = time.time() - seconds(arguments.last) if arguments.last else 0.0
    if arguments.topic and arguments.to and not arguments.ids:
        return _to_a_job(arguments, desk, act, since=shown(micros(since)) or "")
    if not arguments.ids:
        if not arguments.job:
            remark(USAGE)
            return 2
        wanted = Wanted(job=arguments.job, code=arguments.code, since=since, limit=arguments.limit)
        arguments.ids = desk.set_aside(wanted)
        if not arguments.ids:
            print(f"Nothing of {arguments.job} is set aside that way")
            return 0
    if arguments.dry_run:
        print("\n".join(arguments.ids))
        print(f"{len(arguments.ids)} message(s) would be replayed; without --dry-run they are")
        return 0
    return on_each(arguments, "waits again", lambda message_id: desk.replay(message_id, act, job=arguments.job))


def _to_a_job(arguments: argparse.Namespace, desk: Desk, act: Act, *, since: str) -> int:
    """Give a job what was published on a topic before the job was there."""
    at = desk.rehearsing() if arguments.dry_run else desk
    ids = replay_to(
        at.store, at.enqueue, job=arguments.to, pattern=arguments.topic, since=since, act=act, limit=arguments.limit
    )
    if arguments.dry_run:
        print(
            "\n".join([*ids, f"{len(ids)} message(s) would be queued for {arguments.to}; without --dry-run they are"])
        )
        return 0
    print(f"{len(ids)} message(s) queued for {arguments.to}")
    if len(ids) == arguments.limit:
        remark("There may be more: the same command goes on where this one ended, or say a larger --limit.")
    next_step("hms-syn status")
    return 0
