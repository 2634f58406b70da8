"""Looking into a message: its payload is shown to nobody before the record says to whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import UnknownMessage
from hms_syn.store import audit_trail
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hms_syn.ports import Act

WITH_PAYLOAD = "SELECT message_id, topic, ordering_key, headers, body FROM hms_syn_event WHERE message_id = :message_id"


def view(connection: Connection, message_id: str, act: Act) -> Mapping[str, Any]:
    """Put ``viewed`` on a message's record and return its payload, in one transaction.

    :raises UnknownMessage: no such message
    """
    row = connection.execute(sql(connection, WITH_PAYLOAD), {"message_id": message_id}).one_or_none()
    if row is None:
        raise UnknownMessage(f"No message has the id '{message_id}'")
    entry = AuditEntry(
        at=moment(), actor=act.actor, event="viewed", message_id=message_id, detail={"reason": act.reason}
    )
    audit_trail.write(connection, [entry])
    return {
        "message_id": row.message_id,
        "topic": row.topic,
        "ordering_key": row.ordering_key,
        "headers": json.loads(row.headers),
        "payload": json.loads(row.body),
    }
