"""The first lines of a new job, one text for each adapter: they pass ``lint`` as they are, and say what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = """job:
  name: "HUD → {title}"            # the DAGs' display name
  push_adapter: "{adapter}"
"""
_BACK = """  pull_adapter: "{adapter}"
"""
_WHERE = """  source_topic: "hud.hearing.created"   # the events that go to this vendor; * stands for any characters
  target_endpoint: "{endpoint}"
"""
_LOGIN = """  connection_id: {id}   # an Airflow Connection: who we are to this vendor; leave it out where nobody asks
"""
_END = """heartbeat_interval: "30s"
"""
ENDPOINTS: Mapping[str, str] = {
    "oracle.soap.v1": "https://court.example.gov/soap",
    "rest.json.v1": "https://payments.example.gov/v1",
    "fhir.r4.v1": "https://hospital.example.org/fhir",
    "sql.table.v1": "postgresql://database.example.gov/court",
    "hl7.mllp.v1": "mllps://engine.example.org:6661",
    "sftp.csv.v1": "sftp://files.example.gov/hud",
}
SIDES: Mapping[str, str] = {
    "oracle.soap.v1": """  # Operation, fields and proof come from the vendor's WSDL; lint says what does not fit.
""",
    "rest.json.v1": """  # Name the vendor's OpenAPI document as request.openapi, and lint says what does not fit.
  push:
    request: {{method: POST, path: /hearings}}
    mapping: {{caseId: case_id, hearingDate: date}}   # the vendor's field: JMESPath on the payload
    success: {{status: [ACCEPTED]}}   # what in the answer proves that the vendor has it
    ack: {{reference: id, status: status}}   # where its receipt stands
  pull:
    schedule: 5m
    request: {{path: /changes, records: changes}}
    dedupe_key: "[id, version]"   # what makes a record itself
    cursor: {{field: changedAt, parameter: since, overlap: 2m}}
""",
    "fhir.r4.v1": """  push:
    request: {{resource: Task}}
    mapping: {{status: "'requested'", intent: "'order'", code: {{text: case_id}}}}   # the element: JMESPath
  pull:
    schedule: 5m
    request: {{resource: Task}}
""",
    "sql.table.v1": """  push:
    request: {{table: hearing, key: syn_key}}   # 'key' is a unique column for our idempotency key
    mapping: {{case_id: case_id, hearing_on: date}}   # the column: JMESPath on the payload
  pull:
    schedule: 5m
    request: {{table: hearing}}
    cursor: {{field: changed_at, overlap: 2m}}
""",
    "hl7.mllp.v1": """  push:
    request: {{message_type: ADT, trigger_event: A31, message_structure: ADT_A05}}
    mapping:   # the place: JMESPath on the payload
      EVN-2: _meta.published_at
      PID-3.1: tenant.id
      PID-5.1: tenant.family
      PV1-2: "'N'"
""",
    "sftp.csv.v1": """  push:
    request: {{folder: in, file_name: "hearing-{{key}}.csv"}}
    mapping: {{case_number: case_id, hearing_date: date}}   # the column: JMESPath on the payload
  pull:
    schedule: 5m
    request: {{folder: out, pattern: "status-*.csv"}}
    cursor: {{overlap: 15m}}
""",
}
ONE_WAY = frozenset({"hl7.mllp.v1"})
"""Adapters that only push."""


def text(job_id: str, adapter: str) -> str:
    """Return the file of a new job; an adapter of somebody else's gets the lines that every job has."""
    back = "" if adapter in ONE_WAY or adapter not in SIDES else _BACK
    login = "" if adapter == "oracle.soap.v1" else _LOGIN
    parts = (_HEAD, back, _WHERE, login, SIDES.get(adapter, ""), _END)
    title = "".join(word.capitalize() for word in job_id.replace("-", "_").split("_"))
    endpoint = ENDPOINTS.get(adapter, "https://vendor.example.gov/")
    return "".join(parts).format(id=job_id, title=title, adapter=adapter, endpoint=endpoint)
