"""Reading the bus back, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import trace_context
from hms_syn.store import undecodable
from hms_syn.store.horizon import horizon
from hms_syn.store.statements import shown, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from hms_syn.store.keyring import Keyring

READ = """SELECT seq, message_id, topic, agency, ordering_key, body, headers, salt, key_id, data_key,
                 erased_at, published_at FROM hms_syn_event
           WHERE topic {like} AND seq > :after AND seq <= :until ORDER BY seq LIMIT :limit"""
LIKE = {"postgresql": "LIKE :pattern", "sqlite": "GLOB :pattern"}
LITERALLY = {
    "postgresql": str.maketrans({"\\": r"\\", "_": r"\_", "%": r"\%", "*": "%"}),
    "sqlite": str.maketrans({"[": "[[]", "?": "[?]"}),
}
"""A pattern's ``*`` is the only character that stands for others; what else the database thinks special is itself."""


def read(connection: Connection, keyring: Keyring, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return events of matching topics in the order of ``seq``; ``*`` in a pattern stands for any characters.

    What is still on its way, and what took its place later, is not there yet: whoever reads on from the last ``seq``
    passes nothing over. An event that cannot be read is named in the log and left out, and so is one that was erased.
    It takes no other's place: an empty answer means that there is nothing more to read.

    :raises KeysNotReady: events are sealed, and this process has no keys
    """
    dialect = connection.dialect.name
    statement = sql(connection, READ.replace("{like}", LIKE[dialect]))
    given = {"pattern": pattern.translate(LITERALLY[dialect]), "until": horizon(connection)}
    found: list[Mapping[str, Any]] = []
    while len(found) < limit:
        wanted = limit - len(found)
        rows = connection.execute(statement, {**given, "after": after, "limit": wanted}).all()
        for row in rows:
            told = undecodable.told_of(row, keyring)
            if told is not None:
                found.append(_shown(row, *told))
        if len(rows) < wanted:
            break
        after = rows[-1].seq
    return found


def _shown(row: Row[Any], payload: Mapping[str, Any], headers: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "seq": row.seq,
        "message_id": row.message_id,
        "topic": row.topic,
        "agency": row.agency,
        "ordering_key": row.ordering_key,
        "payload": payload,
        "headers": headers,
        "traceparent": str(trace_context.of_message(row.message_id, row.headers)),
        "published_at": shown(row.published_at),
    }
