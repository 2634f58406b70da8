"""The smallest adapter: a vendor that is a mailbox in this process, for tests and as an example to copy."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import mapping
from hms_syn.domain.ack import Ack, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins


@dataclass(slots=True)
class Mailbox:
    """What one pretend vendor has got (by idempotency key) and what it offers to a pull."""

    received: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


_MAILBOXES: dict[str, Mailbox] = {}
_MAILBOXES_LOCK = threading.Lock()


def mailbox(endpoint: str) -> Mailbox:
    """Return the mailbox behind this endpoint, the same one for the whole process."""
    with _MAILBOXES_LOCK:
        return _MAILBOXES.setdefault(endpoint, Mailbox())


def forget_all() -> None:
    """Empty the process of mailboxes, as a test does when it starts."""
    with _MAILBOXES_LOCK:
        _MAILBOXES.clear()


class InMemoryV1:
    """A vendor that accepts everything once; a repeat of a key gets the first receipt again."""

    idempotent = True

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del credentials, pins  # a mailbox asks for neither
        self._job = job
        self._mailbox = mailbox(job.target_endpoint)

    def send(self, message: Delivery) -> Ack:
        """Put the mapped message into the mailbox."""
        body = self._mapped(message)
        with self._mailbox.lock:
            self._mailbox.arrivals.append(message.idempotency_key)
            repeated = message.idempotency_key in self._mailbox.received
            self._mailbox.received.setdefault(message.idempotency_key, body)
            number = list(self._mailbox.received).index(message.idempotency_key) + 1
        return Ack(reference=f"MEM-{number}", status="duplicate" if repeated else "accepted")

    def preview(self, message: Delivery) -> bytes:
        """Return the mapped message as JSON."""
        return json.dumps(self._mapped(message)).encode()

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the records from position ``cursor`` on, a page at a time."""
        declared = self._job.pull.mapping if self._job.pull else None
        size = self._job.pull.page_size if self._job.pull else 100
        start = int(cursor or 0)
        with self._mailbox.lock:
            records = self._mailbox.records[start:]
        for first in range(0, max(len(records), 1), size):
            page = records[first : first + size]
            mapped = [dict(row) if declared is None else mapping.apply(declared, row, {}) for row in page]
            done = first + len(page)
            yield Page(records=tuple(mapped), cursor=str(start + done), more=done < len(records))

    def ping(self) -> None:
        """Return: a mailbox in this process is always there."""

    def check(self) -> list[tuple[str, str]]:
        """Return no problem: a mailbox takes any field."""
        return []

    def close(self) -> None:
        """Keep the mailbox: it belongs to the process."""

    def _mapped(self, message: Delivery) -> Mapping[str, Any]:
        declared = self._job.push.mapping if self._job.push else None
        return dict(message.payload) if declared is None else mapping.apply(declared, message.payload, message.meta)
