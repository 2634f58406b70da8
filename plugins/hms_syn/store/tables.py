"""The schema: every table, its indexes, the triggers that keep the audit trail append-only, and the views to read.

Times are microseconds since 1970 UTC by the database's own clock; the views show them as timestamps. What a worker
changes while it works is one small row per lane, so the cost of a claim does not grow with the backlog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
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
    false,
    true,
)

from hms_syn.store import after_create, views
from hms_syn.store.columns import ZERO, Id, from_zero, partial

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

metadata = MetaData()


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
    Column("key_id", String(40)),  # the key its data key is wrapped with; null is a payload in clear
    Column("data_key", String(100)),
    Column("erased_at", BigInteger),  # from then on there is no payload, header, salt or data key
    Column("routes", Integer, nullable=False, server_default=ZERO),  # how many jobs took it; our own news need none
    Index("hms_syn_event_topic", "topic", "seq"),
    partial("hms_syn_event_key", "ordering_key", where="ordering_key IS NOT NULL"),
    partial("hms_syn_event_untaken", "seq", where="routes = 0 AND agency <> 'hms-syn'"),
    partial("hms_syn_event_sealed", "key_id", "seq", where="key_id IS NOT NULL"),
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
    Column("endpoint", Text, nullable=False, server_default=""),  # where it was accepted for; an edit redirects nothing
    Column("epoch", Integer, nullable=False, server_default=ZERO),  # the rule of ordering it was accepted under
    UniqueConstraint("message_id", "job", name="hms_syn_delivery_once"),
    Index("hms_syn_delivery_lane", "job", "ordering_key", "id"),
)

lane = _table(
    "lane",  # one row per line of open deliveries; lease, back-off and readiness are all ready_at
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job", String(100), nullable=False),
    Column("ordering_key", String(200), nullable=False),
    Column("ready_at", BigInteger, nullable=False),
    Column("owner", String(250)),
    from_zero("fence"),
    from_zero("reserved_until"),
    Column("epoch", Integer, nullable=False, server_default=ZERO),  # lines of an older rule of ordering go first
    from_zero("acked"),  # deliveries up to here are settled
    UniqueConstraint("job", "ordering_key", "epoch", name="hms_syn_lane_once"),
    Index("hms_syn_lane_due", "job", "epoch", "ready_at", "id"),
    partial("hms_syn_lane_held", "job", where="owner IS NOT NULL"),
    partial("hms_syn_lane_stuck", "job", "id", where=f"ready_at >= {views.NEVER}"),  # an officer must act
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
    Index("hms_syn_settled_job", "job", "state", "settled_at"),  # what is counted and listed is read off it
    partial("hms_syn_settled_reference", "reference", where="reference IS NOT NULL"),
    partial("hms_syn_settled_aside", "job", "id", where="state = 'dead_letter'"),
    partial("hms_syn_settled_key", "ordering_key", where="ordering_key <> ''"),
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

tree = _table(
    "tree",  # one row: where the sealer goes on; its lock is the sealer's turn
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),  # rows sealed so far
    Column("last_seq", BigInteger, nullable=False),  # of the newest of them
    Column("peaks", Text, nullable=False),  # the tree as far as it must be known to grow, in hex
    Column("horizon", BigInteger),  # up to here rows may be sealed once these transactions have ended
    Column("writers", Text, nullable=False, server_default="[]"),
)

tree_head = _table(
    "tree_head",  # append-only by trigger: the tree over the audit trail each time it grew
    Column("size", Id, primary_key=True, autoincrement=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("note", Text, nullable=False),
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
    Column("paused_by", String(250)),
    Column("paused_reason", Text),
    Column("paused_until", BigInteger),  # a pause that ends by itself
    from_zero("switched_at"),  # when it was last paused or resumed
    Column("dag_paused", Boolean),  # Airflow's toggle as last seen, or set by us; null while there is no DAG
    Column("drain_owner", String(250)),
    from_zero("drain_until"),
    from_zero("rung_at"),
    from_zero("ring_wait"),
    Column("ring_cap", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False, server_default=ZERO),  # rises when the ordering key's expression changes
    from_zero("warm_until"),  # a worker listens for new messages till then
    Column("alerts", Text, nullable=False, server_default="{}"),  # the rules of its alerts, as its file has them
    Column("queue_age", BigInteger),  # of them, what statements compare with; null is no rule
    Column("silence", BigInteger),
    Column("maintenance", Text),  # its windows; null is none
    from_zero("held_until"),  # the end of the last window it was seen in
    Column("canary", Boolean, nullable=False, server_default=false()),  # after it, one message goes first
    from_zero("told"),  # Airflow was told of deliveries up to this event
    Column("registered_at", BigInteger, nullable=False),
    from_zero("retained_at"),  # retention has looked at all settled before
    from_zero("retained_id"),  # and, of that very time, up to here
    from_zero("retained_seq"),  # and at all it pulled up to here
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
    "vendor",  # one row per endpoint that is pinged: how it stands, how often it is asked, and when next
    Column("endpoint", String(2000), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("strikes", Integer, nullable=False, server_default=ZERO),  # failures in a row
    Column("successes", Integer, nullable=False, server_default=ZERO),  # good answers in a row
    Column("since", BigInteger, nullable=False),
    Column("last_ok_at", BigInteger),
    Column("pinged_at", BigInteger),
    Column("next_ping_at", BigInteger, nullable=False),
    Column("every", BigInteger, nullable=False),
    Column("code", String(100), nullable=False, server_default=""),  # of the last ping, where it failed
    Column("note", Text, nullable=False, server_default=""),
    Column("certificate_until", BigInteger),
    Index("hms_syn_vendor_due", "next_ping_at"),
    postgresql_with={"fillfactor": 50},
)

vendor_change = _table(
    "vendor_change",  # each time a vendor went offline or came back, and whether people have been told
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("endpoint", String(2000), nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("code", String(100), nullable=False),
    Column("note", Text, nullable=False),
    Column("jobs", Text, nullable=False),
    Column("told_at", BigInteger),
    partial("hms_syn_vendor_change_untold", "id", where="told_at IS NULL"),
)

gate = _table(
    "gate",  # one row per vendor that has failed or is paced: breaker, Retry-After and rate limit, for all its jobs
    Column("endpoint", String(2000), primary_key=True),
    Column("failures", Integer, nullable=False, server_default=ZERO),
    from_zero("open_until"),
    from_zero("next_at"),
    postgresql_with={"fillfactor": 50},
)

incident = _table(
    "incident",  # what is or was wrong with a job or a vendor, and what people were told of it
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("job", String(100), nullable=False, server_default=""),
    Column("endpoint", String(2000), nullable=False, server_default=""),
    Column("since", BigInteger),
    Column("opened_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("told_at", BigInteger),
    Column("told_count", Integer, nullable=False, server_default=ZERO),
    from_zero("try_at"),  # nobody tells before; a lease, then a back-off
    Column("tries", Integer, nullable=False, server_default=ZERO),
    Column("heard", Text, nullable=False, server_default="[]"),  # the notifiers that took what is being told
    Column("closed", Boolean, nullable=False, server_default=false()),  # over, and nothing is left to tell
    Index("hms_syn_incident_job", "job", "opened_at"),
    partial("hms_syn_incident_open", "id", where="NOT closed"),
    partial("hms_syn_incident_once", "kind", "job", "endpoint", where="cleared_at IS NULL", unique=True),
)

pin = _table(
    "pin",  # vendor contracts as first seen, and each job file as it was last sound
    Column("job", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("pinned_at", BigInteger, nullable=False),
)

after_create.attach(metadata)
