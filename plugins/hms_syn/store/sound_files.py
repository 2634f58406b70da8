"""Each job file as it was last sound, for the time when it is not: a pin of its job, under the file's name."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from hms_syn.store import cursors
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

PREFIX = "file:"
"""What no contract's name begins with."""


def keep(connection: Connection, place: str, job: str, text: str) -> None:
    """Keep what the file at ``place`` means, if it means something else than before."""
    name, digest = _name(place), hashlib.sha256(text.encode()).hexdigest()
    known = connection.execute(
        sql(connection, "SELECT job, digest FROM hms_syn_pin WHERE name = :name"), {"name": name}
    ).all()
    if [tuple(row) for row in known] != [(job, digest)]:
        forget(connection, place)
        cursors.pin(connection, job, name, text.encode())


def kept(connection: Connection, place: str) -> str | None:
    """Return what the file at ``place`` meant when it was last sound; None when it never was."""
    body = connection.execute(
        sql(connection, "SELECT body FROM hms_syn_pin WHERE name = :name"), {"name": _name(place)}
    ).scalar()
    return None if body is None else base64.b64decode(body).decode()


def forget(connection: Connection, place: str) -> None:
    """Forget a file that is gone."""
    connection.execute(sql(connection, "DELETE FROM hms_syn_pin WHERE name = :name"), {"name": _name(place)})


def _name(place: str) -> str:
    """Return a name of at most a hundred characters."""
    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return f"{PREFIX}{digest}"
