"""A connection to one vendor, kept from one exchange to the next, and the one answer to how far an exchange came.

What it raises says whether a byte left this machine: :class:`errors.NotSent` before, :class:`errors.OutcomeUnknown`
after. After anything but a whole answer it is closed: what still came on it would be taken for the answer to another
message. No error quotes the vendor.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hms_syn import errors
from hms_syn.adapters import dialing, tls
from hms_syn.adapters.deadline import BoundedSocket, TooMuchError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from hms_syn.adapters.deadline import Deadline

Answer = TypeVar("Answer")


class Place(NamedTuple):
    """Where a connection leads, and whether TLS is spoken there."""

    host: str
    port: int
    encrypted: bool


class NoWholeAnswerError(Exception):
    """The peer's bytes are no whole answer of its protocol; code and text say why, and quote none of them."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(slots=True, kw_only=True)
class KeptConnection:
    """For one thread at a time; opened when it is first needed.

    ``place`` says where it leads, and may refuse; ``what`` is what is handed over, as people call it. Idle for longer
    than ``idle_seconds`` it is not used again: the other side, or what stands between, may have forgotten it.
    """

    place: Callable[[], Place]
    allow_private: tuple[str, ...]
    timeout: float
    cert: tuple[str | None, str | None]
    idle_seconds: float
    what: str
    _context: ssl.SSLContext | None = field(default=None, init=False)
    _sock: BoundedSocket | None = field(default=None, init=False)
    _idle_since: float = field(default=0.0, init=False)

    def exchange(
        self, talk: Callable[[BoundedSocket], tuple[Answer, bool]], *, deadline: Deadline, budget: int
    ) -> Answer:
        """Let ``talk`` send and receive; return its answer. It says too whether the connection may be used again.

        :raises errors.NotSent: no byte left · :raises errors.OutcomeUnknown: something left, no whole answer came
        :raises errors.LoginRefused: the peer does not accept our certificate, and has looked at nothing else
        """
        sock = self._sock = self._connected(deadline)
        sock.begin(deadline=deadline, budget=budget)
        keep = False
        try:
            answer, keep = talk(sock)
        except TimeoutError:
            raise self._failed("timeout", f"No whole answer came within {self.timeout:g} s.") from None
        except NoWholeAnswerError as error:
            if not sock.heard and tls.refuses_us(sock.last_word(error)):
                raise tls.certificate_refused() from None
            raise self._failed(error.code, error.text) from None
        except OSError as error:
            if not sock.heard and (tls.refuses_us(error) or tls.refuses_us(sock.last_word(error))):
                raise tls.certificate_refused() from None
            raise self._failed("reset", f"The connection broke ({type(error).__name__}).") from None
        except TooMuchError:
            raise self._failed("too_large", "The answer is larger than the job allows.") from None
        finally:
            if not keep:
                self.close()
        self._idle_since = time.monotonic()
        return answer

    def dial(self, deadline: Deadline) -> BoundedSocket:
        """Return a new connection, behind TLS where that is spoken, which is the caller's own.

        :raises errors.NotSent: it cannot be reached · :raises errors.LoginRefused: as :meth:`exchange` does
        """
        host, port, encrypted = self.place()
        if encrypted and self._context is None:
            self._context = tls.context(*self.cert)
        context = self._context if encrypted else None
        return BoundedSocket(
            dialing.dial(host, port, allow_private=self.allow_private, deadline=deadline, context=context)
        )

    def close(self) -> None:
        """Give it back; a later exchange opens a new one."""
        if self._sock is not None:
            self._sock.disconnect()
            self._sock = None

    def _connected(self, deadline: Deadline) -> BoundedSocket:
        if self._sock is not None:
            if time.monotonic() - self._idle_since < self.idle_seconds and self._sock.is_quiet():
                return self._sock
            self.close()
        return self.dial(deadline)

    def _failed(self, code: str, text: str) -> errors.SynError:
        if self._sock is not None and self._sock.began:
            return errors.OutcomeUnknown(f"{text} The vendor may have the {self.what}.", code=code)
        return errors.NotSent(f"{text} No byte of the {self.what} left.", code=code)
