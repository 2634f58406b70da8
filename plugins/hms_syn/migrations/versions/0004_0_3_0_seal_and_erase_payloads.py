"""Payloads sealed with a key of their own, erased, and kept no longer than a job's retention.

What waits and what is kept stays as it is, in clear, and is read as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ZERO = sa.text("0")


def upgrade() -> None:
    """Add what a sealed message needs, when it was erased, and how far retention has come."""
    for table, column in (
        ("event", sa.Column("key_id", sa.String(40))),
        ("event", sa.Column("data_key", sa.String(100))),
        ("event", sa.Column("erased_at", sa.BigInteger)),
        ("job", sa.Column("retained_at", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("retained_id", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("retained_seq", sa.BigInteger, nullable=False, server_default=ZERO)),
    ):
        op.add_column(f"hms_syn_{table}", column)
    op.execute("CREATE INDEX hms_syn_event_sealed ON hms_syn_event (key_id, seq) WHERE key_id IS NOT NULL")


def downgrade() -> None:
    """Refuse: older releases cannot read what is sealed, and would send nothing of it."""
    raise NotImplementedError("HMS-SYN's tables cannot go back to revision 0003; restore a backup taken before")
