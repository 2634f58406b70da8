"""One MLLP connection: one message goes out between its marks, one answer comes back, and the next may go.

What it raises says whether a byte left this machine: :class:`errors.NotSent` before, :class:`errors.OutcomeUnknown`
after. After anything but a whole answer the connection is closed: what still came on it would be taken for the answer
to another message. No error quotes the vendor.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters import dialing, tls
from hms_syn.adapters.deadline import BoundedSocket, Deadline, TooMuchError
from hms_syn.domain import mllp_urls

if TYPE_CHECKING:
    import ssl

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.mllp_urls import Engine
    from hms_syn.ports import Credentials

IDLE_SECONDS = 60.0
"""A kept connection older than this is not used again: what stands between may have forgotten it without a word."""

_BEGIN, _END = b"\x0b", b"\x1c\r"
_PIECE = 64 * 1024


class _BadFrameError(Exception):
    """These bytes are no block of MLLP."""


class _CutShortError(Exception):
    """The peer ended the connection before its answer was whole."""


class Link:
    """A connection to one job's engine, for one thread at a time; opened when it is first needed."""

    def __init__(self, job: JobSpec, credentials: Credentials | None, *, timeout: float, max_bytes: int) -> None:
        self._endpoint, self._allow_private = job.target_endpoint, tuple(job.allow_private)
        extra = credentials.extra if credentials else {}
        self._cert: tuple[str | None, str | None] = (extra.get("client_cert"), extra.get("client_key"))
        self._timeout, self._max = timeout, max_bytes
        self._context: ssl.SSLContext | None = None
        self._sock: BoundedSocket | None = None
        self._idle_since = 0.0

    def exchange(self, message: bytes) -> bytes:
        """Send one message and return the answer, both without their marks.

        :raises errors.NotSent: no byte left · :raises errors.OutcomeUnknown: something left, no whole answer came
        :raises errors.LoginRefused: the peer does not accept our certificate
        :raises errors.ContractMismatch: the address is not one that this job may reach
        """
        deadline = Deadline(self._timeout)
        sock = self._sock = self._connected(deadline)
        sock.begin(deadline=deadline, budget=self._max + len(_BEGIN + _END))
        keep = False
        try:
            sock.sendall(_BEGIN + message + _END)
            answer, keep = _block(sock)
        except TimeoutError:
            raise _failed(sock, "timeout", f"No whole answer came within {self._timeout:g} s.") from None
        except OSError as error:
            if not sock.heard and (tls.refuses_us(error) or tls.refuses_us(sock.last_word(error))):
                raise tls.certificate_refused() from None
            raise _failed(sock, "reset", f"The connection broke ({type(error).__name__}).") from None
        except TooMuchError:
            raise _failed(sock, "too_large", "The answer is larger than the job allows.") from None
        except _CutShortError:
            code, text = ("truncated", "was cut short") if sock.heard else ("reset", "did not come: the peer hung up")
            raise _failed(sock, code, f"The answer {text}.") from None
        except _BadFrameError:
            raise _failed(sock, "bad_mllp", "The answer is not framed as MLLP.") from None
        finally:
            if not keep:
                self.close()
        self._idle_since = time.monotonic()
        return answer

    def connect(self) -> None:
        """Return once a connection of its own stands, behind TLS if the address says so; it is closed at once.

        :raises errors.NotSent: it cannot be reached · :raises errors.LoginRefused: as :meth:`exchange` does
        """
        self._dialed(Deadline(self._timeout)).disconnect()

    def close(self) -> None:
        """Give the connection back; a later message opens a new one."""
        if self._sock is not None:
            self._sock.disconnect()
            self._sock = None

    def _connected(self, deadline: Deadline) -> BoundedSocket:
        if self._sock is not None:
            if time.monotonic() - self._idle_since < IDLE_SECONDS and self._sock.is_quiet():
                return self._sock
            self.close()
        return self._dialed(deadline)

    def _dialed(self, deadline: Deadline) -> BoundedSocket:
        engine = _engine(self._endpoint)
        if engine.encrypted and self._context is None:
            self._context = tls.context(*self._cert)
        return BoundedSocket(
            dialing.dial(
                engine.host, engine.port, allow_private=self._allow_private, deadline=deadline, context=self._context
            )
        )


def _engine(endpoint: str) -> Engine:
    try:
        return mllp_urls.place(endpoint)
    except ValueError as error:
        raise errors.ContractMismatch(
            f"This address is refused: job.target_endpoint {error}.", code="url_refused"
        ) from None


def _block(sock: BoundedSocket) -> tuple[bytes, bool]:
    """Return what stands between the marks, and whether nothing stood behind them."""
    data = bytearray()
    while (end := data.find(_END)) < 0:
        piece = sock.receive(_PIECE)
        if not piece:
            raise _CutShortError
        data += piece
        if not data.startswith(_BEGIN):
            raise _BadFrameError
    return bytes(data[len(_BEGIN) : end]), end + len(_END) == len(data)


def _failed(sock: BoundedSocket, code: str, text: str) -> errors.SynError:
    if sock.began:
        return errors.OutcomeUnknown(f"{text} The vendor may have the message.", code=code)
    return errors.NotSent(f"{text} No byte of the message left.", code=code)
