"""One kept connection to a vendor's SFTP server: exchanges with an end, and errors of ours for what goes wrong."""

from __future__ import annotations

import importlib
import stat
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import dialing
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.sftp import sftp_errors
from hms_syn.adapters.sftp.sftp_errors import Phase, StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.sftp.sftp_place import Door
    from hms_syn.adapters.sftp.sftp_wire import Client

_IDLE = 20.0
"""Seconds after which a kept connection is not trusted any more: many a firewall forgets it without a word."""


class Session:
    """A connection that is made when it is first needed, and kept.

    ``timeout`` is the seconds an exchange may take, connecting included. ``phase`` is set by whoever uses it, so that
    the loss of the line is read for what it means.
    """

    def __init__(self, door: Door, *, timeout: float) -> None:
        self.door = door
        self.phase = Phase.REACH
        self._timeout = timeout
        self._transport: Any = None
        self._client: Client | None = None
        self._used = 0.0

    @contextmanager
    def exchange(self, *, going_on: bool = False) -> Iterator[Client]:
        """Give the session's client for as long as the timeout; then the line is cut.

        ``going_on`` says that it must be the one of the exchange before, with the files that are open on it.

        :raises errors.SynError: as :func:`sftp_errors.meaning` reads what the library raised
        """
        wire = _wire()
        deadline, self.phase = Deadline(self._timeout), Phase.REACH
        cut = threading.Timer(self._timeout, self._cut)
        cut.daemon = True
        cut.start()
        try:
            client = self._kept() if going_on else self._connected(wire, deadline)
            self.phase = Phase.ASK
            yield client
            self._used = time.monotonic()
        except errors.NotSent:
            self.close()
            raise
        except wire.RAISED as error:
            if not isinstance(error, StatusError):
                self.close()
            raise sftp_errors.meaning(error, self.phase) from None
        except errors.SynError:
            raise
        except BaseException:
            self.close()
            raise
        finally:
            cut.cancel()

    def look_at_folder(self, named: object) -> None:
        """Return if the server shows us the folder of a ``request``.

        :raises errors.ContractMismatch: there is none (``no_folder``) · :raises errors.SynError: as :meth:`exchange`
        """
        with self.exchange() as sftp:
            there = sftp.look(self.door.folder(named))
            if there is None or (there.st_mode is not None and not stat.S_ISDIR(there.st_mode)):
                raise StatusError(sftp_errors.NO_SUCH_FILE)

    def close(self) -> None:
        """Give the connection back."""
        transport, self._transport, self._client = self._transport, None, None
        if transport is not None:
            with suppress(Exception):
                transport.close()

    def _kept(self) -> Client:
        if self._client is None or not self._transport.is_active():
            raise sftp_errors.line_lost()
        return self._client

    def _connected(self, wire: Any, deadline: Deadline) -> Client:
        is_fresh = time.monotonic() - self._used < _IDLE
        if self._client is not None and is_fresh and self._transport.is_active():
            return self._client
        self.close()
        place = self.door.place
        sock = dialing.dial(
            place.host, place.port, allow_private=self.door.allow_private, deadline=deadline, context=None
        )
        self._transport = wire.let_in(sock, self.door, deadline)
        client: Client | None = wire.Client.from_transport(self._transport)
        if client is None:
            raise errors.NotSent("The vendor's SSH server opens no SFTP session; nothing was sent.", code="ssh")
        self._client = client
        return client

    def _cut(self) -> None:
        """Close the line under the library, which then finds that it has lost its server."""
        transport = self._transport
        if transport is not None:
            with suppress(Exception):
                transport.close()


def _wire() -> Any:
    try:
        return importlib.import_module("hms_syn.adapters.sftp.sftp_wire")
    except ModuleNotFoundError:
        raise errors.ContractMismatch(
            "The library for SFTP is not installed; run: pip install hms-syn[sftp].", code="no_driver"
        ) from None
