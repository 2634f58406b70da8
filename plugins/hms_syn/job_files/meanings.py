"""What each key of a job file means, in a sentence or two: for the reference, for editors, and for ``explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "version": "Version of this format.",
    "heartbeat_interval": "Short form of `job.heartbeat.interval`; it may also stand under `job`. Give one of them.",
    "job.name": "Required. The display name of the DAGs.",
    "job.id": "Id of the job, in DAG ids and topics. Default: the file's name without `.yaml`.",
    "job.description": "A sentence or two for the DAGs' documentation.",
    "job.owner": "Owner of the DAGs.",
    "job.docs_md": "Markdown shown above the generated documentation of the DAGs.",
    "job.tags": "Further tags of the DAGs.",
    "job.enabled": "`false` keeps the file and makes no DAGs; the queue still accepts.",
    "job.start_paused": "`true` makes new DAGs paused.",
    "job.push_adapter": "How messages go to the vendor. Push, pull or both must be named.",
    "job.pull_adapter": "How records come back from the vendor.",
    "job.source_topic": "Required with `push_adapter`: a topic, a pattern with `*`, or a list of them.",
    "job.target_endpoint": "Required. The vendor's address: a URL of HTTP, a database's, or an engine's.",
    "job.connection_id": "Airflow Connection that holds the credentials.",
    "job.allow_private": "Networks in private, loopback or link-local space that this job may reach.",
    "job.heartbeat_interval": "As above.",
    "job.on_refused": "A message that was refused: `dead_letter` sets it aside and goes on, `block` holds its line for "
    "an officer.",
    "job.heartbeat.interval": "How often the vendor is pinged.",
    "job.heartbeat.timeout": "How long a ping may take.",
    "job.heartbeat.offline_after": "Failures in a row that mean offline.",
    "job.heartbeat.online_after": "Good answers in a row that mean online.",
    "job.heartbeat.request": "The adapter's own; `path` is the page to ask for: by default `/health`, or a FHIR "
    "server's `metadata`.",
    "job.push.schedule": "`on_event`, a duration, or a cron expression of five fields.",
    "job.push.sweep": "An unanswered bell rings again at the latest after this.",
    "job.push.batch_size": "Messages a worker takes at a time.",
    "job.push.concurrency": "Ordering keys sent at a time; messages of one key go one by one in any case.",
    "job.push.timeout": "Total deadline of one call to the vendor.",
    "job.push.lease": "How long a worker may be silent about its message. Default: 1 minute, or `timeout` if longer.",
    "job.push.ordering_key": "JMESPath on the payload; messages with one key stay in order. Default: one line for all.",
    "job.push.max_response_bytes": "An answer larger than this is not read.",
    "job.push.request": "The adapter's own keys; see [adapters](adapters.md). `wsdl` or `openapi` names the vendor's "
    "contract, a file beside the job file.",
    "job.push.mapping": "Vendor's field: JMESPath on the payload. Default: the payload as it is.",
    "job.push.schema": "JSON Schema file for the payload, beside the job file; checked when a message is published.",
    "job.push.success": "Proof of acceptance: JMESPath on the answer, and its allowed value or values, or `present`.",
    "job.push.on_unknown": "When no clear answer came: `resend` with the same key, `hold` for an officer, or "
    "`resolve`: ask the vendor where `find` says how, else resend where it knows a repeat by its key, else hold.",
    "job.push.rate_limit": "Messages a second, a minute or an hour, for the whole job. Default: no limit.",
    "job.push.ack.reference": "JMESPath on the answer: the vendor's receipt.",
    "job.push.ack.status": "JMESPath on the answer: the vendor's status word.",
    "job.push.find.request": "Required in `find`. The adapter's own keys; see [adapters](adapters.md). `{key}` stands "
    "for the idempotency key, `{…}` for a field of the message as the vendor calls it.",
    "job.push.find.match": "Required in `find`. JMESPath on the answer: the record; nothing there, or an empty list, "
    "is a clear no.",
    "job.push.find.success": "Proof of acceptance, as in `push.success`, but on the record.",
    "job.push.breaker.after": "Failures in a row after which the vendor is left alone.",
    "job.push.breaker.open_for": "For how long; then one message tries first.",
    "job.pull.schedule": "A duration or a cron expression of five fields.",
    "job.pull.timeout": "Total deadline of one call to the vendor.",
    "job.pull.page_size": "Records asked for at a time, where the vendor has pages.",
    "job.pull.publish_topic": "Topic the records are published on. Default: `syn.<id>.pulled`.",
    "job.pull.dedupe_key": "JMESPath on a record: what makes it itself. Default: the whole record; for "
    "`sql.table.v1` also its place in the order and its cursor, for `fhir.r4.v1` type, id and version, for "
    "`sftp.csv.v1` file name, row and content.",
    "job.pull.request": "The adapter's own keys; see [adapters](adapters.md). `wsdl` or `openapi` names the vendor's "
    "contract, a file beside the job file.",
    "job.pull.mapping": "Field: JMESPath on a record. Default: the record as it is.",
    "job.pull.cursor.field": "Required in `cursor`, but for `sftp.csv.v1`. JMESPath on a record: how far "
    "this record reaches.",
    "job.pull.cursor.parameter": "Required in `cursor`, but for `sql.table.v1` and `sftp.csv.v1`. The vendor's "
    "input that takes the cursor.",
    "job.pull.cursor.initial": "What the first pull asks for.",
    "job.pull.cursor.overlap": "How far each pull reaches back before the cursor.",
    "job.alerts.when": "What people are told of; [alerts](../alerts.md) says when each begins and is over.",
    "job.alerts.queue_age": "An oldest message that is older than this is told.",
    "job.alerts.silence": "So long without an event is told. Default: never.",
    "job.alerts.remind": "How often people are told again while it lasts; `null` is never.",
    "job.alerts.notifiers.type": "Required. `smtp`, `slack`, `pagerduty`, `http`, or the dotted path of a class.",
    "job.alerts.notifiers.connection_id": "Airflow Connection that holds the credentials.",
    "job.alerts.notifiers.options": "What the notifier is given; see [alerts](../alerts.md#who-is-told).",
    "job.maintenance.from": "Required. When a window opens: `02:00`, `Sun 02:00` or `2026-12-24 18:00`.",
    "job.maintenance.to": "Required. When it closes, in the same form.",
    "job.maintenance.timezone": "IANA name of the zone whose clock is meant.",
    "job.retention.payload": "A payload is erased when its message has been delivered or discarded for so long; see "
    "[privacy](../privacy.md#retention). Default: never.",
    "job.retry.initial_delay": "Wait after the first failed try.",
    "job.retry.multiplier": "Each wait is so many times the one before.",
    "job.retry.max_delay": "No wait is longer.",
    "job.retry.jitter": "Part of a wait that chance decides, up or down.",
    "job.retry.max_attempts": "Tries until the message is set aside. Default: it is tried for ever.",
}
"""By the key's dotted path. Links lead from a page in ``docs/reference``."""
