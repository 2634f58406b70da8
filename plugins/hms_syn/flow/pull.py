"""Pulling: a page's records and the cursor go onto the bus in one transaction, each record once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError

from hms_syn.domain.topic_event import canonical, new_event
from hms_syn.errors import ContractMismatch
from hms_syn.flow.publish import planned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter, Store


EXACT_INTEGER = 2**53


def pull(
    job: JobSpec, store: Store, adapter: Adapter, *, report: Callable[[int, int], None] = lambda _new, _seen: None
) -> int:
    """Bring everything since the stored cursor onto the bus; return how many records were new.

    Killed anywhere, it begins again at the last stored page: a record that was already published is known by its
    message id and is skipped. ``report`` hears (new, seen) after each page.
    """
    total = 0
    for page in adapter.pull(store.cursor(job.id)):
        events = [_event(job, record) for record in page.records]
        cursor = page.cursor
        new = planned(
            store,
            events,
            lambda version, routed, cursor=cursor: store.accept_page(job.id, version, routed, cursor=cursor),  # type: ignore[misc]
            check=False,
        )
        report(new, len(events))
        total += new
    return total


def _event(job: JobSpec, record: Mapping[str, Any]) -> TopicEvent:
    if job.pull is None:
        raise ContractMismatch(f"{job.id}: has no pull side")
    return new_event(
        job.pull.publish_topic,
        _exact(record),
        agency=job.id,
        message_id=f"{job.id}:{_identity(record, job.pull.dedupe_key)}",
    )


def _exact(value: Any) -> Any:
    """Return a vendor's value as JSON can carry it exactly: an integer beyond 2**53 travels as text."""
    if isinstance(value, dict):
        return {str(name): _exact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    if isinstance(value, int) and abs(value) > EXACT_INTEGER:
        return str(value)
    return value


def _identity(record: Mapping[str, Any], dedupe_key: str | None) -> str:
    """Digest of what makes a record itself: the declared key, or the whole record when none is declared."""
    identity: Any = _exact(record)
    if dedupe_key is not None:
        try:
            identity = jmespath.search(dedupe_key, _exact(record))
        except JMESPathError:
            raise ContractMismatch(
                f"job.pull.dedupe_key: {dedupe_key!r} does not fit a record of the vendor; name its fields, "
                "e.g. '[id, version]'"
            ) from None
        if identity is None:
            raise ContractMismatch(
                f"job.pull.dedupe_key: a record of the vendor has nothing at {dedupe_key!r}; "
                "name a field that every record has"
            )
    return hashlib.sha256(canonical(identity, what="record").encode()).hexdigest()[:40]
