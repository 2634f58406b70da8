"""An engine that says what it is told to, down to the byte, and a job for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.unit.adapters.liar import KEY, LOOPBACK, MemoryPins, listening

from hms_syn.adapters.hl7.hl7_mllp_v1 import Hl7MllpV1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Push

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator, Mapping

    from tests.unit.adapters.liar import Liar, Script

    from hms_syn.ports import Credentials

REQUEST = {"message_type": "ADT", "trigger_event": "A31", "message_structure": "ADT_A05"}
MAPPING = {"PID-3.1": "case_id", "PID-5.1": "name || `null`", "PV1-2": "'N'"}


class Told:
    """Where it listens, every message it read, and how often somebody called."""

    def __init__(self, served: Liar) -> None:
        self._served = served
        self.port, self.messages = int(served.origin.rpartition(":")[2]), served.requests

    @property
    def connections(self) -> int:
        return self._served.connections


@contextmanager
def engine(*scripts: Script, context: ssl.SSLContext | None = None) -> Iterator[Told]:
    """Answer each message with the next script, the last one for ever; a callable's connection is closed after it."""
    with listening(scripts, context=context, read=_message) as served:
        yield Told(served)


def _message(conn: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\x1c\r"):
        piece = conn.recv(65536)
        if not piece:
            return b""
        data += piece
    return data


def framed(text: str) -> bytes:
    return b"\x0b" + text.encode() + b"\x1c\r"


def ack(code: str = "AA", key: str = KEY, *more: str, number: str = "CHART-1", msa: str = "") -> bytes:
    """Build a framed acknowledgment; ``more`` are further segments."""
    header = f"MSH|^~\\&|CLINIC||HUD||20240801||ACK^A31^ACK|{number}|P|2.5.1"
    return framed("\r".join([header, f"MSA|{code}|{key}{msa}", *more, ""]))


def err(code: str, severity: str = "E") -> str:
    return f"ERR||PID^1^3|{code}^Ms Roe^HL70357|{severity}"


def engine_job(port: int, *, scheme: str = "mllp", host: str = "127.0.0.1", **push: Any) -> JobSpec:
    """Build a job for the engine at this port."""
    return JobSpec(
        id="hospital",
        name="HUD → Hospital",
        file="",
        push_adapter="hl7.mllp.v1",
        source_topics=("hud.eviction.ordered",),
        target_endpoint=f"{scheme}://{host}:{port}",
        allow_private=LOOPBACK,
        push=Push(**{"request": REQUEST, "mapping": MAPPING, "timeout": 0.6, **push}),
    )


def adapter_at(port: int, *, credentials: Credentials | None = None, **push: Any) -> Hl7MllpV1:
    """Make an adapter for the engine at this port."""
    return Hl7MllpV1(engine_job(port, **push), credentials, MemoryPins())


def tenant(payload: Mapping[str, Any] | None = None, **changes: Any) -> Delivery:
    """Build a message about a tenant."""
    wanted = {
        "id": 1,
        "message_id": "m-1",
        "job": "hospital",
        "topic": "hud.eviction.ordered",
        "ordering_key": "hospital",
        "idempotency_key": KEY,
        "attempt": 0,
        "payload": payload or {"case_id": "HUD-22-109"},
        "published_at": "2024-08-01T00:00:00.123456Z",
        **changes,
    }
    return Delivery(**wanted)
