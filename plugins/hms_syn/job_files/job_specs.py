"""From a sound job file to the frozen job that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.job_spec import Alerts, Breaker, Cursor, Heartbeat, JobSpec, Notifier, Pull, Push, Retry
from hms_syn.domain.maintenance import Window
from hms_syn.job_files import model, vendor_requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEASE = 60.0


def job_spec(section: model.JobSection, *, job_id: str, file: str, schema: Mapping[str, Any] | None) -> JobSpec:
    """Return the job, every default filled in."""
    return JobSpec(
        id=job_id,
        name=section.name,
        file=file,
        description=section.description,
        owner=section.owner,
        docs_md=section.docs_md,
        tags=tuple(dict.fromkeys(section.tags)),
        enabled=section.enabled,
        start_paused=section.start_paused,
        push_adapter=section.push_adapter,
        pull_adapter=section.pull_adapter,
        source_topics=tuple(dict.fromkeys(section.source_topic)),
        target_endpoint=section.target_endpoint,
        connection_id=section.connection_id,
        allow_private=section.allow_private,
        heartbeat=None if section.heartbeat is None else Heartbeat(**section.heartbeat.model_dump()),
        push=None if section.push_adapter is None else _push(section.push or model.PushSection(), schema),
        pull=None if section.pull_adapter is None else _pull(section, job_id),
        retry=Retry(**section.retry.model_dump()),
        on_refused=section.on_refused,
        alerts=_alerts(section.alerts),
        retention=section.retention.payload,
        maintenance=tuple(Window(**window.model_dump()) for window in section.maintenance),
    )


def _push(push: model.PushSection, schema: Mapping[str, Any] | None) -> Push:
    return Push(
        schedule=push.schedule,
        sweep=push.sweep,
        batch_size=push.batch_size,
        concurrency=push.concurrency,
        timeout=push.timeout,
        lease=max(_LEASE, push.timeout) if push.lease is None else push.lease,
        ordering_key=push.ordering_key,
        max_response_bytes=push.max_response_bytes,
        request=push.request,
        mapping=push.mapping,
        schema=schema,
        success=push.success,
        ack={key: value for key, value in push.ack.model_dump().items() if value is not None},
        find=None if push.find is None else push.find.model_dump(),
        on_unknown=push.on_unknown,
        rate_limit=push.rate_limit,
        breaker=Breaker(**push.breaker.model_dump()),
    )


def _pull(section: model.JobSection, job_id: str) -> Pull:
    pull = section.pull or model.PullSection()
    cursor = pull.cursor
    return Pull(
        schedule=pull.schedule,
        timeout=pull.timeout,
        page_size=pull.page_size,
        publish_topic=pull.publish_topic or f"syn.{job_id}.pulled",
        dedupe_key=pull.dedupe_key or vendor_requests.DEDUPE_KEYS.get(section.pull_adapter or ""),
        cursor=None
        if cursor is None
        else Cursor(
            field=cursor.field or "", parameter=cursor.parameter or "", initial=cursor.initial, overlap=cursor.overlap
        ),
        request=pull.request,
        mapping=pull.mapping,
    )


def _alerts(alerts: model.AlertsSection) -> Alerts:
    return Alerts(
        when=alerts.when,
        queue_age=alerts.queue_age,
        silence=alerts.silence,
        remind=alerts.remind,
        notifiers=tuple(Notifier(**notifier.model_dump()) for notifier in alerts.notifiers),
    )
