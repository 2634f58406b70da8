"""HMS-SYN as it would be without its audit trail, to see what the trail costs: no rows, no chain, no hashes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.ours import Ours
from benchmarks.workload import KEYS
from hms_syn.domain import audit_entry
from hms_syn.domain.audit_entry import AuditEntry, AuditRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.server import Database

NO_ROWS = """
CREATE FUNCTION nothing_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
DROP VIEW hms_syn_audit_v;
ALTER TABLE hms_syn_audit RENAME TO unused_audit;
ALTER TABLE hms_syn_chain RENAME TO unused_chain;
CREATE VIEW hms_syn_audit AS SELECT * FROM unused_audit;
CREATE VIEW hms_syn_chain AS SELECT message_id, 'none'::varchar AS tip FROM hms_syn_event;
CREATE TRIGGER nothing INSTEAD OF INSERT ON hms_syn_audit FOR EACH ROW EXECUTE FUNCTION nothing_is_kept();
CREATE TRIGGER nothing INSTEAD OF INSERT OR UPDATE ON hms_syn_chain FOR EACH ROW EXECUTE FUNCTION nothing_is_kept();
"""


class Unaudited(Ours):
    """The same queue; what it writes into the trail goes nowhere, and nothing is hashed."""

    name = "HMS-SYN without audit"

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        database.run(NO_ROWS)

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One event a call."""
        with _nothing_hashed():
            super().publish(count, keys=keys)

    def consume(self, count: int) -> None:
        """Send everything that waits."""
        with _nothing_hashed():
            super().consume(count)


@contextmanager
def _nothing_hashed() -> Iterator[None]:
    """Leave the hashing out, which nobody may do but one who weighs it."""
    whole = audit_entry.chain
    audit_entry.chain = _unchained
    try:
        yield
    finally:
        audit_entry.chain = whole


def _unchained(entries: list[AuditEntry], _tip: str | None) -> list[AuditRow]:
    return [AuditRow(entry=entry, body="", hash="none") for entry in entries]
