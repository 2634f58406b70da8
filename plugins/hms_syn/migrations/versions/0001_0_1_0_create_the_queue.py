"""The first tables: queue, bus, audit trail, switches.

A first ``airflow db migrate`` makes the newest tables from the metadata and stamps the newest revision; this one runs
only where tables without a version were found. No revision imports hms_syn.store.tables, which moves on.
"""

from __future__ import annotations

from alembic import op

from hms_syn.store import tables_0001 as tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, index, trigger and view."""
    tables.metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop everything; the audit trail goes with it."""
    tables.metadata.drop_all(op.get_bind())
