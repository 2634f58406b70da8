"""The smallest adapter: a vendor that is a mailbox in this process, for tests and as an example to copy."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import mapping
from hms_syn.adapters.records import Reading
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.domain.ack import Page
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
    finds = True

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
            reference = self._reference(message)
        return Ack(reference=reference, status="duplicate" if repeated else "accepted")

    def find(self, message: Delivery) -> Ack | None:
        """Return the receipt of a message that is in the mailbox, known by its key."""
        with self._mailbox.lock:
            there = message.idempotency_key in self._mailbox.received
            return Ack(reference=self._reference(message), status="accepted") if there else None

    def preview(self, message: Delivery) -> bytes:
        """Return the mapped message as JSON."""
        return json.dumps(self._mapped(message)).encode()

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the records from position ``cursor`` on, a page at a time."""
        reading = Reading(self._job, cursor)
        size = self._job.pull.page_size if self._job.pull else 100
        start = int(cursor or 0)
        with self._mailbox.lock:
            records = self._mailbox.records[start:]
        for first in range(0, max(len(records), 1), size):
            page = records[first : first + size]
            done = first + len(page)
            yield replace(reading.page(page, more=done < len(records)), cursor=str(start + done))

    def ping(self) -> None:
        """Return: a mailbox in this process is always there."""

    def check(self) -> list[tuple[str, str]]:
        """Return no problem: a mailbox takes any field."""
        return []

    def close(self) -> None:
        """Keep the mailbox: it belongs to the process."""

    def _reference(self, message: Delivery) -> str:
        return f"MEM-{list(self._mailbox.received).index(message.idempotency_key) + 1}"

    def _mapped(self, message: Delivery) -> Mapping[str, Any]:
        declared = self._job.push.mapping if self._job.push else None
        return dict(mapping.of_message(declared, message))
