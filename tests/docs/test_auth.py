"""What docs/auth.md says of connections: Airflow takes each example, and what it makes of it authenticates."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.docs import pages

from hms_syn.adapters.auth.choice import WAYS, authenticator
from hms_syn.adapters.sftp import sftp_place
from hms_syn.adapters.soap import wsse
from hms_syn.domain.job_spec import JobSpec
from hms_syn.hooks.connection_types import TYPES
from hms_syn.ports import Credentials

PAGE = pages.DOCS / "auth.md"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes or more").decode()
FIELDS = {kind["connection-type"]: set(kind["conn-fields"]) - {"allow_private"} for kind in TYPES}
PARSE = """
import json, sys
from airflow.cli import cli_parser
found = []
for words in json.load(sys.stdin):
    given = cli_parser.get_parser().parse_args(words)
    extra = json.loads(given.conn_extra or "{}")
    found.append([given.conn_type, given.conn_login or "", given.conn_password or "", extra])
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Return what Airflow's own parser reads in each ``airflow connections add`` of the page."""
    text = "\n".join(block.text for block in pages.blocks(PAGE, "sh")).replace("\\\n", " ").replace("$SECRET", SECRET)
    commands = [shlex.split(line) for line in text.splitlines() if line.strip()]
    assert all(words[:3] == ["airflow", "connections", "add"] for words in commands)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARSE],
        input=json.dumps([words[1:] for words in commands]),
        env={**kept, "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.partition("FOUND")[2])
    return [(kind, Credentials(login=login, password=password, extra=extra)) for kind, login, password, extra in found]


def test_every_example_is_a_connection_that_authenticates(examples):
    """Its fields are those of its type, and the way it asks for can be gone with them."""
    job = JobSpec(id="job", name="Job", file="", target_endpoint="https://vendor.example.gov")
    for kind, credentials in examples:
        assert set(credentials.extra) <= FIELDS[kind], credentials.extra
        if kind == "hms_soap":
            assert wsse.mode(credentials) == credentials.extra["wsse"]
        elif kind == "hms_sftp":
            assert sftp_place.door(replace(job, target_endpoint="sftp://vendor.example.gov"), credentials).host_keys
        elif kind != "hms_sql":
            authenticator(job, credentials)


def test_there_is_an_example_of_every_type_and_way(examples):
    """Nobody has to guess how one is written."""
    assert {kind for kind, _ in examples} == set(FIELDS)
    ways = {
        credentials.extra.get("auth", "basic") for kind, credentials in examples if kind in ("hms_rest", "hms_fhir")
    }
    assert ways == set(WAYS)


def test_the_table_of_types_is_what_airflows_form_shows():
    """Type by type, field by field."""
    rows = re.findall(r"^\| `(hms_\w+)` \|[^|\n]+\| ([^|\n]+) \|$", pages.text_of(PAGE), re.MULTILINE)
    assert {kind: set(re.findall(r"`(\w+)`", fields)) for kind, fields in rows} == FIELDS


def test_the_table_of_ways_is_whole():
    """Each word that 'auth' may hold has its row."""
    rows = re.findall(r"^\| `(\w+)` \|[^|\n]*\|[^|\n]*\|[^|\n]+\|$", pages.text_of(PAGE), re.MULTILINE)
    assert rows[1:] == list(WAYS)  # the first is the table's head


def test_every_code_the_page_names_is_one_of_ours():
    """As the reference lists them; codes with a number in them stand there with dots."""
    known = pages.text_of(pages.DOCS / "reference" / "errors.md")
    named = set(re.findall(r"`((?:token|tls|client_cert|connection)_\w+)`", pages.text_of(PAGE)))
    named -= {field for fields in FIELDS.values() for field in fields} | {"connection_id"}
    generic = ("token_http_", "token_invalid_", "token_connect", "token_html")
    assert {code for code in named if f"`{code}`" not in known and not code.startswith(generic)} == set()
    assert {"tls_expired", "client_cert_refused", "connection_field", "token_missing"} <= named
