"""The listening socket: it knows its open connections, so that an end is an end for every client."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.server import BaseHTTPRequestHandler

    from hms_syn.sandbox.manners import ModeOf


class Listener(ThreadingHTTPServer, ABC):
    """One pretend vendor, one thread per connection."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], *, manners: ModeOf) -> None:
        self.manners = manners
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(address, handler)

    @abstractmethod
    def received(self) -> Mapping[str, Any]:
        """Everything the vendor knows, as JSON values."""

    @abstractmethod
    def page(self, *, still: bool) -> str:
        """Everything the vendor knows, as a page for people."""

    def is_up(self) -> bool:
        """Return False while the vendor pretends to be down."""
        return True

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was killed opens again at once
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


@contextmanager
def listening(server: Listener) -> Iterator[str]:
    """Serve in a thread of this process and give the address; at the end every connection is closed."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://{server.server_name}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
