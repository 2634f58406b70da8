"""Tokens shared by everything in this process: one for each client, asked for by one at a time, renewed in time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from hms_syn.adapters.deadline import Deadline

MARGIN = 60.0
"""Seconds before a token's end from which a new one is asked for; a tenth of its life where that is less."""
RESPITE = 5.0
"""Seconds a token that is still good is used on where no new one could be had."""
MOST = 256
"""Tokens kept in this process; the eldest goes first. A changed secret leaves one behind."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, which is never shown, and for how many seconds it is good."""

    text: str = field(repr=False)
    lives: float


@dataclass(slots=True)
class _Request:
    """A request for a token that is under way, and what it came to."""

    done: threading.Event = field(default_factory=threading.Event)
    token: str = field(default="", repr=False)
    error: errors.TryAgain | errors.NeedsOfficer | None = None


class SharedToken:
    """One client's token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = ""
        self._renew_at = self._ends_at = 0.0
        self._under_way: _Request | None = None
        self._refusal: errors.LoginRefused | None = None
        self._refused_until = 0.0

    def get(self, ask: Callable[[], Token], deadline: Deadline) -> str:
        """Return a token that is good for a while; where there is none, ask for it, or wait for who is asking.

        What a request came to, good or bad, is the answer for all who waited for it. A login that was refused is not
        tried again before the time its refusal set.

        :raises errors.NotSent: none could be had in time · :raises errors.SynError: as ``ask`` does
        """
        while True:
            with self._lock:
                if self._text and time.monotonic() < self._renew_at:
                    return self._text
                self._raise_if_refused()
                request, is_mine = self._under_way or _Request(), self._under_way is None
                self._under_way = request
            if is_mine:
                self._ask(request, ask)
            else:
                _wait(request, deadline)
            if request.error is not None:
                raise _same(request.error) if not is_mine else request.error
            if request.token:
                return request.token

    def drop(self, text: str) -> None:
        """Forget this token, which the vendor has refused; a newer one stays."""
        with self._lock:
            if self._text == text:
                self._text = ""

    def _ask(self, request: _Request, ask: Callable[[], Token]) -> None:
        """Ask for a token and keep what comes; whatever happens, nobody waits for it any more afterwards."""
        began = time.monotonic()
        try:
            token = ask()
            with self._lock:
                self._keep(token, began)
            request.token = token.text
        except errors.NotSent as error:
            with self._lock:
                request.token = self._still_good()
            request.error = None if request.token else error
        except errors.LoginRefused as error:
            with self._lock:
                self._refusal, self._refused_until = error, time.monotonic() + (error.retry_after or 0)
            request.error = error
        except (errors.TryAgain, errors.NeedsOfficer) as error:
            request.error = error
        finally:
            with self._lock:
                self._under_way = None
            request.done.set()

    def _keep(self, token: Token, began: float) -> None:
        self._text, self._ends_at = token.text, began + token.lives
        self._renew_at = self._ends_at - min(MARGIN, token.lives / 10)
        self._refusal = None

    def _still_good(self) -> str:
        """Return the old token where it has not ended yet, and leave it at that for a while."""
        now = time.monotonic()
        if not self._text or now >= self._ends_at:
            return ""
        self._renew_at = min(now + RESPITE, self._ends_at)
        return self._text

    def _raise_if_refused(self) -> None:
        left = self._refused_until - time.monotonic()
        if self._refusal is not None and left > 0:
            raise errors.LoginRefused(str(self._refusal), code=self._refusal.code, retry_after=left)


_SHARED: dict[Hashable, SharedToken] = {}
_SHARED_LOCK = threading.Lock()


def shared(client: Hashable) -> SharedToken:
    """Return the one token of this client, the same for the whole process."""
    with _SHARED_LOCK:
        if client not in _SHARED and len(_SHARED) >= MOST:
            del _SHARED[next(iter(_SHARED))]
        return _SHARED.setdefault(client, SharedToken())


def forget_all() -> None:
    """Empty the process of tokens and refusals, as a test does when it starts."""
    with _SHARED_LOCK:
        _SHARED.clear()


def _wait(request: _Request, deadline: Deadline) -> None:
    try:
        done = request.done.wait(deadline.left())
    except TimeoutError:
        done = False
    if not done:
        raise errors.NotSent(
            "The token that is being asked for did not come in time; nothing was sent to the vendor.",
            code="token_timeout",
        )


def _same(error: errors.TryAgain | errors.NeedsOfficer) -> errors.SynError:
    """Return an error of its own for each thread that hears of it."""
    if isinstance(error, errors.TryAgain):
        return type(error)(str(error), code=error.code, retry_after=error.retry_after)
    return type(error)(str(error), code=error.code)
