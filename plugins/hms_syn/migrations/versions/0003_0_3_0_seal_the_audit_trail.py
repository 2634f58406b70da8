"""The tree over the audit trail: its heads, and where the sealer goes on. What is there already is sealed later.

The rows of the trail stay as they are: their hashes are the tree's leaves.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TRIGGERS = {
    "postgresql": (
        """CREATE FUNCTION hms_syn_tree_head_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'hms_syn_tree_head is append-only'; END $$""",
        """CREATE TRIGGER hms_syn_tree_head_rows BEFORE UPDATE OR DELETE ON hms_syn_tree_head
        FOR EACH ROW EXECUTE FUNCTION hms_syn_tree_head_is_append_only()""",
        """CREATE TRIGGER hms_syn_tree_head_all BEFORE TRUNCATE ON hms_syn_tree_head
        FOR EACH STATEMENT EXECUTE FUNCTION hms_syn_tree_head_is_append_only()""",
    ),
    "sqlite": (
        """CREATE TRIGGER hms_syn_tree_head_update BEFORE UPDATE ON hms_syn_tree_head
        BEGIN SELECT RAISE(ABORT, 'hms_syn_tree_head is append-only'); END""",
        """CREATE TRIGGER hms_syn_tree_head_delete BEFORE DELETE ON hms_syn_tree_head
        BEGIN SELECT RAISE(ABORT, 'hms_syn_tree_head is append-only'); END""",
    ),
}
VIEW = """CREATE VIEW hms_syn_tree_head_v AS
    SELECT size, first_seq, last_seq, root, at, note FROM hms_syn_tree_head"""
READ_ONLY = """CREATE TRIGGER {0}_read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION hms_syn_view_is_read_only()"""


def upgrade() -> None:
    """Add an empty tree."""
    op.create_table(
        "hms_syn_tree",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("peaks", sa.Text, nullable=False),
        sa.Column("horizon", sa.BigInteger),
        sa.Column("writers", sa.Text, nullable=False, server_default="[]"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hms_syn_tree_head",
        sa.Column("size", ID, primary_key=True, autoincrement=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    dialect = op.get_bind().dialect.name
    op.execute("INSERT INTO hms_syn_tree (id, size, last_seq, peaks) VALUES (1, 0, 0, '')")
    for statement in (*TRIGGERS[dialect], VIEW):
        op.execute(statement)
    if dialect == "postgresql":
        op.execute(READ_ONLY.format("hms_syn_tree_head_v"))


def downgrade() -> None:
    """Refuse: the heads would be gone, and with them what later checkpoints are compared with."""
    raise NotImplementedError("HMS-SYN's tables cannot go back to an older revision; restore a backup taken before")
