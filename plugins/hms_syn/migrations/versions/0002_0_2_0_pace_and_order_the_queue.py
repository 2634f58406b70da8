"""Breakers, pace and health of vendors, lines under an older rule of order, where a delivery was accepted for.

What waits is kept: it is accepted for the endpoint its job has now, and its lines are of the present rule.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ZERO = sa.text("0")
ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PARTIAL = (
    ("hms_syn_event_key", "event", "ordering_key", "ordering_key IS NOT NULL"),
    ("hms_syn_event_untaken", "event", "seq", "routes = 0 AND agency <> 'hms-syn'"),
    ("hms_syn_lane_due", "lane", "job, epoch, ready_at, id", ""),
    ("hms_syn_lane_held", "lane", "job", "owner IS NOT NULL"),
    ("hms_syn_lane_stuck", "lane", "job, id", "ready_at >= 9000000000000000"),
    ("hms_syn_settled_reference", "settled", "reference", "reference IS NOT NULL"),
    ("hms_syn_settled_job", "settled", "job, state, settled_at", ""),
    ("hms_syn_settled_aside", "settled", "job, id", "state = 'dead_letter'"),
    ("hms_syn_vendor_due", "vendor", "next_ping_at", ""),
    ("hms_syn_vendor_change_untold", "vendor_change", "id", "told_at IS NULL"),
    ("hms_syn_settled_key", "settled", "ordering_key", "ordering_key <> ''"),
)
FILL = (
    """UPDATE hms_syn_delivery SET endpoint =
        COALESCE((SELECT endpoint FROM hms_syn_job j WHERE j.job = hms_syn_delivery.job), '')""",
    """UPDATE hms_syn_event SET routes =
        (SELECT COUNT(*) FROM hms_syn_delivery d WHERE d.event_seq = hms_syn_event.seq)
      + (SELECT COUNT(*) FROM hms_syn_settled s WHERE s.event_seq = hms_syn_event.seq)""",
    "UPDATE hms_syn_job SET told = COALESCE((SELECT MAX(seq) FROM hms_syn_event), 0)",
)
CLOCK = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}
MOMENT = {
    "postgresql": "to_timestamp({0} / 1000000.0)",
    "sqlite": "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', {0} / 1000000.0, 'unixepoch')",
}
STALE = "v.pinged_at + 3 * v.every + 60000000 < {clock}"
HEAD = """CREATE VIEW hms_syn_head_v AS
    SELECT j.job, d.message_id, d.ordering_key, d.attempts,
           CASE WHEN l.id IS NULL THEN 'idle'
                WHEN NOT j.enabled THEN 'off'
                WHEN j.paused THEN 'paused'
                WHEN d.state = 'in_doubt' THEN 'in_doubt'
                WHEN d.endpoint NOT IN ('', j.endpoint) THEN 'endpoint_changed'
                WHEN d.state = 'in_flight' AND l.ready_at > {clock} THEN 'sending'
                WHEN d.state = 'in_flight' THEN 'worker_lost'
                WHEN l.ready_at >= {never} THEN 'blocked'
                WHEN g.failures > 0 AND (g.open_until > {clock} OR l.ready_at > {clock}) AND EXISTS
                  (SELECT 1 FROM hms_syn_vendor v WHERE v.endpoint = j.endpoint AND v.state = 'offline'
                      AND NOT ({stale})) THEN 'vendor_offline'
                WHEN g.open_until > {clock} THEN 'vendor_rests'
                WHEN l.ready_at > {clock} THEN 'backing_off'
                WHEN g.next_at > {clock} THEN 'paced'
                ELSE 'due' END AS cause,
           (SELECT COALESCE(NULLIF(a.code, ''), a.outcome) FROM hms_syn_attempt a
             WHERE a.delivery_id = d.id ORDER BY a.attempt DESC LIMIT 1) AS code,
           CASE WHEN l.ready_at >= {never} THEN NULL
                WHEN g.open_until > l.ready_at THEN {open_until}
                ELSE {ready_at} END AS next_try,
           CASE WHEN l.ready_at < {never} THEN
                (CASE WHEN g.open_until > l.ready_at THEN g.open_until
                      WHEN g.next_at > l.ready_at THEN g.next_at ELSE l.ready_at END - {clock}) / 1000000.0
                END AS wait_s,
           COALESCE(g.failures, 0) AS failures
      FROM hms_syn_job j
      LEFT JOIN hms_syn_lane l ON l.id =
           (SELECT id FROM hms_syn_lane WHERE job = j.job ORDER BY epoch, ready_at, id LIMIT 1)
      LEFT JOIN hms_syn_delivery d ON d.id =
           (SELECT id FROM hms_syn_delivery WHERE job = l.job AND ordering_key = l.ordering_key AND epoch = l.epoch
             ORDER BY id LIMIT 1)
      LEFT JOIN hms_syn_gate g ON g.endpoint = j.endpoint"""
DELIVERY = """CREATE VIEW hms_syn_delivery_v AS
    SELECT d.message_id, d.job, e.topic, COALESCE(NULLIF(d.ordering_key, ''), e.ordering_key) AS ordering_key,
           e.seq AS seq, d.state, d.attempts,
           CASE WHEN d.state = 'pending' AND d.attempts > 0 THEN {ready_at} END AS not_before,
           d.idempotency_key, {published_at} AS published_at, CAST(NULL AS {moment}) AS settled_at
      FROM hms_syn_delivery d
      JOIN hms_syn_event e ON e.seq = d.event_seq
      LEFT JOIN hms_syn_lane l ON l.job = d.job AND l.ordering_key = d.ordering_key AND l.epoch = d.epoch
    UNION ALL
    SELECT s.message_id, s.job, e.topic, COALESCE(NULLIF(s.ordering_key, ''), e.ordering_key), e.seq, s.state,
           s.attempts, CAST(NULL AS {moment}), s.idempotency_key, {published_at}, {settled_at}
      FROM hms_syn_settled s JOIN hms_syn_event e ON e.seq = s.event_seq"""
VENDOR = """CREATE VIEW hms_syn_vendor_v AS
    SELECT j.job, j.endpoint, CASE WHEN {stale} THEN 'unknown' ELSE COALESCE(v.state, 'unknown') END AS state,
           COALESCE(v.strikes, 0) AS strikes, {since} AS since, {last_ok_at} AS last_ok_at,
           COALESCE(v.code, '') AS code, COALESCE(v.note, '') AS note, {pinged_at} AS pinged_at,
           {certificate_until} AS certificate_until
      FROM hms_syn_job j LEFT JOIN hms_syn_vendor v ON v.endpoint = j.endpoint"""
READ_ONLY = """CREATE TRIGGER {0}_read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION hms_syn_view_is_read_only()"""


def upgrade() -> None:
    """Add what paces and orders; fill it for what is there."""
    dialect = op.get_bind().dialect.name
    op.execute("DROP VIEW hms_syn_delivery_v")
    op.execute("DROP VIEW hms_syn_vendor_v")
    op.drop_table("hms_syn_vendor")  # no release has written to it
    for table, column in (
        ("event", sa.Column("routes", sa.Integer, nullable=False, server_default=ZERO)),
        ("delivery", sa.Column("endpoint", sa.Text, nullable=False, server_default="")),
        ("delivery", sa.Column("epoch", sa.Integer, nullable=False, server_default=ZERO)),
        ("lane", sa.Column("epoch", sa.Integer, nullable=False, server_default=ZERO)),
        ("lane", sa.Column("acked", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("epoch", sa.Integer, nullable=False, server_default=ZERO)),
        ("job", sa.Column("warm_until", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("alerts", sa.Text, nullable=False, server_default="{}")),
        ("job", sa.Column("queue_age", sa.BigInteger)),
        ("job", sa.Column("silence", sa.BigInteger)),
        ("job", sa.Column("maintenance", sa.Text)),
        ("job", sa.Column("held_until", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("canary", sa.Boolean, nullable=False, server_default=sa.false())),
        ("job", sa.Column("paused_by", sa.String(250))),
        ("job", sa.Column("paused_reason", sa.Text)),
        ("job", sa.Column("paused_until", sa.BigInteger)),
        ("job", sa.Column("switched_at", sa.BigInteger, nullable=False, server_default=ZERO)),
        ("job", sa.Column("dag_paused", sa.Boolean)),
        ("job", sa.Column("told", sa.BigInteger, nullable=False, server_default=ZERO)),
    ):
        op.add_column(f"hms_syn_{table}", column)
    op.create_table(
        "hms_syn_gate",
        sa.Column("endpoint", sa.String(2000), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("open_until", sa.BigInteger, nullable=False, server_default=ZERO),
        sa.Column("next_at", sa.BigInteger, nullable=False, server_default=ZERO),
        postgresql_with={"fillfactor": 50},
    )
    _incidents()
    _watch_vendors()
    for name in ("hms_syn_event_key", "hms_syn_lane_ready", "hms_syn_settled_job", "hms_syn_settled_reference"):
        op.execute(f"DROP INDEX {name}")
    with op.batch_alter_table("hms_syn_lane", table_kwargs={"sqlite_autoincrement": True}) as lane:
        lane.drop_constraint("hms_syn_lane_once", type_="unique")
        lane.create_unique_constraint("hms_syn_lane_once", ["job", "ordering_key", "epoch"])
    for name, table, columns, where in PARTIAL:
        op.execute(f"CREATE INDEX {name} ON hms_syn_{table} ({columns}) {'WHERE ' + where if where else ''}")
    for statement in FILL:
        op.execute(statement)
    for view, name in ((DELIVERY, "hms_syn_delivery_v"), (HEAD, "hms_syn_head_v"), (VENDOR, "hms_syn_vendor_v")):
        op.execute(_for(dialect, view))
        if dialect == "postgresql":
            op.execute(READ_ONLY.format(name))


def _incidents() -> None:
    """Make the table of what is wrong, and what was told of it."""
    op.create_table(
        "hms_syn_incident",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("job", sa.String(100), nullable=False, server_default=""),
        sa.Column("endpoint", sa.String(2000), nullable=False, server_default=""),
        sa.Column("since", sa.BigInteger),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("cleared_at", sa.BigInteger),
        sa.Column("told_at", sa.BigInteger),
        sa.Column("told_count", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("try_at", sa.BigInteger, nullable=False, server_default=ZERO),
        sa.Column("tries", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("heard", sa.Text, nullable=False, server_default="[]"),
        sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
        sqlite_autoincrement=True,
    )
    for name, columns, where in (
        ("INDEX hms_syn_incident_job", "job, opened_at", ""),
        ("INDEX hms_syn_incident_open", "id", "WHERE NOT closed"),
        ("UNIQUE INDEX hms_syn_incident_once", "kind, job, endpoint", "WHERE cleared_at IS NULL"),
    ):
        op.execute(f"CREATE {name} ON hms_syn_incident ({columns}) {where}")


def _watch_vendors() -> None:
    """Make the tables of the heartbeat."""
    op.create_table(
        "hms_syn_vendor",
        sa.Column("endpoint", sa.String(2000), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("successes", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("last_ok_at", sa.BigInteger),
        sa.Column("pinged_at", sa.BigInteger),
        sa.Column("next_ping_at", sa.BigInteger, nullable=False),
        sa.Column("every", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(100), nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("certificate_until", sa.BigInteger),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "hms_syn_vendor_change",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("endpoint", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("jobs", sa.Text, nullable=False),
        sa.Column("told_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Refuse: older releases do not know where a delivery was accepted for, and could send it elsewhere."""
    raise NotImplementedError("HMS-SYN's tables cannot go back to revision 0001; restore a backup taken before")


def _for(dialect: str, view: str) -> str:
    moment = MOMENT[dialect].replace("%%", "%")
    return view.format(
        moment={"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}[dialect],
        clock=CLOCK[dialect],
        stale=STALE.format(clock=CLOCK[dialect]),
        never=9_000_000_000_000_000,
        open_until=moment.format("g.open_until"),
        ready_at=moment.format("l.ready_at"),
        published_at=moment.format("e.published_at"),
        settled_at=moment.format("s.settled_at"),
        since=moment.format("v.since"),
        last_ok_at=moment.format("v.last_ok_at"),
        pinged_at=moment.format("v.pinged_at"),
        certificate_until=moment.format("v.certificate_until"),
    )
