"""Each job file as it was last sound, for the time when it is not; and the jobs whose file is gone.

Both are pins: of what the file means, under a name made of its place, and of nothing, under ``gone``. ``folder`` names
the folder a place is in, since there may be several.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.store import cursors, job_switches
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.sql_store import SqlStore

GONE = "gone"
IS_PARKED = f"EXISTS (SELECT 1 FROM hms_syn_pin gone WHERE gone.job = j.job AND gone.name = '{GONE}')"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class SoundFiles:
    """The job files of one folder, in one store."""

    store: SqlStore
    folder: str

    def register(self, job: JobSpec, *, place: str, text: str) -> bool:
        """Register a job, and keep what its file means; True when publishers see a difference."""

        def work(connection: Connection) -> bool:
            keep(connection, self.folder, place, job.id, text)
            return job_switches.register(connection, job)

        return self.store.write(work)

    def kept(self, place: str) -> str | None:
        """Return what the job file at ``place`` meant when it was last sound; None when it never was."""
        return self.store.look(lambda connection: kept(connection, self.folder, place))

    def park_all_but(self, places: Sequence[str]) -> list[str]:
        """Forget the files that are no longer at these places; return their jobs, which are parked."""
        return self.store.write(lambda connection: park(connection, self.folder, places))

    def parked(self) -> list[str]:
        """Return the jobs of any folder whose file is gone while something waits for them."""
        return self.store.look(parked)


def keep(connection: Connection, folder: str, place: str, job: str, text: str) -> None:
    """Keep what the file at ``place`` means, if it means something else than before; its job has a file again."""
    name, digest = _name(folder, place), hashlib.sha256(text.encode()).hexdigest()
    known = connection.execute(
        sql(connection, "SELECT job, digest FROM hms_syn_pin WHERE name = :name OR (job = :job AND name = :gone)"),
        {"name": name, "job": job, "gone": GONE},
    ).all()
    if [tuple(row) for row in known] != [(job, digest)]:
        statement = "DELETE FROM hms_syn_pin WHERE name = :name OR (job = :job AND name = :gone)"
        connection.execute(sql(connection, statement), {"name": name, "job": job, "gone": GONE})
        cursors.pin(connection, job, name, text.encode())


def kept(connection: Connection, folder: str, place: str) -> str | None:
    """Return what the file at ``place`` meant when it was last sound; None when it never was."""
    body = connection.execute(
        sql(connection, "SELECT body FROM hms_syn_pin WHERE name = :name"), {"name": _name(folder, place)}
    ).scalar()
    return None if body is None else base64.b64decode(body).decode()


def park(connection: Connection, folder: str, places: Sequence[str]) -> list[str]:
    """Forget the files of a folder that are not at these places; return their jobs, which are switched off.

    What waits for such a job stays, and what is published for it is still accepted: nobody said that it may be lost.
    """
    there = {_name(folder, place) for place in places}
    rows = connection.execute(
        sql(connection, "SELECT job, name FROM hms_syn_pin WHERE name LIKE :names"), {"names": f"{_name(folder)}%"}
    ).all()
    parked = []
    for row in rows:
        if row.name in there:
            continue
        at = {"job": row.job, "name": row.name}
        connection.execute(sql(connection, "DELETE FROM hms_syn_pin WHERE job = :job AND name = :name"), at)
        statement = "SELECT 1 FROM hms_syn_pin WHERE job = :job AND name LIKE 'file:%'"
        if connection.execute(sql(connection, statement), at).first() is None:  # the file was not only moved
            statement = "UPDATE hms_syn_job SET enabled = :enabled WHERE job = :job"
            connection.execute(sql(connection, statement), {"job": row.job, "enabled": False})
            cursors.pin(connection, row.job, GONE, b"")
            parked.append(row.job)
    return parked


def parked(connection: Connection) -> list[str]:
    """Return the jobs whose file is gone while something waits for them."""
    statement = f"""SELECT j.job FROM hms_syn_job j WHERE {IS_PARKED}
                       AND EXISTS (SELECT 1 FROM hms_syn_delivery d WHERE d.job = j.job) ORDER BY j.job"""  # noqa: S608 - a constant
    return list(connection.execute(sql(connection, statement)).scalars())


def _name(folder: str, place: str | None = None) -> str:
    """Return a name of at most a hundred characters; without a place, what all names of a folder begin with."""
    return f"file:{_digest(folder)}:{'' if place is None else _digest(place)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
