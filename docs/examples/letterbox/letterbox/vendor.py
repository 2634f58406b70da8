"""A letterbox on this machine that can behave badly: a pretend vendor for tests.

python -m letterbox.vendor 8090
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "letters-are-private"
ANSWERS = {
    "refusing": (422, {"error": "we do not like this letter"}),
    "busy": (503, {"error": "too many letters today"}),
    "locked": (401, {"error": "who are you?"}),
    "unproved": (201, {"status": "taken"}),
}


class Box(ThreadingHTTPServer):
    """The letterbox: what was posted, what came of it, and how it behaves."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.manner = "well"
        self.posted: list[tuple[str, str]] = []
        self.letters: dict[str, dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    def take(self, key: str, letter: Any) -> dict[str, Any]:
        """Keep a letter once; a repeat of its key is the same letter."""
        with self.lock:
            number = f"LB-{len(self.letters) + 1}"
            return self.letters.setdefault(key, {"number": number, "status": "taken", "letter": letter})

    def change(self, what: str) -> int:
        """Note that something has happened, for those who ask for changes; return its number."""
        with self.lock:
            self.changes.append({"number": len(self.changes) + 1, "what": what})
            return len(self.changes)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Box

    def do_POST(self) -> None:
        """Take a letter."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        self.server.posted.append((key, hashlib.sha256(body).hexdigest()))
        if self._is_well():
            kept = self.server.take(key, json.loads(body))
            self._say(201, {"number": kept["number"], "status": kept["status"]})

    def do_GET(self) -> None:
        """Tell of letters, of changes, or that we are here."""
        if not self._is_well():
            return
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/letters":
            found = self.server.letters.get(query["key"])
            self._say(200, {"letters": [{"number": found["number"], "status": found["status"]}] if found else []})
        elif address.path == "/changes":
            after, limit = int(query["after"]), int(query["limit"])
            self._say(200, {"changes": self.server.changes[after : after + limit]})
        else:
            self._say(200, {"status": "ok"})

    def log_message(self, *_: Any) -> None:
        """Stay silent."""

    def _is_well(self) -> bool:
        """Answer badly, if that is the manner of the day."""
        manner = self.server.manner
        if manner == "well" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            manner = "locked"
        if manner == "silent":
            self.server.closing.wait()
            self.close_connection = True
        elif manner != "well":
            self._say(*ANSWERS[manner])
        return manner == "well"

    def _say(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with Box(int(sys.argv[1])) as box:
        print(f"letterbox listening on http://127.0.0.1:{box.server_port}", flush=True)
        box.serve_forever()
