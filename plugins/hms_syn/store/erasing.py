"""Erasing a message: its payload, headers, salt and data key are gone for good, and the record says who did it and why.

Its row stays, so that its id is known for ever and it cannot be published or pulled a second time; ids, keys and the
vendor's receipt stay with it. What is open is never erased under a worker's hands, and what was set aside still waits
for an officer: both are ended first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import State
from hms_syn.domain.topic_event import OURS
from hms_syn.errors import ActRefused, UnknownMessage
from hms_syn.store import audit_trail
from hms_syn.store.places import STANDS
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from hms_syn.ports import Act

DONE = frozenset({State.DELIVERED.value, State.DISCARDED.value})
HELD = "SELECT seq, agency, erased_at FROM hms_syn_event WHERE message_id = :message_id {keep}"
"""Whoever gives the message to another job locks the same row first, see officers.enqueue."""
EMPTY = """UPDATE hms_syn_event SET body = '', headers = '', salt = '', key_id = NULL, data_key = NULL,
                                    erased_at = {now} WHERE seq = :seq"""


def erase(connection: Connection, message_id: str, act: Act) -> bool:
    """Destroy a message's payload and note it, in the caller's transaction; False when it was erased before.

    :raises UnknownMessage: no such message
    :raises ActRefused: something of it is open or set aside, or it is the queue's own news
    """
    here = {"message_id": message_id}
    row = connection.execute(sql(connection, HELD), here).one_or_none()
    if row is None:
        raise UnknownMessage(f"No message has the id '{message_id}'; 'hms-syn trace' finds it by other words")
    if row.agency == OURS:
        raise ActRefused(f"{message_id}: is the queue's own news and holds no payload")
    if row.erased_at is not None:
        return False
    standing = connection.execute(sql(connection, STANDS), here).all()
    if not all(each.state in DONE for each in standing):
        raise ActRefused(
            f"{message_id}: {', '.join(f'{each.state} at {each.job}' for each in standing)}; discard or resolve it "
            "first, then erase it"
        )
    destroy(connection, row, act, message_id=message_id)
    return True


def destroy(connection: Connection, row: Row[Any], act: Act, *, message_id: str) -> None:
    """Destroy what was found fit for it, with its row locked, and note it."""
    connection.execute(sql(connection, EMPTY), {"seq": row.seq})
    entry = AuditEntry(
        at=moment(), actor=act.actor, event="erased", message_id=message_id, detail={"reason": act.reason}
    )
    audit_trail.write(connection, [entry])
