"""The tree over the whole audit trail: what may be sealed, sealing it, and the heads that were stored.

Rows are leaves in the order of ``seq``, and a leaf's place never changes. On PostgreSQL ``seq`` is drawn before the
transaction commits, so a row may appear behind the newest one with a smaller number. Whoever inserts holds a ROW
EXCLUSIVE lock on the table from before the number is drawn until the transaction has ended. So: read the newest
number, and after it who holds such a lock. Rows up to that number are final once each of those transactions has ended;
nobody who begins later can draw a smaller one. No writer waits for this, or does anything for it. SQLite has one writer
at a time, whose numbers are committed in order.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.checkpoint import TreeHead
from hms_syn.domain.merkle_tree import GrowingTree
from hms_syn.domain.topic_event import OURS
from hms_syn.errors import AuditBroken
from hms_syn.store import audit_trail
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.store.transactions import Transactions

Sign = Callable[[TreeHead], str]
"""Makes the note that a head is stored with."""
AT_ONCE = 10_000
"""Rows a transaction seals: a fraction of a second, for which SQLite's other writers wait."""
READ_AT_ONCE = 20_000
PREPARED = "-1/"
"""How the name of a transaction begins that was prepared for a two-phase commit: it may be any that was open before."""
NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM hms_syn_audit"
WRITERS = """SELECT DISTINCT virtualtransaction FROM pg_locks
  WHERE locktype = 'relation' AND relation = 'hms_syn_audit'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
STATE = "SELECT size, last_seq, peaks, horizon, writers FROM hms_syn_tree WHERE id = 1"
NEXT = """SELECT seq, event, hash FROM hms_syn_audit WHERE seq > :after AND seq <= :until ORDER BY seq LIMIT :most"""
GROW = "UPDATE hms_syn_tree SET size = :size, last_seq = :last_seq, peaks = :peaks WHERE id = 1"
KEEP = "UPDATE hms_syn_tree SET horizon = :horizon, writers = :writers WHERE id = 1"
INSERT = """INSERT INTO hms_syn_tree_head (size, first_seq, last_seq, root, at, note)
  VALUES (:size, :first_seq, :last_seq, :root, :at, :note)"""
HEADS = "SELECT size, first_seq, last_seq, root, at, note FROM hms_syn_tree_head"
ROWS_OF = """SELECT seq, (SELECT COUNT(*) FROM hms_syn_audit b WHERE b.seq < a.seq) AS "index", event, body, hash
  FROM hms_syn_audit a WHERE message_id = :message_id ORDER BY seq"""
UNSEALED = """SELECT at FROM hms_syn_audit WHERE seq > (SELECT last_seq FROM hms_syn_tree WHERE id = 1)
    AND event <> 'sealed' ORDER BY seq LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Horizon:
    """A number, and the transactions that may still commit a smaller one."""

    seq: int
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of one store."""

    store: Transactions

    def horizon(self) -> Horizon:
        """Look how far the trail reaches, and whom to wait for; two transactions, in this order."""
        return Horizon(self.store.look(newest), self.store.look(writers))

    def is_final(self, horizon: Horizon) -> bool:
        """Tell whether every transaction has ended that could commit a row up to this horizon."""
        if not horizon.writers:
            return True
        now = self.store.look(writers)
        return not any(one in horizon.writers or one.startswith(PREPARED) for one in now)

    def kept(self) -> Horizon:
        """Return the horizon that an earlier sealer waited for in vain, or one that is sealed already."""
        return self.store.look(kept)

    def keep(self, horizon: Horizon) -> None:
        """Keep a horizon for the next sealer, so that it gets somewhere however many long transactions there are."""
        self.store.write(lambda connection: keep(connection, horizon))

    def grow(self, until: int, *, sign: Sign) -> TreeHead | None:
        """Seal the next rows in one transaction; see grow below."""
        return self.store.write(lambda connection: grow(connection, until, sign=sign))

    def head(self) -> TreeHead:
        """Return the newest head; that of an empty tree where nothing was sealed yet."""
        return self.store.look(head)

    def root_at(self, size: int) -> bytes | None:
        """Return the root of the head of so many rows, None where no such head was stored."""
        return TreeHead().root if size == 0 else self.store.look(lambda connection: root_at(connection, size))

    def heads(self) -> list[TreeHead]:
        """Return every head, oldest first."""
        return self.store.look(heads)

    def unsealed_since(self) -> str | None:
        """Return since when the oldest row waits to be sealed, None when there is nothing new."""
        return self.store.look(unsealed_since)

    def rows_of(self, message_id: str) -> list[dict[str, Any]]:
        """Return a message's rows with their places in the tree, oldest first."""
        return self.store.look(lambda connection: rows_of(connection, message_id))

    def leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        """Yield the ``seq`` and leaf hash of the first so many rows."""
        return leaves(self.store, size)


def newest(connection: Connection) -> int:
    """Return the newest row's number, 0 when there is none."""
    return int(connection.execute(sql(connection, NEWEST)).scalar_one())


def writers(connection: Connection) -> frozenset[str]:
    """Return the transactions that have begun to write to the trail and have not ended."""
    if connection.dialect.name != "postgresql":
        return frozenset()
    return frozenset(connection.execute(sql(connection, WRITERS)).scalars())


def kept(connection: Connection) -> Horizon:
    """Return what :func:`keep` kept."""
    row = connection.execute(sql(connection, STATE)).one()
    return Horizon(row.horizon or 0, frozenset(json.loads(row.writers)))


def keep(connection: Connection, horizon: Horizon) -> None:
    """Keep a horizon in the sealer's row."""
    given = {"horizon": horizon.seq, "writers": json.dumps(sorted(horizon.writers))}
    connection.execute(sql(connection, KEEP), given)


def grow(connection: Connection, until: int, *, sign: Sign) -> TreeHead | None:
    """Seal the next rows up to a number: tree, head and the row ``sealed``; None when nothing is new.

    The sealer's row is locked first, so two at once seal one after the other. What it costs grows with the new rows
    only. Rows that say ``sealed`` are sealed with others, and never for their own sake.

    :raises AuditBroken: the tree's own rows do not fit together, or a row's hash is none
    """
    state = connection.execute(sql(connection, STATE + " {lock}")).one()
    given = {"after": state.last_seq, "until": until, "most": AT_ONCE}
    rows = connection.execute(sql(connection, NEXT), given).all()
    if all(row.event == "sealed" for row in rows):
        return None
    tree = _tree(connection, state)
    for row in rows:
        tree.append(_leaf(row))
    found = TreeHead(size=tree.size, first_seq=rows[0].seq, last_seq=rows[-1].seq, root=tree.root(), at=moment())
    peaks = "".join(peak.hex() for peak in tree.peaks)
    connection.execute(sql(connection, GROW), {"size": tree.size, "last_seq": found.last_seq, "peaks": peaks})
    stored = {name: getattr(found, name) for name in ("size", "first_seq", "last_seq", "at")}
    connection.execute(sql(connection, INSERT), {**stored, "root": found.root.hex(), "note": sign(found)})
    detail = {"size": found.size, "root": found.root.hex(), "first_seq": found.first_seq, "last_seq": found.last_seq}
    audit_trail.write(connection, [AuditEntry(at=found.at, actor=OURS, event="sealed", detail=detail)])
    return found


def head(connection: Connection) -> TreeHead:
    """Return the newest head; that of an empty tree where there is none."""
    row = connection.execute(sql(connection, HEADS + " ORDER BY size DESC LIMIT 1")).one_or_none()
    return TreeHead() if row is None else _head(row)


def root_at(connection: Connection, size: int) -> bytes | None:
    """Return the root of the head of so many rows, or None."""
    row = connection.execute(sql(connection, HEADS + " WHERE size = :size"), {"size": size}).one_or_none()
    return None if row is None else _head(row).root


def heads(connection: Connection) -> list[TreeHead]:
    """Return every head, oldest first."""
    return [_head(row) for row in connection.execute(sql(connection, HEADS + " ORDER BY size"))]


def unsealed_since(connection: Connection) -> str | None:
    """Return the time of the oldest row that waits to be sealed."""
    return connection.execute(sql(connection, UNSEALED)).scalar_one_or_none()


def rows_of(connection: Connection, message_id: str) -> list[dict[str, Any]]:
    """Return a message's rows, each with its place: how many rows have smaller numbers."""
    rows = connection.execute(sql(connection, ROWS_OF), {"message_id": message_id})
    return [dict(row) for row in rows.mappings()]


def leaves(store: Transactions, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the first so many rows' numbers and hashes, some thousand in each transaction.

    :raises AuditBroken: a row's hash is none
    """
    after = 0
    while size > 0:
        page = store.look(lambda connection: _page(connection, after, min(size, READ_AT_ONCE)))  # noqa: B023 - called at once
        if not page:
            return
        yield from ((row.seq, _leaf(row)) for row in page)
        after, size = page[-1].seq, size - len(page)


def _page(connection: Connection, after: int, most: int) -> Sequence[Row[tuple[int, str, str]]]:
    until = newest(connection)
    return connection.execute(sql(connection, NEXT), {"after": after, "until": until, "most": most}).all()


def _tree(connection: Connection, state: Row[tuple[int, int, str, int | None, str]]) -> GrowingTree:
    """Return the tree as it was left; it must have the root of the newest head, or somebody has been at it."""
    newest_head = head(connection)
    try:
        peaks = bytes.fromhex(state.peaks)
        tree = GrowingTree(state.size, [peaks[at : at + 32] for at in range(0, len(peaks), 32)])
    except ValueError:
        tree = GrowingTree()
    if (tree.size, tree.root(), state.last_seq) != (newest_head.size, newest_head.root, newest_head.last_seq):
        raise AuditBroken(
            f"The sealer's own row does not fit the newest tree head, of {newest_head.size} rows; "
            "run 'hms-syn audit verify' with a checkpoint",
            seq=newest_head.last_seq,
        )
    return tree


def _leaf(row: Row[tuple[int, str, str]]) -> bytes:
    try:
        found = bytes.fromhex(row.hash)
    except ValueError:
        found = b""
    if len(found) != len(TreeHead().root):
        raise AuditBroken(f"seq {row.seq}: its hash is none", seq=row.seq)
    return found


def _head(row: Row[tuple[int, int, int, str, str, str]]) -> TreeHead:
    try:
        root = bytes.fromhex(row.root)
    except ValueError:
        raise AuditBroken(f"The tree head of {row.size} rows has no root", seq=row.first_seq) from None
    return TreeHead(size=row.size, first_seq=row.first_seq, last_seq=row.last_seq, root=root, at=row.at)
