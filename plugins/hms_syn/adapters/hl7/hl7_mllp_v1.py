"""``hl7.mllp.v1``: a hospital's interface engine that takes HL7 v2 over MLLP.

The mapping says what stands where; the header is ours, and its control id, MSH-10, is the message's key. A message
counts as delivered only when the engine's acknowledgment names that key and says ``AA``, or what the job declares.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters.hl7 import hl7_answer, hl7_check, hl7_message, hl7_verdict
from hms_syn.adapters.hl7.hl7_link import Link
from hms_syn.domain.job_spec import Push

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.hl7.hl7_message import Kind
    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins


class Hl7MllpV1:
    """One job's engine; made without a look at the network."""

    idempotent = True  # an engine knows a repeat by MSH-10, and every attempt has the same bytes
    finds = False

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # the contract is the standard's
        self._job, self._credentials = job, credentials
        self._push = job.push or Push()
        self._link: Link | None = None

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return what its acknowledgment proves; raise as the port says otherwise."""
        written = hl7_message.build(self._kind, self._push, message)
        if self._link is None:
            self._link = self._linked(self._push.timeout)
        answer = hl7_answer.read(self._link.exchange(written))
        if answer.code == hl7_verdict.STORED:
            self._link.close()  # the application may still speak of this message, and not to be taken for the next one
        return hl7_verdict.receipt(answer, self._push, key=message.idempotency_key, attempt=message.attempt)

    def find(self, message: Delivery) -> Ack | None:
        """Raise: there is no question in MLLP, and ``finds`` says so."""
        del message
        raise errors.ContractMismatch("hl7.mllp.v1 cannot ask for a message: MLLP has no question.")

    def preview(self, message: Delivery) -> bytes:
        """Return the message that ``send`` would carry, without the marks of MLLP; nothing is sent."""
        return hl7_message.build(self._kind, self._push, message)

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Raise: an engine is not asked for records."""
        del cursor
        raise errors.ContractMismatch("hl7.mllp.v1 only pushes: MLLP has no question for records.")

    def ping(self) -> None:
        """Return if the engine takes a connection, with TLS where the address says so; no message is sent.

        :raises errors.NotSent: it does not · :raises errors.LoginRefused: it does not accept our certificate
        """
        self._linked(self._job.ping_timeout).connect()

    def check(self) -> list[tuple[str, str]]:
        """Return (dotted key, what is wrong and what to do) for all that can be seen without the engine."""
        return [(f"job.push.{key}", text) for key, text in hl7_check.problems(self._push)]

    def close(self) -> None:
        """Give the connection back."""
        if self._link is not None:
            self._link.close()

    @cached_property
    def _kind(self) -> Kind:
        """What the messages are, once it is sure that nothing is wrong with the job."""
        return hl7_check.refuse(self._push)

    def _linked(self, timeout: float) -> Link:
        return Link(self._job, self._credentials, timeout=timeout, max_bytes=self._push.max_response_bytes)
