"""Payment gateways that other people wrote: Prism from an OpenAPI file, and mountebank with faults and a journal."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.peers.node import HERE, install

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START = 60.0
"""Seconds a server may take to start on a busy machine; it takes two or three."""


@contextmanager
def prism() -> Iterator[str]:
    """Run Prism on ``payments.openapi.yaml`` and yield its origin; it answers 401 and 422 as the file says."""
    command = ["node_modules/.bin/prism", "mock", "-h", "127.0.0.1", "-p", "{port}", "--errors"]
    with _serving([*command, "payments.openapi.yaml"], "Prism is listening on") as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def prism_before(gateway: str) -> Iterator[str]:
    """Run Prism in front of a gateway, and yield its origin: it holds requests and answers to the same file."""
    command = ["node_modules/.bin/prism", "proxy", "-h", "127.0.0.1", "-p", "{port}", "--errors"]
    with _serving([*command, "payments.openapi.yaml", gateway], "Prism is listening on") as port:
        _call("GET", f"http://127.0.0.1:{port}/health")  # its first answer takes as long as many later ones
        yield f"http://127.0.0.1:{port}"


@contextmanager
def mountebank() -> Iterator[Mountebank]:
    """Run mountebank and yield its console; every gateway on it ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["node_modules/.bin/mb", "--port", "{port}", "--host", "127.0.0.1", "--localOnly", "--nologfile"]
        command += ["--allowInjection"]  # payments.inject.js
        with _serving([*command, "--pidfile", f"{folder}/mb.pid"], "now taking orders") as port:
            yield Mountebank(f"http://127.0.0.1:{port}")


@dataclass(frozen=True)
class Mountebank:
    """Its console, which makes gateways and remembers what each was asked."""

    origin: str

    def gateway(self, *responses: dict[str, Any]) -> Gateway:
        """Make a gateway that gives these responses in turn, the first again after the last."""
        return self._made([{"responses": responses}])

    def remembering_gateway(self) -> Gateway:
        """Make a gateway that keeps payments, as ``payments.inject.js`` says."""
        return self._made([_remembering()])

    def _made(self, stubs: Sequence[Any]) -> Gateway:
        imposter = {"protocol": "http", "host": "127.0.0.1", "recordRequests": True, "stubs": stubs}
        made = _call("POST", f"{self.origin}/imposters", imposter)
        return Gateway(f"http://127.0.0.1:{made['port']}", f"{self.origin}/imposters/{made['port']}")


@dataclass(frozen=True)
class Gateway:
    """One gateway: where it listens, and where mountebank keeps its journal."""

    origin: str
    console: str

    def journal(self) -> list[dict[str, Any]]:
        """Return every request that arrived, in order, with header names in lower case."""
        arrived = _call("GET", self.console)["requests"]
        return [{**each, "headers": {name.lower(): text for name, text in each["headers"].items()}} for each in arrived]

    def begin_anew(self) -> None:
        """Forget the journal, and what a remembering gateway keeps."""
        _call("POST", f"{self.origin}/forget")
        _call("DELETE", f"{self.console}/savedRequests")

    def answer_first(self, *stubs: Any) -> None:
        """Let a remembering gateway answer by these stubs where one fits."""
        _call("PUT", f"{self.console}/stubs", {"stubs": [*stubs, _remembering()]})

    def ask(self, path: str, body: Any = None, **headers: str) -> Any:
        """Ask the gateway itself, as somebody else does."""
        return _call("GET" if body is None else "POST", f"{self.origin}{path}", body, **headers)


def answer(body: Any, status: int = 200, *, wait: int = 0, **headers: str) -> dict[str, Any]:
    """Build a response; ``wait`` is milliseconds."""
    said = {"statusCode": status, "headers": {"Content-Type": "application/json", **headers}, "body": json.dumps(body)}
    return {"is": said, **({"behaviors": [{"wait": wait}]} if wait else {})}


def fault(name: str) -> dict[str, Any]:
    """Build a fault: ``CONNECTION_RESET_BY_PEER`` or ``RANDOM_DATA_THEN_CLOSE``."""
    return {"fault": name}


def _remembering() -> dict[str, Any]:
    return {"responses": [{"inject": (HERE / "payments.inject.js").read_text(encoding="utf-8")}]}


@contextmanager
def _serving(command: Sequence[str], word: str) -> Iterator[int]:
    """Start a Node.js server on a free port and wait until it says the word."""
    install()
    said = ""
    for _ in range(3):
        port = _free_port()
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
            words = ["node", *(part.replace("{port}", str(port)) for part in command)]
            with subprocess.Popen(words, cwd=HERE, stdout=out, stderr=subprocess.STDOUT) as process:
                try:
                    if _says(out, word, process):
                        yield port
                        return
                    out.seek(0)
                    said = out.read()
                finally:
                    process.terminate()
    message = f"{command[0]} did not start: {said}"
    raise RuntimeError(message)


def _says(out: Any, word: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait for the word; False when the server has ended, as it does when somebody else has taken its port."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        out.seek(0)
        if word in out.read():
            return True
        time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _call(method: str, url: str, body: Any = None, **headers: str) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    request = urllib.request.Request(url, raw, named, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
