"""One line of the audit trail, and how it is hashed.

``body`` is RFC 8785 canonical JSON with every column but ``seq`` and ``hash``, plus ``prev``, the hash of the same
message's previous row; ``hash`` is the hex SHA-256 of the byte 0x00 followed by the body's UTF-8 bytes, which is a leaf
hash of RFC 9162 section 2.1.1. Anyone can check a row with nothing but a SHA-256 tool.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.domain import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.topic_event import TopicEvent

_FLAT = frozenset({str, int, bool, type(None)})

EVENTS = frozenset(
    {
        "published",
        "queued",
        "attempt",
        "acked",
        "refused",
        "unknown",
        "not_sent",
        "stale",
        "delivered",
        "in_doubt",
        "dead_letter",
        "discarded",
        "replayed",
        "resolved",
        "viewed",
        "pulled",
        "paused",
        "resumed",
        "retired",
        "offline",
        "online",
        "erased",
        "sealed",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that happened, without any payload or secret: names, ids, codes, counts and digests only."""

    at: str
    actor: str
    event: str
    message_id: str | None = None
    job: str | None = None
    attempt: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.event not in EVENTS:
            raise ValueError(f"no audit event is called {self.event!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry as it is stored: the exact text that was hashed, and its hash."""

    entry: AuditEntry
    body: str
    hash: str


def published(event: TopicEvent, *, at: str) -> AuditEntry:
    """Return the entry that an event's chain begins with: its commitment, never its payload."""
    return AuditEntry(
        at=at,
        actor=event.agency,
        event="published",
        message_id=event.message_id,
        detail={"topic": event.topic, "commitment": event.commitment},
    )


def chain(entries: list[AuditEntry], tip: str | None) -> list[AuditRow]:
    """Hash entries of one message in order, the first onto ``tip``, the message's newest hash so far."""
    rows = []
    for entry in entries:
        body = body_of(entry, tip)
        tip = leaf_hash(body)
        rows.append(AuditRow(entry=entry, body=body, hash=tip))
    return rows


def body_of(entry: AuditEntry, prev: str | None) -> str:
    """Return the canonical text of an entry that follows ``prev``."""
    body: dict[str, Any] = {
        "actor": entry.actor,
        "at": entry.at,
        "attempt": entry.attempt,
        "event": entry.event,
        "job": entry.job,
        "message_id": entry.message_id,
        "prev": prev,
    }
    detail = entry.detail
    if not detail:
        return canonical_json.dumps_flat(body)
    body["detail"] = dict(detail)
    return (canonical_json.dumps_flat if _FLAT.issuperset(map(type, detail.values())) else canonical_json.dumps)(body)


def leaf_hash(body: str) -> str:
    """RFC 9162 leaf hash of a body, in hex."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()


def fault(row: Mapping[str, Any], tip: str | None) -> str | None:
    """Say what is wrong with a stored row that should follow ``tip``; None when nothing is."""
    if leaf_hash(row["body"]) != row["hash"]:
        return "its hash is not the hash of its body"
    try:
        body = json.loads(row["body"])
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return "its body is not JSON"
    for column in ("at", "actor", "event", "message_id", "job", "attempt"):
        if body.get(column) != row[column]:
            return f"its column {column!r} differs from what was hashed"
    if row["message_id"] is not None and body.get("prev") != tip:
        return "it does not follow the message's previous row"
    return None
