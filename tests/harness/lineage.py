"""A lineage server of the test's own: it keeps the events that OpenLineage clients send it over HTTP."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lineage:
    """What has arrived so far."""

    def __init__(self) -> None:
        self.origin = ""
        self.events: list[dict[str, Any]] = []


@contextmanager
def listening_for_lineage() -> Iterator[Lineage]:
    """Listen for as long as the context lasts."""
    lineage = Lineage()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            lineage.events += told if isinstance(told, list) else [told]
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lineage.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield lineage
    finally:
        server.shutdown()
        server.server_close()
