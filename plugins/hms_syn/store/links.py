"""Whose message of ours a pulled record speaks of: it names the receipt, or the key that travelled with the message.

A link is a row ``pulled`` in the message's own audit chain, so the message's trace shows what the vendor said later;
and the record's event belongs to the message's trace.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.topic_event import OUR_IDS
from hms_syn.domain.trace_context import of_message
from hms_syn.store import audit_trail
from hms_syn.store.statements import among, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from hms_syn.domain.trace_context import TraceContext
    from hms_syn.ports import Words

    Link = tuple[str, str, str]

TOO_MANY = 10
"""A receipt that so many messages have, such as ``OK``, says of none of them which it is."""
BY_RECEIPT = {
    "postgresql": """SELECT w.word, ARRAY(SELECT s.message_id FROM hms_syn_settled s
                             WHERE s.reference = w.word AND s.job = :job LIMIT :limit) AS ids
                       FROM unnest(CAST(:words AS text[])) AS w(word)
                      WHERE EXISTS (SELECT 1 FROM hms_syn_settled s WHERE s.reference = w.word AND s.job = :job)""",
    "sqlite": """SELECT w.value AS word, (SELECT json_group_array(message_id) FROM
                   (SELECT s.message_id FROM hms_syn_settled s
                     WHERE s.reference = w.value AND s.job = :job LIMIT :limit)) AS ids
                   FROM json_each(:words) AS w
                  WHERE EXISTS (SELECT 1 FROM hms_syn_settled s WHERE s.reference = w.value AND s.job = :job)""",
}
BY_KEY = "SELECT message_id, body FROM hms_syn_event WHERE topic = :topic AND message_id {among}"
"""The announcement of a delivery is known by the delivery's key, and holds the id of its message."""
HEADERS = "SELECT seq, message_id, headers FROM hms_syn_event WHERE message_id {among}"
LINKED = "SELECT message_id, body FROM hms_syn_audit WHERE event = 'pulled' AND message_id {among}"


def wanted(connection: Connection, job: str, about: Words) -> list[Link]:
    """Return (message id, pulled event's id, by what) for each delivered message a record speaks of, if not noted yet.

    ``about`` has the words of each pulled event, by its id.
    """
    words = sorted({word for found in about.values() for word in found})
    if not words:
        return []
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in among(connection, BY_RECEIPT[connection.dialect.name], words, job=job, limit=TOO_MANY + 1):
        ids = row.ids if isinstance(row.ids, list) else json.loads(row.ids)
        named[row.word] += [(each, "receipt") for each in ids] if len(ids) <= TOO_MANY else []
    keys = {f"{OUR_IDS}{word}:delivered": word for word in words}
    for row in among(connection, BY_KEY, list(keys), topic=f"syn.{job}.delivered"):
        named[keys[row.message_id]].append((json.loads(row.body)["message_id"], "key"))
    links = {
        (message_id, event_id): by
        for event_id, found in about.items()
        for word in found
        for message_id, by in named.get(word, ())
    }
    if not links:
        return []
    there = {
        (row.message_id, json.loads(row.body).get("detail", {}).get("event"))
        for row in among(connection, LINKED, sorted({message_id for message_id, _ in links}))
    }
    return [(*link, by) for link, by in links.items() if link not in there]


def traces(connection: Connection, links: Iterable[Link]) -> dict[str, TraceContext]:
    """Return, by the pulled event's id, the trace of the message it speaks of; of several, the oldest one's."""
    about: dict[str, list[str]] = defaultdict(list)
    for message_id, event_id, _ in links:
        about[event_id].append(message_id)
    wanted_ids = sorted({message_id for ids in about.values() for message_id in ids})
    rows = {row.message_id: row for row in among(connection, HEADERS, wanted_ids)} if wanted_ids else {}
    oldest = {
        event_id: min((rows[each] for each in ids if each in rows), key=lambda row: row.seq, default=None)
        for event_id, ids in about.items()
    }
    return {event_id: of_message(row.message_id, row.headers) for event_id, row in oldest.items() if row is not None}


def write(connection: Connection, job: str, links: Iterable[Link]) -> None:
    """Note each link in its message's audit chain, in the caller's transaction."""
    at = moment()
    entries = [
        AuditEntry(
            at=at, actor="hms-syn", event="pulled", message_id=message_id, job=job,
            detail={"event": event_id, "by": by},
        )
        for message_id, event_id, by in links
    ]  # fmt: skip
    audit_trail.write(connection, entries)
