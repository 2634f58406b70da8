"""A job as it runs: the frozen form of one YAML file. Times are seconds, sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hms_syn.domain.incident import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.maintenance import Window

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long a message waits between attempts; ``max_attempts`` None means for ever."""

    initial_delay: float = 5.0
    multiplier: float = 2.0
    max_delay: float = 900.0
    jitter: float = 0.2
    max_attempts: int | None = None


CALL_TIMEOUT, PING_TIMEOUT = 30.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How the vendor's health is watched."""

    interval: float = 30.0
    timeout: float = PING_TIMEOUT
    offline_after: int = 3
    online_after: int = 1
    request: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a vendor is left alone: after so many failures in a row, for so long; then one message tries first."""

    after: int = 5
    open_for: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The way out: from the bus to the vendor.

    ``schedule`` is ``on_event``, a number of seconds, or a cron expression. ``mapping`` None sends the payload as it
    is. ``schema`` is the JSON Schema itself, already read. ``success`` and ``ack`` hold JMESPath expressions on the
    vendor's answer. ``lease`` is never shorter than ``timeout``. ``concurrency`` is how many ordering keys may be in
    flight at a time. ``find`` says how to ask the vendor for one message. ``on_unknown`` is ``resend`` (with the same
    key), ``hold`` (for an officer), or ``resolve``: ask the vendor where ``find`` says how, else resend where the
    adapter's vendor knows a repeat by its key, else hold. ``rate_limit`` is messages per second; None is no limit.
    """

    schedule: str | float = "on_event"
    sweep: float = 60.0
    batch_size: int = 100
    concurrency: int = 1
    timeout: float = CALL_TIMEOUT
    lease: float = 60.0
    ordering_key: str | None = None
    max_response_bytes: int = 1024 * 1024
    request: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    mapping: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None
    success: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    ack: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    find: Mapping[str, Any] | None = None
    on_unknown: str = "resolve"
    rate_limit: float | None = None
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a pull goes on: ``field`` is read from each record, ``parameter`` carries it to the vendor."""

    field: str
    parameter: str
    initial: str | None = None
    overlap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """The way in: from the vendor to the bus. ``schedule`` is a number of seconds or a cron expression."""

    schedule: str | float = 300.0
    timeout: float = CALL_TIMEOUT
    page_size: int = 100
    publish_topic: str
    dedupe_key: str | None = None
    cursor: Cursor | None = None
    request: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    mapping: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """One way to tell people: a short name or a dotted path to a notifier's class, and what it is given."""

    type: str
    connection_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What people are told of, and how; ``silence`` and ``remind`` None mean never."""

    when: tuple[str, ...] = KINDS
    queue_age: float = 900.0
    silence: float | None = None
    remind: float | None = 14400.0
    notifiers: tuple[Notifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One plug: which topic goes to which vendor, and what comes back.

    ``file`` is the YAML file it was read from; relative paths inside ``request`` (a WSDL) are relative to its folder.
    ``on_refused`` is ``dead_letter`` (set aside, go on) or ``block`` (nothing behind it in its line goes out).
    ``retention`` is how many seconds the payload of a closed message is kept; None is for ever.
    """

    id: str
    name: str
    file: str
    description: str = ""
    owner: str = "hms-syn"
    docs_md: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    start_paused: bool = False
    push_adapter: str | None = None
    pull_adapter: str | None = None
    source_topics: tuple[str, ...] = ()
    target_endpoint: str
    connection_id: str | None = None
    allow_private: tuple[str, ...] = ()
    heartbeat: Heartbeat | None = field(default_factory=Heartbeat)
    push: Push | None = None
    pull: Pull | None = None
    retry: Retry = field(default_factory=Retry)
    on_refused: str = "dead_letter"
    alerts: Alerts = field(default_factory=Alerts)
    maintenance: tuple[Window, ...] = ()
    retention: float | None = None

    @property
    def delivered_topic(self) -> str:
        """Topic that says the vendor has one of this job's messages."""
        return f"syn.{self.id}.delivered"

    @property
    def push_dag_id(self) -> str:
        """Id of the DAG that drains this job's queue."""
        return f"syn.{self.id}.push"

    @property
    def pull_dag_id(self) -> str:
        """Id of the DAG that brings this job's statuses back."""
        return f"syn.{self.id}.pull"

    @property
    def pull_timeout(self) -> float:
        """Seconds that one call for records may take."""
        return self.pull.timeout if self.pull else CALL_TIMEOUT

    @property
    def ping_timeout(self) -> float:
        """Seconds that a ping may take, also of a vendor that is pinged by hand only."""
        return self.heartbeat.timeout if self.heartbeat else PING_TIMEOUT
