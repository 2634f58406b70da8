"""The court's listening socket: it knows its open connections, so that an end is an end for every client."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.court_http import Handler

if TYPE_CHECKING:
    from hms_syn.sandbox.court_book import Court
    from hms_syn.sandbox.court_login import Login
    from hms_syn.sandbox.court_manners import Manners


class Server(ThreadingHTTPServer):
    """One court, one thread per connection."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], *, court: Court, login: Login | None, manners: Manners) -> None:
        self.court, self.login, self.manners = court, login, manners
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds."""
        socket.socket.bind(self.socket, self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a client that hangs up is no news here, and a traceback could show what it sent."""

    def server_close(self) -> None:
        """End every connection, also those that are being kept waiting."""
        self.stopping.set()
        super().server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
