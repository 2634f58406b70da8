"""What ``create_all`` cannot say: first rows, the triggers that keep the audit trail append-only, and the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import DDL, event

from hms_syn.store import views

if TYPE_CHECKING:
    from sqlalchemy import MetaData

FUNCTIONS = ("hms_syn_audit_is_append_only", "hms_syn_view_is_read_only", "hms_syn_tree_head_is_append_only")
SETUP = {
    "postgresql": (
        "INSERT INTO hms_syn_registry (id, version) VALUES (1, 1)",
        """CREATE FUNCTION hms_syn_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'hms_syn_audit is append-only'; END $$""",
        """CREATE TRIGGER hms_syn_audit_rows BEFORE UPDATE OR DELETE ON hms_syn_audit
        FOR EACH ROW EXECUTE FUNCTION hms_syn_audit_is_append_only()""",
        """CREATE TRIGGER hms_syn_audit_all BEFORE TRUNCATE ON hms_syn_audit
        FOR EACH STATEMENT EXECUTE FUNCTION hms_syn_audit_is_append_only()""",
        """CREATE FUNCTION hms_syn_view_is_read_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the hms_syn views are for reading'; END $$""",
        "INSERT INTO hms_syn_tree (id, size, last_seq, peaks) VALUES (1, 0, 0, '')",
        """CREATE FUNCTION hms_syn_tree_head_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'hms_syn_tree_head is append-only'; END $$""",
        """CREATE TRIGGER hms_syn_tree_head_rows BEFORE UPDATE OR DELETE ON hms_syn_tree_head
        FOR EACH ROW EXECUTE FUNCTION hms_syn_tree_head_is_append_only()""",
        """CREATE TRIGGER hms_syn_tree_head_all BEFORE TRUNCATE ON hms_syn_tree_head
        FOR EACH STATEMENT EXECUTE FUNCTION hms_syn_tree_head_is_append_only()""",
    ),
    "sqlite": (
        "INSERT INTO hms_syn_registry (id, version) VALUES (1, 1)",
        """CREATE TRIGGER hms_syn_audit_update BEFORE UPDATE ON hms_syn_audit
        BEGIN SELECT RAISE(ABORT, 'hms_syn_audit is append-only'); END""",
        """CREATE TRIGGER hms_syn_audit_delete BEFORE DELETE ON hms_syn_audit
        BEGIN SELECT RAISE(ABORT, 'hms_syn_audit is append-only'); END""",
        "INSERT INTO hms_syn_tree (id, size, last_seq, peaks) VALUES (1, 0, 0, '')",
        """CREATE TRIGGER hms_syn_tree_head_update BEFORE UPDATE ON hms_syn_tree_head
        BEGIN SELECT RAISE(ABORT, 'hms_syn_tree_head is append-only'); END""",
        """CREATE TRIGGER hms_syn_tree_head_delete BEFORE DELETE ON hms_syn_tree_head
        BEGIN SELECT RAISE(ABORT, 'hms_syn_tree_head is append-only'); END""",
    ),
}


def statements(dialect: str) -> list[str]:
    """Return what create_all cannot say: first rows, triggers and views, in order, for one dialect."""
    return [*SETUP[dialect], *views.statements(dialect)]


def attach(metadata: MetaData) -> None:
    """Have it made and removed with the tables: a first ``airflow db migrate`` builds from metadata."""
    for dialect in SETUP:
        for statement in statements(dialect):
            event.listen(metadata, "after_create", DDL(statement).execute_if(dialect=dialect))
    for view in views.NAMES:
        event.listen(metadata, "before_drop", DDL(f"DROP VIEW IF EXISTS {view}"))
    for function in FUNCTIONS:
        drop = DDL(f"DROP FUNCTION IF EXISTS {function}")
        event.listen(metadata, "after_drop", drop.execute_if(dialect="postgresql"))
