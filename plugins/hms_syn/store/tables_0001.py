"""The tables as revision 0001 made them, frozen: later revisions start from here, whatever store.tables says today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    false,
    text,
    true,
)

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")
ZERO = text("0")


def _table(name: str, *columns: SchemaItem, **options: Any) -> Table:
    return Table(f"hms_syn_{name}", metadata, *columns, sqlite_autoincrement=True, **options)


topic_event = _table(
    "event",  # append-only: what was published
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("topic", String(200), nullable=False),
    Column("agency", String(200), nullable=False),
    Column("ordering_key", String(200)),
    Column("body", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("salt", String(64), nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Index("hms_syn_event_topic", "topic", "seq"),
    Index("hms_syn_event_key", "ordering_key"),
)

delivery = _table(
    "delivery",  # open rows only; closed ones move to "settled"
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("event_seq", BigInteger, ForeignKey(topic_event.c.seq), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("job", String(100), nullable=False),
    Column("ordering_key", String(200), nullable=False),
    Column("idempotency_key", String(36), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=ZERO),
    UniqueConstraint("message_id", "job", name="hms_syn_delivery_once"),
    Index("hms_syn_delivery_lane", "job", "ordering_key", "id"),
)

lane = _table(
    "lane",  # one row per (job, ordering key) with open deliveries; lease, back-off and readiness are all ready_at
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("ordering_key", String(200), nullable=False),
    Column("ready_at", BigInteger, nullable=False),
    Column("owner", String(250)),
    Column("fence", BigInteger, nullable=False, server_default=ZERO),
    Column("reserved_until", BigInteger, nullable=False, server_default=ZERO),
    UniqueConstraint("job", "ordering_key", name="hms_syn_lane_once"),
    Index("hms_syn_lane_ready", "job", "ready_at", "id"),
    postgresql_with={"fillfactor": 70},
)

settled = _table(
    "settled",  # the archive: how each delivery ended, with the vendor's receipt
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("event_seq", BigInteger, ForeignKey(topic_event.c.seq), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("job", String(100), nullable=False),
    Column("ordering_key", String(200), nullable=False),
    Column("idempotency_key", String(36), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reference", String(2400)),  # a receipt is cut to 200 characters; made visible, each may take twelve
    Column("status", String(2400)),
    Column("code", String(100)),
    Column("settled_at", BigInteger, nullable=False),
    Index("hms_syn_settled_message", "message_id"),
    Index("hms_syn_settled_job", "job", "settled_at"),
    Index("hms_syn_settled_reference", "reference"),
)

attempt = _table(
    "attempt",  # one row before each send, closed with exactly one outcome
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("delivery_id", BigInteger, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("job", String(100), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("owner", String(250), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", String(20)),
    Column("code", String(100)),
    Column("note", Text),
    UniqueConstraint("delivery_id", "attempt", name="hms_syn_attempt_once"),
    Index("hms_syn_attempt_message", "message_id"),
    Index("hms_syn_attempt_owner", "owner"),
)

audit = _table(
    "audit",  # append-only by trigger
    Column("seq", Id, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("actor", String(250), nullable=False),
    Column("event", String(20), nullable=False),
    Column("message_id", String(200)),
    Column("job", String(100)),
    Column("attempt", Integer),
    Column("hash", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("hms_syn_audit_message", "message_id", "seq"),
)

chain = _table(
    "chain",  # each message's newest audit hash; locked while a row is appended
    Column("message_id", String(200), primary_key=True),
    Column("tip", String(64), nullable=False),
    postgresql_with={"fillfactor": 70},
)

job = _table(
    "job",  # what publishers and the doorbell need to know of a job, and its switch
    Column("job", String(100), primary_key=True),
    Column("name", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("ordering_key", Text),
    Column("payload_schema", Text),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("drain_owner", String(250)),
    Column("drain_until", BigInteger, nullable=False, server_default=ZERO),
    Column("rung_at", BigInteger, nullable=False, server_default=ZERO),
    Column("ring_wait", BigInteger, nullable=False, server_default=ZERO),
    Column("ring_cap", BigInteger, nullable=False),
    Column("registered_at", BigInteger, nullable=False),
)

registry = _table(
    "registry",  # one row; its version rises when what publishers must know changes
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

cursor = _table(
    "cursor",  # where each job's next pull goes on
    Column("job", String(100), primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
)

vendor = _table(
    "vendor",  # one row per endpoint that has been pinged
    Column("endpoint", String(500), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("strikes", Integer, nullable=False, server_default=ZERO),
    Column("since", BigInteger, nullable=False),
    Column("last_ok_at", BigInteger),
)

pin = _table(
    "pin",  # vendor contracts as first seen
    Column("job", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("pinned_at", BigInteger, nullable=False),
)

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
    ),
    "sqlite": (
        "INSERT INTO hms_syn_registry (id, version) VALUES (1, 1)",
        """CREATE TRIGGER hms_syn_audit_update BEFORE UPDATE ON hms_syn_audit
        BEGIN SELECT RAISE(ABORT, 'hms_syn_audit is append-only'); END""",
        """CREATE TRIGGER hms_syn_audit_delete BEFORE DELETE ON hms_syn_audit
        BEGIN SELECT RAISE(ABORT, 'hms_syn_audit is append-only'); END""",
    ),
}
MOMENT = {
    "postgresql": "to_timestamp({0} / 1000000.0)",
    "sqlite": "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', {0} / 1000000.0, 'unixepoch')",
}
VIEWS = (
    """CREATE VIEW hms_syn_delivery_v AS
    SELECT d.message_id, d.job, e.topic, COALESCE(NULLIF(d.ordering_key, ''), e.ordering_key) AS ordering_key,
           e.seq AS seq, d.state, d.attempts,
           CASE WHEN d.state = 'pending' AND d.attempts > 0 THEN {ready_at} END AS not_before,
           d.idempotency_key, {published_at} AS published_at, CAST(NULL AS {moment}) AS settled_at
      FROM hms_syn_delivery d
      JOIN hms_syn_event e ON e.seq = d.event_seq
      LEFT JOIN hms_syn_lane l ON l.job = d.job AND l.ordering_key = d.ordering_key
    UNION ALL
    SELECT s.message_id, s.job, e.topic, COALESCE(NULLIF(s.ordering_key, ''), e.ordering_key), e.seq, s.state,
           s.attempts, CAST(NULL AS {moment}), s.idempotency_key, {published_at}, {settled_at}
      FROM hms_syn_settled s JOIN hms_syn_event e ON e.seq = s.event_seq""",
    """CREATE VIEW hms_syn_attempt_v AS
    SELECT message_id, job, attempt, {started_at} AS started_at, {ended_at} AS ended_at, outcome
      FROM hms_syn_attempt""",
    """CREATE VIEW hms_syn_audit_v AS
    SELECT seq, at, actor, event, message_id, job, attempt, hash, body FROM hms_syn_audit""",
    """CREATE VIEW hms_syn_vendor_v AS
    SELECT j.job, j.endpoint, COALESCE(v.state, 'unknown') AS state, COALESCE(v.strikes, 0) AS strikes,
           {since} AS since, {last_ok_at} AS last_ok_at
      FROM hms_syn_job j LEFT JOIN hms_syn_vendor v ON v.endpoint = j.endpoint""",
)
VIEW_NAMES = ("hms_syn_delivery_v", "hms_syn_attempt_v", "hms_syn_audit_v", "hms_syn_vendor_v")
READ_ONLY = """CREATE TRIGGER {0}_read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION hms_syn_view_is_read_only()"""  # SQLite's views are read-only by themselves


def setup_statements(dialect: str) -> list[str]:
    """Return what create_all cannot say: first rows, triggers and views, in order, for one dialect.

    Percent signs are doubled, as a DDL element and a DBAPI with %-parameters want them.
    """
    moment = MOMENT[dialect]
    names = {
        "moment": {"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}[dialect],
        "ready_at": moment.format("l.ready_at"),
        "published_at": moment.format("e.published_at"),
        "settled_at": moment.format("s.settled_at"),
        "started_at": moment.format("started_at"),
        "ended_at": moment.format("ended_at"),
        "since": moment.format("v.since"),
        "last_ok_at": moment.format("v.last_ok_at"),
    }
    read_only = [READ_ONLY.format(view) for view in VIEW_NAMES] if dialect == "postgresql" else []
    return [*SETUP[dialect], *(view.format(**names) for view in VIEWS), *read_only]


for _dialect in SETUP:
    for _statement in setup_statements(_dialect):
        event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_dialect))
for _view in VIEW_NAMES:
    event.listen(metadata, "before_drop", DDL(f"DROP VIEW IF EXISTS {_view}"))
for _function in ("hms_syn_audit_is_append_only", "hms_syn_view_is_read_only"):
    event.listen(metadata, "after_drop", DDL(f"DROP FUNCTION IF EXISTS {_function}").execute_if(dialect="postgresql"))
