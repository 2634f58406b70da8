"""Looking into a message: its payload is shown to nobody before the record says to whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import ActRefused, Erased, UnknownMessage
from hms_syn.store import audit_trail
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hms_syn.ports import Act
    from hms_syn.store.keyring import Keyring

WITH_PAYLOAD = """SELECT message_id, topic, ordering_key, body, headers, salt, key_id, data_key, erased_at
                    FROM hms_syn_event WHERE message_id = :message_id"""


def view(connection: Connection, message_id: str, act: Act, keyring: Keyring) -> Mapping[str, Any]:
    """Put ``viewed`` on a message's record and return its payload, in one transaction.

    :raises UnknownMessage: no such message · :raises ActRefused: it was erased
    :raises CannotOpen: its key is missing, or it was altered; then nothing is noted, for nobody saw it
    """
    row = connection.execute(sql(connection, WITH_PAYLOAD), {"message_id": message_id}).one_or_none()
    if row is None:
        raise UnknownMessage(f"No message has the id '{message_id}'")
    if row.erased_at is not None:
        raise ActRefused(f"{message_id}: its payload was erased", code=Erased.code)
    words = keyring.open(row)
    entry = AuditEntry(
        at=moment(), actor=act.actor, event="viewed", message_id=message_id, detail={"reason": act.reason}
    )
    audit_trail.write(connection, [entry])
    return {
        "message_id": row.message_id,
        "topic": row.topic,
        "ordering_key": row.ordering_key,
        "headers": json.loads(words.headers),
        "payload": json.loads(words.body),
    }
