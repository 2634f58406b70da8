"""A server that says what it is told to, down to the byte, and remembers what it was asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn.adapters.soap.oracle_soap_v1 import OracleSoapV1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Pull, Push

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

    from hms_syn.ports import Credentials

LOOPBACK = ("127.0.0.0/8",)
PEERS = Path(__file__).parents[2] / "peers"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
COURT = "urn:county-court:calendar"
KEY = "6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11"

Script = bytes | Callable[[socket.socket], None]


@dataclass
class Liar:
    """Where it listens, and every request it read."""

    origin: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def liar(*scripts: Script, host: str = "127.0.0.1") -> Iterator[Liar]:
    """Answer each request with the next script, the last one for ever; a callable's connection is closed after it."""
    with listening(scripts, host=host) as state:
        yield state


@contextmanager
def tls_liar(context: ssl.SSLContext, *scripts: Script) -> Iterator[Liar]:
    """Do the same behind TLS."""
    with listening(scripts, context=context) as state:
        yield state


@contextmanager
def listening(
    scripts: Sequence[Script],
    *,
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    read: Callable[[socket.socket], bytes] | None = None,
) -> Iterator[Liar]:
    """Serve scripts to who speaks HTTP, or to whatever ``read`` reads one request of."""
    read = read or _request
    server = socket.create_server((host, 0))
    state = Liar(f"http://{host}:{server.getsockname()[1]}")
    left = list(scripts)

    def serve(conn: socket.socket) -> None:
        with conn, suppress(OSError):
            if context is not None:
                conn = context.wrap_socket(conn, server_side=True)
            while request := read(conn):
                state.requests.append(request)
                script = left.pop(0) if len(left) > 1 else left[0]
                if callable(script):
                    script(conn)
                    return
                conn.sendall(script)

    def accept() -> None:
        with suppress(OSError):
            while True:
                conn, _ = server.accept()
                state.connections += 1
                threading.Thread(target=serve, args=(conn,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def http(body: bytes | str = b"", *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """Build a whole HTTP answer."""
    raw = body.encode() if isinstance(body, str) else body
    size = len(raw) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + raw


def say(raw: bytes) -> Callable[[socket.socket], None]:
    """Send these bytes and close."""
    return lambda conn: conn.sendall(raw)


def drip(head: bytes, *, piece: bytes = b"x", pause: float = 0.1) -> Callable[[socket.socket], None]:
    """Send the head, then small pieces for ever."""

    def script(conn: socket.socket) -> None:
        conn.sendall(head)
        while True:
            conn.sendall(piece)
            time.sleep(pause)

    return script


def soap(body: str) -> str:
    """Put an envelope around a body."""
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


def scheduled(number: str = "COURT-1", disposition: str = "SCHEDULED") -> str:
    """Build the court's answer to ScheduleHearing."""
    return soap(
        f'<r:ScheduleHearingResponse xmlns:r="{COURT}"><r:ConfirmationNumber>{number}</r:ConfirmationNumber>'
        f"<r:Disposition>{disposition}</r:Disposition></r:ScheduleHearingResponse>"
    )


class MemoryPins:
    """Pins in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def pinned(self, job: str, name: str) -> bytes | None:
        return self.kept.get((job, name))

    def pin(self, job: str, name: str, body: bytes) -> None:
        self.kept[job, name] = body


def court_job(origin: str, **changes: Any) -> JobSpec:
    """Build the minimal job against a court whose WSDL lies in a file."""
    wanted: dict[str, Any] = {
        "id": "court",
        "name": "HUD → Court",
        "file": str(PEERS / "court.yaml"),
        "push_adapter": "oracle.soap.v1",
        "source_topics": ("hud.hearing.created",),
        "target_endpoint": f"{origin}/soap",
        "allow_private": LOOPBACK,
        "push": Push(request={"wsdl": "court.wsdl"}, timeout=0.6),
        "pull": Pull(publish_topic="court.hearing", request={"wsdl": "court.wsdl"}, timeout=0.6),
        **changes,
    }
    return JobSpec(**wanted)


def court(job: JobSpec, *, credentials: Credentials | None = None, pins: MemoryPins | None = None) -> OracleSoapV1:
    """Make the adapter for a job."""
    return OracleSoapV1(job, credentials, pins or MemoryPins())


def hearing(**payload: Any) -> Delivery:
    """Build a message about a hearing."""
    return Delivery(
        id=1,
        message_id="m-1",
        job="court",
        topic="hud.hearing.created",
        ordering_key="court",
        idempotency_key=KEY,
        attempt=0,
        payload=payload or {"case_id": "HUD-22-109", "date": "2024-09-02"},
        published_at="2024-08-01T00:00:00Z",
    )


def _request(conn: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    size = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < size:
        body += conn.recv(65536)
    return head + b"\r\n\r\n" + body
