"""Changing the key that data keys are wrapped with, row by row; what they seal is not touched and not opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain.topic_event import OURS
from hms_syn.errors import CannotOpen
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from hms_syn.domain.sealing import Keys
    from hms_syn.store.sql_store import SqlStore

BATCH = 500
HELD = """SELECT key_id, COUNT(*) AS messages FROM hms_syn_event WHERE key_id IS NOT NULL
           GROUP BY key_id ORDER BY key_id"""
IN_CLEAR = "SELECT COUNT(*) FROM hms_syn_event WHERE key_id IS NULL AND erased_at IS NULL AND agency <> :ours"
NEXT = """SELECT seq, message_id, data_key FROM hms_syn_event WHERE key_id = :key_id AND seq > :after
           ORDER BY seq LIMIT :limit {keep}"""
WRAP = "UPDATE hms_syn_event SET key_id = :newest, data_key = :data_key WHERE seq = :seq AND key_id = :key_id"


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: the key it took messages from, how many, and how many of them do not open and stayed as they are."""

    key_id: str
    rewrapped: int
    unopened: int


@dataclass(frozen=True, slots=True)
class Rewrapping:
    """Looks at the keys of one store's messages, and changes them."""

    store: SqlStore

    def held(self) -> Mapping[str, int]:
        """Return how many messages each key still opens, by its id; ids only, so this needs no key."""
        return self.store.look(
            lambda connection: {row.key_id: row.messages for row in connection.execute(sql(connection, HELD))}
        )

    def in_clear(self) -> int:
        """Count the messages whose payload stands in clear; the queue's own news hold none."""
        return self.store.look(
            lambda connection: int(connection.execute(sql(connection, IN_CLEAR), {"ours": OURS}).scalar_one())
        )

    def to_the_newest(self, *, batch: int = BATCH) -> Iterator[Step]:
        """Wrap every data key with the newest key, a batch a transaction; begun anew it goes on where it was stopped.

        A message that does not open is left as it is.

        :raises KeysNotReady: this process has no keys, or not one that messages are sealed with
        """
        keys = self.store.keyring.keys()
        for key_id in self.held():
            if key_id == keys.newest or key_id not in keys.by_id:
                continue
            after: int | None = 0
            while after is not None:
                here = {"key_id": key_id, "after": after, "limit": batch}
                after, step = self.store.write(lambda connection, here=here: _rewrap(connection, keys, here))  # type: ignore[misc]  # bound now, for the closure of this round
                yield step


def _rewrap(connection: Connection, keys: Keys, here: Mapping[str, Any]) -> tuple[int | None, Step]:
    """Change one batch; return where the next one begins, None after the last."""
    rows = connection.execute(sql(connection, NEXT), here).all()
    wrapped, unopened = [], 0
    for row in rows:
        try:
            newest, data_key = keys.rewrap(row.message_id, here["key_id"], row.data_key)
        except CannotOpen:
            unopened += 1
            continue
        wrapped.append({"newest": newest, "data_key": data_key, "seq": row.seq, "key_id": here["key_id"]})
    if wrapped:
        connection.execute(sql(connection, WRAP), wrapped)
    following = rows[-1].seq if len(rows) == here["limit"] else None
    return following, Step(key_id=here["key_id"], rewrapped=len(wrapped), unopened=unopened)
