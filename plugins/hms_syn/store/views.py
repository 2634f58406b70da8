"""The views that other programs may read: how each message stands, each attempt, the audit trail, why nothing moves.

Percent signs are doubled, as a DDL element and a DBAPI with %-parameters want them.
"""

from __future__ import annotations

NEVER = 9_000_000_000_000_000
"""When a lane is due that only an officer can open again: the year 2255."""
CLOCK = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}
"""The time in microseconds for a view, which whoever reads the database can ask."""
MOMENT = {
    "postgresql": "to_timestamp({0} / 1000000.0)",
    "sqlite": "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', {0} / 1000000.0, 'unixepoch')",
}
STALE = "v.pinged_at + 3 * v.every + 60000000 < {clock}"
"""True where nobody has pinged a vendor for three intervals and a minute: then nobody knows how it is."""
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
"""Why nothing moves: the head of line of each job, its key, the cause, and when it will be tried next."""
VIEWS = (
    """CREATE VIEW hms_syn_delivery_v AS
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
      FROM hms_syn_settled s JOIN hms_syn_event e ON e.seq = s.event_seq""",
    """CREATE VIEW hms_syn_attempt_v AS
    SELECT message_id, job, attempt, {started_at} AS started_at, {ended_at} AS ended_at, outcome
      FROM hms_syn_attempt""",
    """CREATE VIEW hms_syn_audit_v AS
    SELECT seq, at, actor, event, message_id, job, attempt, hash, body FROM hms_syn_audit""",
    """CREATE VIEW hms_syn_vendor_v AS
    SELECT j.job, j.endpoint, CASE WHEN {stale} THEN 'unknown' ELSE COALESCE(v.state, 'unknown') END AS state,
           COALESCE(v.strikes, 0) AS strikes, {since} AS since, {last_ok_at} AS last_ok_at,
           COALESCE(v.code, '') AS code, COALESCE(v.note, '') AS note, {pinged_at} AS pinged_at,
           {certificate_until} AS certificate_until
      FROM hms_syn_job j LEFT JOIN hms_syn_vendor v ON v.endpoint = j.endpoint""",
    HEAD,
    """CREATE VIEW hms_syn_tree_head_v AS
    SELECT size, first_seq, last_seq, root, at, note FROM hms_syn_tree_head""",
)
NAMES = (
    "hms_syn_head_v",
    "hms_syn_delivery_v",
    "hms_syn_attempt_v",
    "hms_syn_audit_v",
    "hms_syn_vendor_v",
    "hms_syn_tree_head_v",
)
READ_ONLY = """CREATE TRIGGER {0}_read_only INSTEAD OF INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION hms_syn_view_is_read_only()"""  # SQLite's views are read-only by themselves


def statements(dialect: str) -> list[str]:
    """Return what makes the views of one dialect, and on PostgreSQL keeps them read-only."""
    moment = MOMENT[dialect]
    names = {
        "moment": {"postgresql": "TIMESTAMPTZ", "sqlite": "TEXT"}[dialect],
        "clock": CLOCK[dialect],
        "stale": STALE.format(clock=CLOCK[dialect]),
        "never": str(NEVER),
        "open_until": moment.format("g.open_until"),
        "ready_at": moment.format("l.ready_at"),
        "published_at": moment.format("e.published_at"),
        "settled_at": moment.format("s.settled_at"),
        "started_at": moment.format("started_at"),
        "ended_at": moment.format("ended_at"),
        "since": moment.format("v.since"),
        "last_ok_at": moment.format("v.last_ok_at"),
        "pinged_at": moment.format("v.pinged_at"),
        "certificate_until": moment.format("v.certificate_until"),
    }
    read_only = [READ_ONLY.format(view) for view in NAMES] if dialect == "postgresql" else []
    return [*(view.format(**names) for view in VIEWS), *read_only]
