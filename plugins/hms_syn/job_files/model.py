"""The keys of a job file, each with the reader of its value; an unknown key is an error at every level.

Every key has a default, also the required ones: what must be there, and what must hold together, is said in
``rules``, so that one wrong key never hides another.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import core_schema

from hms_syn.domain import durations, incident
from hms_syn.job_files import names, values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Tells pydantic that this reader, and nothing else, makes the value, and what the file's schema says of it."""

    reader: Callable[[object], object]
    json: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.reader)

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> dict[str, Any]:
        return dict(self.json)


def _read(reader: Callable[[object], object], kind: str | list[str], **more: Any) -> _Read:
    return _Read(reader, {"type": kind, **more})


def _one_of(*choices: str) -> _Read:
    return _read(functools.partial(values.one_of, choices=choices), "string", enum=list(choices))


def _whole(lowest: int, highest: int) -> _Read:
    reader = functools.partial(values.count, lowest=lowest, highest=highest)
    return _read(reader, "integer", minimum=lowest, maximum=highest)


def _decimal(lowest: float, highest: float) -> _Read:
    reader = functools.partial(values.number, lowest=lowest, highest=highest)
    return _read(reader, "number", minimum=lowest, maximum=highest)


def _attempts(value: object) -> int | None:
    return None if values.is_nothing(value) else values.count(value, lowest=1, highest=1_000_000)


def _version(value: object) -> int:
    if value != "1":
        raise ValueError("the only version is 1")
    return 1


def _off(value: object) -> object:
    if isinstance(value, values.Plain) and value in ("true", "false"):
        return {} if value == "true" else None
    if isinstance(value, dict):
        return value
    raise ValueError("is neither false nor a map; write false, or keys such as interval below it")


Text: TypeAlias = Annotated[str, _read(values.text, "string")]
Line: TypeAlias = Annotated[str, _read(values.line, "string", maxLength=200)]
Flag: TypeAlias = Annotated[bool, _read(values.flag, "boolean")]
Expression: TypeAlias = Annotated[str | None, _read(values.optional, ["string", "null"])]
Duration: TypeAlias = Annotated[float, _read(values.duration, "string", pattern=durations.DURATION)]
Overlap: TypeAlias = Annotated[
    float, _Read(values.overlap, {"anyOf": [{"type": "string", "pattern": durations.DURATION}, {"const": 0}]})
]
Size: TypeAlias = Annotated[int, _read(values.size, "string", pattern=durations.SIZE)]
Lines: TypeAlias = Annotated[tuple[str, ...], _read(values.lines, "array", items={"type": "string"})]
FreeMap: TypeAlias = Annotated[dict[str, Any], _read(values.free_map, "object")]
TextMap: TypeAlias = Annotated[dict[str, Any], _read(values.text_map, "object")]
Never: TypeAlias = Annotated[
    float | None, _read(values.duration_or_never, ["string", "null"], pattern=durations.DURATION)
]
NotYet: TypeAlias = Annotated[None, _read(values.not_yet, "null")]
Page: TypeAlias = Annotated[int, _whole(1, 10_000)]


Kinds: TypeAlias = Annotated[
    tuple[str, ...],
    _Read(
        functools.partial(values.some_of, choices=incident.KINDS),
        {"type": "array", "items": {"enum": list(incident.KINDS)}},
    ),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HeartbeatSection(_Section):
    """How the vendor's health is watched."""

    interval: Duration = 30.0
    timeout: Duration = 5.0
    offline_after: Annotated[int, _whole(1, 1000)] = 3
    online_after: Annotated[int, _whole(1, 1000)] = 1
    request: FreeMap = Field(default_factory=dict)


class AckSection(_Section):
    """Where the vendor's receipt stands in its answer."""

    reference: Expression = None
    status: Expression = None


class FindSection(_Section):
    """How the vendor is asked for one message."""

    request: FreeMap = Field(default_factory=dict)
    match: Expression = None
    success: TextMap = Field(default_factory=dict)


class BreakerSection(_Section):
    """When the vendor is left alone for a while."""

    after: Annotated[int, _whole(1, 1000)] = 5
    open_for: Duration = 60.0


class PushSection(_Section):
    """The way out."""

    schedule: Annotated[str | float, _read(values.push_schedule, "string")] = "on_event"
    sweep: Duration = 60.0
    batch_size: Page = 100
    concurrency: Annotated[int, _whole(1, 1000)] = 1
    timeout: Duration = 30.0
    lease: Duration | None = None
    ordering_key: Expression = None
    max_response_bytes: Size = 1024 * 1024
    request: FreeMap = Field(default_factory=dict)
    mapping: TextMap | None = None
    schema_path: Annotated[str | None, _read(values.line, "string")] = Field(default=None, alias="schema")
    success: TextMap = Field(default_factory=dict)
    ack: AckSection = AckSection()
    find: FindSection | None = None
    on_unknown: Annotated[str, _one_of("resolve", "resend", "hold")] = "resolve"
    rate_limit: Annotated[float | None, _read(values.rate, ["string", "null"], pattern=durations.RATE)] = None
    breaker: BreakerSection = BreakerSection()


class CursorSection(_Section):
    """Where a pull goes on."""

    field: Expression = None
    parameter: Expression = None
    initial: Expression = None
    overlap: Overlap = 0.0


class PullSection(_Section):
    """The way in."""

    schedule: Annotated[str | float, _read(values.pull_schedule, "string")] = 300.0
    timeout: Duration = 30.0
    page_size: Page = 100
    publish_topic: Annotated[str | None, _read(names.topic, "string")] = None
    dedupe_key: Expression = None
    cursor: CursorSection | None = None
    request: FreeMap = Field(default_factory=dict)
    mapping: TextMap | None = None


class RetrySection(_Section):
    """How long a message waits between attempts."""

    initial_delay: Duration = 5.0
    multiplier: Annotated[float, _decimal(1, 100)] = 2.0
    max_delay: Duration = 900.0
    jitter: Annotated[float, _decimal(0, 1)] = 0.2
    max_attempts: Annotated[int | None, _read(_attempts, ["integer", "null"], minimum=1)] = None


class NotifierSection(_Section):
    """A list; each is one way to tell people."""

    type: Annotated[str, _read(names.notifier, "string")] = ""
    connection_id: Annotated[str | None, _read(names.connection, "string")] = None
    options: FreeMap = Field(default_factory=dict)


class AlertsSection(_Section):
    """What people are told of, and how."""

    when: Kinds = incident.KINDS
    queue_age: Duration = 900.0
    silence: Never = None
    remind: Never = 14400.0
    notifiers: Annotated[tuple[NotifierSection, ...], BeforeValidator(values.maps)] = ()


class WindowSection(_Section):
    """A list; each is a window in which the vendor is left in peace."""

    opens: Annotated[str, _read(names.wall_time, "string")] = Field(default="", alias="from")
    closes: Annotated[str, _read(names.wall_time, "string")] = Field(default="", alias="to")
    timezone: Annotated[str, _read(names.timezone, "string")] = "UTC"


class RetentionSection(_Section):
    """How long a closed message is kept."""

    payload: Never = None
    audit: NotYet = None


class JobSection(_Section):
    """Everything about one job."""

    name: Line = ""
    id: Annotated[str | None, _read(names.job_id, "string")] = None
    description: Text = ""
    owner: Line = "hms-syn"
    docs_md: Text = ""
    tags: Lines = ()
    enabled: Flag = True
    start_paused: Flag = False
    push_adapter: Line | None = None
    pull_adapter: Line | None = None
    source_topic: Annotated[tuple[str, ...], _read(names.topic_patterns, ["string", "array"])] = ()
    target_endpoint: Annotated[str, _read(names.endpoint, "string")] = ""
    connection_id: Annotated[str | None, _read(names.connection, "string")] = None
    allow_private: Lines = ()
    heartbeat_interval: Duration = 30.0
    heartbeat: Annotated[HeartbeatSection | None, BeforeValidator(_off)] = HeartbeatSection()
    push: PushSection | None = None
    pull: PullSection | None = None
    retry: RetrySection = RetrySection()
    on_refused: Annotated[str, _one_of("dead_letter", "block")] = "dead_letter"
    alerts: AlertsSection = AlertsSection()
    maintenance: Annotated[tuple[WindowSection, ...], BeforeValidator(values.maps)] = ()
    retention: RetentionSection = RetentionSection()


class JobFile(_Section):
    """One file: its job, and the short form of the heartbeat's interval."""

    version: Annotated[int, _read(_version, "integer", const=1)] = 1
    job: JobSection = JobSection()
    heartbeat_interval: Duration = 30.0


SECTIONS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): JobFile,
    ("job",): JobSection,
    ("job", "heartbeat"): HeartbeatSection,
    ("job", "push"): PushSection,
    ("job", "push", "ack"): AckSection,
    ("job", "push", "find"): FindSection,
    ("job", "push", "breaker"): BreakerSection,
    ("job", "pull"): PullSection,
    ("job", "pull", "cursor"): CursorSection,
    ("job", "retry"): RetrySection,
    ("job", "alerts"): AlertsSection,
    ("job", "alerts", "notifiers"): NotifierSection,
    ("job", "maintenance"): WindowSection,
    ("job", "retention"): RetentionSection,
}
"""Which keys are known where, by the dotted path of the map they stand in."""


def keys_of(section: type[BaseModel]) -> list[str]:
    """Return the keys of one section as they are written in a file."""
    return [field.alias or name for name, field in section.model_fields.items()]
