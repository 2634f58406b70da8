"""Where each pull goes on, and what is pinned for a job: the vendor's contracts as first seen."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read(connection: Connection, job: str) -> str | None:
    """Return the stored cursor of a job's pull, or None before its first page."""
    value: str | None = connection.execute(
        sql(connection, "SELECT value FROM hms_syn_cursor WHERE job = :job"), {"job": job}
    ).scalar_one_or_none()
    return value


def move(connection: Connection, job: str, value: str) -> None:
    """Store where the next pull goes on, in the transaction that stores the page it follows from."""
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_cursor (job, value, moved_at) VALUES (:job, :value, {now})
               ON CONFLICT (job) DO UPDATE SET value = excluded.value, moved_at = excluded.moved_at""",
        ),
        {"job": job, "value": value},
    )


def pinned(connection: Connection, job: str, name: str) -> bytes | None:
    """Return the pinned bytes, or None."""
    body = connection.execute(
        sql(connection, "SELECT body FROM hms_syn_pin WHERE job = :job AND name = :name"), {"job": job, "name": name}
    ).scalar_one_or_none()
    return None if body is None else base64.b64decode(body)


def pin(connection: Connection, job: str, name: str, body: bytes) -> str:
    """Pin bytes, replacing what was pinned before; return their SHA-256."""
    digest = hashlib.sha256(body).hexdigest()
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_pin (job, name, digest, body, pinned_at) VALUES (:job, :name, :digest, :body, {now})
               ON CONFLICT (job, name) DO UPDATE SET digest = excluded.digest, body = excluded.body,
                                                     pinned_at = excluded.pinned_at""",
        ),
        {"job": job, "name": name, "digest": digest, "body": base64.b64encode(body).decode()},
    )
    return digest


def unpin(connection: Connection, job: str) -> None:
    """Forget the contracts pinned for a job; not what its file last was."""
    connection.execute(
        sql(connection, "DELETE FROM hms_syn_pin WHERE job = :job AND name <> 'gone' AND name NOT LIKE 'file:%'"),
        {"job": job},
    )
