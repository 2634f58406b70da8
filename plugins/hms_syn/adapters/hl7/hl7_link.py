"""One MLLP connection: one message goes out between its marks, one answer comes back, and the next may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.kept_connection import KeptConnection, NoWholeAnswerError, Place
from hms_syn.domain import mllp_urls

if TYPE_CHECKING:
    from hms_syn.adapters.deadline import BoundedSocket
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

IDLE_SECONDS = 60.0
"""A kept connection older than this is not used again: what stands between may have forgotten it without a word."""

_BEGIN, _END = b"\x0b", b"\x1c\r"
_PIECE = 64 * 1024


class Link:
    """A connection to one job's engine, for one thread at a time; opened when it is first needed."""

    def __init__(self, job: JobSpec, credentials: Credentials | None, *, timeout: float, max_bytes: int) -> None:
        extra = credentials.extra if credentials else {}
        self._timeout, self._max = timeout, max_bytes
        self._connection = KeptConnection(
            place=lambda: _place(job.target_endpoint),
            allow_private=tuple(job.allow_private),
            timeout=timeout,
            cert=(extra.get("client_cert"), extra.get("client_key")),
            idle_seconds=IDLE_SECONDS,
            what="message",
        )

    def exchange(self, message: bytes) -> bytes:
        """Send one message and return the answer, both without their marks.

        :raises errors.NotSent: no byte left · :raises errors.OutcomeUnknown: something left, no whole answer came
        :raises errors.LoginRefused: the peer does not accept our certificate
        :raises errors.ContractMismatch: the address is not one that this job may reach
        """

        def talk(sock: BoundedSocket) -> tuple[bytes, bool]:
            sock.sendall(_BEGIN + message + _END)
            return _block(sock)

        budget = self._max + len(_BEGIN + _END)
        return self._connection.exchange(talk, deadline=Deadline(self._timeout), budget=budget)

    def connect(self) -> None:
        """Return once a connection of its own stands, behind TLS if the address says so; it is closed at once.

        :raises errors.NotSent: it cannot be reached · :raises errors.LoginRefused: as :meth:`exchange` does
        """
        self._connection.dial(Deadline(self._timeout)).disconnect()

    def close(self) -> None:
        """Give the connection back; a later message opens a new one."""
        self._connection.close()


def _place(endpoint: str) -> Place:
    try:
        engine = mllp_urls.place(endpoint)
    except ValueError as error:
        raise errors.ContractMismatch(
            f"This address is refused: job.target_endpoint {error}.", code="url_refused"
        ) from None
    return Place(engine.host, engine.port, encrypted=engine.encrypted)


def _block(sock: BoundedSocket) -> tuple[bytes, bool]:
    """Return what stands between the marks, and whether nothing stood behind them."""
    data = bytearray()
    while (end := data.find(_END)) < 0:
        piece = sock.receive(_PIECE)
        if not piece:
            code, text = ("truncated", "was cut short") if sock.heard else ("reset", "did not come: the peer hung up")
            raise NoWholeAnswerError(code, f"The answer {text}.")
        data += piece
        if not data.startswith(_BEGIN):
            raise NoWholeAnswerError("bad_mllp", "The answer is not framed as MLLP.")
    return bytes(data[len(_BEGIN) : end]), end + len(_END) == len(data)
