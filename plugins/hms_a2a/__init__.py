"""The agencies' bus: how a program publishes a fact, and reads what was published.

>>> from hms_a2a import Bus
>>> Bus("hud").publish_topic("hud.hearing.created", {"case_id": "HUD-22-109", "date": "2024-09-02"})  # doctest: +SKIP
'0b8f…'
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.store.sql_store import SqlStore

__all__ = ["Bus"]


class Bus:
    """One agency's door to the bus. Making it costs nothing; the database is opened at the first call.

    :param agency: the publisher's name, on the record of everything it publishes
    """

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def publish_topic(
        self,
        topic: str,
        payload: Mapping[str, Any],
        *,
        message_id: str | None = None,
        ordering_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        session: Any = None,
    ) -> str:
        """Publish a fact and return its message id once it is durable.

        The same ``message_id`` with the same payload is one message, however often it is published. With ``session``
        (an SQLAlchemy session or connection on the queue's database) the event joins the caller's transaction and is
        durable when that commits. A ``traceparent`` among the headers (W3C Trace Context) is the trace of the message
        up to what its vendors say; without one it gets a trace of its own.

        :raises InvalidEvent: the topic or payload cannot be accepted as it is
        :raises PayloadConflict: the message id is known with another payload
        :raises StoreUnavailable: the database did not answer, and nothing was accepted
        """
        from hms_syn.domain.topic_event import OURS, new_event  # noqa: PLC0415 - keeps `import hms_a2a` instant
        from hms_syn.errors import InvalidEvent  # noqa: PLC0415 - as above
        from hms_syn.flow.publish import publish  # noqa: PLC0415 - as above

        if self.agency == OURS:
            raise InvalidEvent(f"agency: '{OURS}' is the queue's own name; use yours")
        event = new_event(
            topic,
            payload,
            agency=self.agency,
            message_id=message_id,
            ordering_key=ordering_key,
            headers=headers,
        )
        publish(_store(), [event], connection=session)
        return event.message_id

    def read_topic(self, pattern: str, after: int | None = None, limit: int = 100) -> list[Mapping[str, Any]]:
        """Return events of matching topics in order; ``*`` in the pattern stands for any characters.

        Each is a mapping with ``seq``, ``message_id``, ``topic``, ``agency``, ``ordering_key``, ``payload``,
        ``headers``, ``published_at`` and ``traceparent``, its place in its trace. Give the last ``seq`` you have seen
        as ``after`` to go on from there. An event that cannot be read is named in the log and left out.
        """
        return _store().read(pattern, after=after or 0, limit=limit)


def _store() -> SqlStore:
    """Open the queue's database; inside Airflow ask Airflow's connections, elsewhere the environment."""
    from hms_syn import wiring  # noqa: PLC0415 - keeps `import hms_a2a` instant

    if "airflow.sdk" in sys.modules:
        from hms_syn.hooks.audit import store_url  # noqa: PLC0415 - only where Airflow is loaded already

        return wiring.open_store(store_url())
    return wiring.open_store()
