"""What a sound job file becomes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hms_syn import errors
from hms_syn.domain.job_spec import Breaker, Heartbeat, JobSpec, Push
from hms_syn.job_files import load_job

SEED = """\
job:
  name: "HUD → CountyCourtCalendar"
  push_adapter: "oracle.soap.v1"
  pull_adapter: "oracle.soap.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "https://court.example.gov/soap"
heartbeat_interval: "30s"
"""
MINIMAL = """\
job:
  name: Court
  push_adapter: oracle.soap.v1
  source_topic: a.b
  target_endpoint: https://court.example.gov/soap
"""
ADAPTERS = ["oracle.soap.v1", "third.party.v1"]


def load(folder: Path, text: str, *, name: str = "court.yaml") -> JobSpec:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_job(file, adapters=ADAPTERS)


def test_the_seed_file_is_valid_as_it_stands(tmp_path: Path) -> None:
    """Seven lines are a whole job; everything else has a default."""
    job = load(tmp_path, SEED, name="court_calendar_sync.yaml")
    assert (job.id, job.name, job.source_topics) == (
        "court_calendar_sync",
        "HUD → CountyCourtCalendar",
        ("hud.hearing.created",),
    )
    assert job.target_endpoint == "https://court.example.gov/soap"
    assert job.heartbeat == Heartbeat(interval=30.0, request={})
    assert job.push == Push(request={}, success={}, ack={})
    assert job.pull is not None
    assert job.pull.publish_topic == "syn.court_calendar_sync.pulled"


def test_the_sample_job_is_valid() -> None:
    """The file in jobs/ is the seed's, with an endpoint the demo can replace."""
    sample = Path(__file__).parents[3] / "jobs" / "court_calendar_sync.yaml"
    job = load_job(sample, adapters=ADAPTERS)
    assert job.target_endpoint == "https://court.example.gov/soap"


@pytest.mark.parametrize("word", ["NO", "on", "1:30", "22:22", "0123", "08", "2024-09-02", "1e3", "1.10", "0x1F"])
def test_plain_words_stay_text_where_text_is_wanted(tmp_path: Path, word: str) -> None:
    """Nothing that YAML would turn into a number, a date or a yes is turned."""
    job = load(tmp_path, MINIMAL + f"  owner: {word}\n  push: {{success: {{State: [{word}]}}}}\n")
    assert job.push is not None
    assert (job.owner, job.push.success) == (word, {"State": [word]})


def test_every_key_of_this_release_is_read(tmp_path: Path) -> None:
    """Durations become seconds and sizes bytes; the rest is as typed."""
    (tmp_path / "hearing.json").write_text('{"type": "object", "required": ["case_id"]}')
    job = load(
        tmp_path,
        MINIMAL.replace("a.b", "[a.b, hud.*]")
        + """\
  id: other
  description: One
  owner: desk
  docs_md: |
    # Court
  tags: [housing, court]
  enabled: false
  start_paused: true
  pull_adapter: third.party.v1
  connection_id: court_calendar
  allow_private: ["10.0.0.0/8"]
  heartbeat: {interval: 10s, timeout: 250ms, offline_after: 5, online_after: 2, request: {path: /health, port: 80}}
  push:
    schedule: "*/5 * * * *"
    sweep: 2m
    batch_size: 10
    concurrency: 16
    timeout: 90s
    ordering_key: case_id
    max_response_bytes: 2MiB
    request: {operation: Lodge, wsdl: court.wsdl}
    mapping: {courtCase: {number: case_id}}
    schema: hearing.json
    success: {Code: [LODGED, "200"], Id: present}
    ack: {reference: Id}
    on_unknown: resend
    find:
      request: {operation: FindHearing, arguments: {messageId: "urn:uuid:{key}", limit: 1, all: false}}
      match: hearing
      success: {State: [SCHEDULED, 200]}
    rate_limit: 30/m
    breaker: {after: 3, open_for: 90s}
  pull:
    schedule: 1h30m
    page_size: 50
    publish_topic: court.changed
    dedupe_key: id
    cursor: {field: changedAt, parameter: since, initial: 2024-01-01, overlap: 0s}
    request: {records: items, ready: true, retries: 3}
  retry: {initial_delay: 1s, multiplier: 1.5, max_delay: 1m, jitter: 0, max_attempts: 7}
  on_refused: block
""",
    )
    assert job.push is not None
    assert job.pull is not None
    assert job.pull.cursor is not None
    assert job.heartbeat is not None
    assert (job.id, job.enabled, job.start_paused, job.docs_md) == ("other", False, True, "# Court\n")
    assert (job.heartbeat.timeout, job.heartbeat.request) == (0.25, {"path": "/health", "port": 80})
    assert (job.push.timeout, job.push.lease, job.push.max_response_bytes) == (90.0, 90.0, 2 * 1024 * 1024)
    assert job.push.schema == {"type": "object", "required": ["case_id"]}
    assert (job.push.ack, job.push.success["Code"]) == ({"reference": "Id"}, ["LODGED", "200"])
    assert (job.pull.schedule, job.pull.cursor.initial, job.pull.cursor.overlap) == (5400.0, "2024-01-01", 0.0)
    assert job.pull.request == {"records": "items", "ready": True, "retries": 3}
    assert job.push.on_unknown == "resend"
    assert job.push.find == {
        "request": {
            "operation": "FindHearing",
            "arguments": {"messageId": "urn:uuid:{key}", "limit": 1, "all": False},
        },
        "match": "hearing",
        "success": {"State": ["SCHEDULED", "200"]},
    }
    assert (job.push.concurrency, job.push.rate_limit, job.push.breaker) == (16, 0.5, Breaker(after=3, open_for=90.0))
    assert job.on_refused == "block"
    assert (job.retry.jitter, job.retry.max_attempts) == (0.0, 7)


@pytest.mark.parametrize(
    ("text", "rate"), [("10/s", 10.0), ("100/m", 100 / 60), ("5/h", 5 / 3600), ("~", None), ("", None)]
)
def test_a_rate_limit_becomes_messages_a_second(tmp_path: Path, text: str, rate: float | None) -> None:
    """A second, a minute or an hour; nothing is no limit."""
    push = load(tmp_path, MINIMAL + f"  push: {{rate_limit: {text}}}\n").push
    assert push is not None
    assert push.rate_limit == rate


def test_one_message_at_a_time_needs_no_ordering_key(tmp_path: Path) -> None:
    """What is the default may also be said."""
    push = load(tmp_path, MINIMAL + "  push: {concurrency: 1, breaker: {open_for: 2m}}\n").push
    assert push is not None
    assert (push.concurrency, push.breaker, push.find, push.rate_limit) == (1, Breaker(open_for=120.0), None, None)


def test_heartbeat_false_switches_it_off(tmp_path: Path) -> None:
    """A vendor without a health address is not pinged."""
    assert load(tmp_path, MINIMAL + "  heartbeat: false\n").heartbeat is None


@pytest.mark.parametrize("line", ["heartbeat_interval: 7s", "  heartbeat_interval: 7s", "  heartbeat: {interval: 7s}"])
def test_the_heartbeat_interval_has_three_spellings(tmp_path: Path, line: str) -> None:
    """One line is enough, at the top or under job."""
    heartbeat = load(tmp_path, f"{MINIMAL}{line}\n").heartbeat
    assert heartbeat is not None
    assert heartbeat.interval == 7.0


def test_a_variable_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set variable wins over its default; an empty or unset one does not; any other dollar stays."""
    monkeypatch.setenv("COURT_TEAM", "desk 7")
    monkeypatch.setenv("COURT_EMPTY", "")
    text = '  owner: "${COURT_TEAM:-nobody}"\n  description: "${COURT_EMPTY:-none} costs $5 $$ ${"\n'
    job = load(tmp_path, MINIMAL + text)
    assert (job.owner, job.description) == ("desk 7", "none costs $5 $$ ${")


def test_a_variable_that_holds_a_login_is_not_shown_by_any_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prose is not searched for secrets; what a variable brings into it is."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://queue:xyzzy@db.example.gov/airflow")
    with pytest.raises(errors.JobFileInvalid, match="variable DATABASE_URL holds what looks like a secret") as refused:
        load(tmp_path, MINIMAL + "  description: ${DATABASE_URL}\n")
    assert "xyzzy" not in str(refused.value)


def test_a_variable_is_not_filled_in_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a variable holds is text, whatever it looks like."""
    monkeypatch.setenv("COURT_TEAM", "${HOME}")
    assert load(tmp_path, MINIMAL + "  owner: ${COURT_TEAM}\n").owner == "${HOME}"


def test_private_addresses_are_allowed_by_name(tmp_path: Path) -> None:
    """A job that names a network may reach it."""
    text = MINIMAL.replace("court.example.gov", "localhost:8080") + '  allow_private: ["127.0.0.0/8"]\n'
    assert load(tmp_path, text).target_endpoint == "https://localhost:8080/soap"


def test_a_mapping_may_name_a_field_like_a_secret(tmp_path: Path) -> None:
    """The vendor's field names are not ours to judge as long as the value is an expression."""
    push = load(tmp_path, MINIMAL + "  push: {mapping: {prior_authorization: auth.number}}\n").push
    assert push is not None
    assert push.mapping == {"prior_authorization": "auth.number"}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "objekt"}, "'s.json' is not a valid JSON Schema (at type)"),
        ({"$ref": "http://127.0.0.1/x"}, "'s.json' refers to another document; a $ref must begin with '#'"),
        (
            {"$dynamicRef": "http://127.0.0.1/x"},
            "'s.json' refers to another document; a $dynamicRef must begin with '#'",
        ),
        ([], "'s.json' is not a JSON Schema; it must be a JSON object"),
    ],
)
def test_a_payload_schema_must_be_sound(tmp_path: Path, schema: object, text: str) -> None:
    """A schema that cannot judge a payload is refused before any payload comes."""
    (tmp_path / "s.json").write_text(json.dumps(schema))
    with pytest.raises(errors.JobFileInvalid) as caught:
        load(tmp_path, MINIMAL + "  push: {schema: s.json}\n")
    assert [problem.text for problem in caught.value.problems] == [text]


def test_alerts_and_maintenance_are_read_and_a_folder_gives_the_notifiers(tmp_path):
    """What people are told is the job's own; who is told may be the folder's."""
    who = "job: {alerts: {remind: null, notifiers: [{type: smtp, options: {to: ops@example.gov}}]}}\n"
    (tmp_path / "defaults.yaml").write_text(who, encoding="utf-8")
    (tmp_path / "court.yaml").write_text(
        """
job:
  name: "HUD → CountyCourtCalendar"
  push_adapter: "oracle.soap.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "https://court.example.gov/soap"
  alerts: {when: [dead_letter, dead_letter, silence], silence: 24h}
  maintenance: [{from: 23:30, to: 00:30, timezone: America/New_York}]
""",
        encoding="utf-8",
    )
    job = load_job(tmp_path / "court.yaml", adapters=["oracle.soap.v1"])
    assert (job.alerts.when, job.alerts.silence, job.alerts.remind) == (("dead_letter", "silence"), 86400.0, None)
    assert [(one.type, one.options) for one in job.alerts.notifiers] == [("smtp", {"to": "ops@example.gov"})]
    [window] = job.maintenance
    assert (window.opens, window.closes, window.timezone) == ("23:30", "00:30", "America/New_York")


@pytest.mark.parametrize(
    ("extra", "text"),
    [
        ("verify: false", "must not switch TLS verification off"),
        ("verify: 'False'", "must not switch TLS verification off"),
        ("proxies: {https: elsewhere}", "unknown key"),
        ("allow_redirects: true", "unknown key"),
        ("verify: authority.pem", None),
    ],
)
def test_a_web_hook_keeps_its_guards_whatever_a_job_file_says(tmp_path: Path, extra: str, text: str | None) -> None:
    """An alert goes to one address, whose certificate is verified."""
    hook = f"  alerts: {{notifiers: [{{type: http, connection_id: hook, options: {{extra_options: {{{extra}}}}}}}]}}\n"
    if text is None:
        assert load(tmp_path, MINIMAL + hook).alerts.notifiers
        return
    with pytest.raises(errors.JobFileInvalid) as caught:
        load(tmp_path, MINIMAL + hook)
    assert [problem.text.partition(";")[0] for problem in caught.value.problems] == [text]
