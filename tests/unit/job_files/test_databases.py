"""Job files whose vendor is a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors, job_files

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """
job:
  name: "HUD → Court"
  push_adapter: "sql.table.v1"
  pull_adapter: "sql.table.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "postgresql://court-db.example.gov/court"
  push:
    request: {table: hearing, key: syn_key}
  pull:
    request: {table: hearing}
    cursor: {field: changed_at, overlap: 2m}
"""


def loaded(folder: Path, text: str) -> str:
    """Load a job; return its endpoint, or what is wrong with it."""
    file = folder / "court.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        return job_files.load_job(file).target_endpoint
    except errors.JobFileInvalid as error:
        return str(error).replace(str(file), "court.yaml")


@pytest.mark.parametrize(
    "endpoint",
    [
        "postgresql://court-db.example.gov/court",
        "postgresql+psycopg://court-db.example.gov:6432/court",
        "oracle://court-db.example.gov:1521/CALENDAR.EXAMPLE.GOV",
        "sqlite:////srv/court/calendar.db",
    ],
)
def test_a_database_is_an_endpoint_and_its_cursor_needs_no_parameter(tmp_path: Path, endpoint: str) -> None:
    """The endpoint is kept as it is written: a change of it is a change."""
    text = SOUND.replace("postgresql://court-db.example.gov/court", endpoint)
    assert loaded(tmp_path, text) == endpoint


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("https://court.example.gov/soap", "is not a database; sql.table.v1 needs one"),
        ("postgresql://clerk:pa55word@court-db.example.gov/court", "holds a user name or password"),
        ("postgresql://court-db.example.gov/court?sslmode=disable", "options"),
        ("postgresql://127.0.0.1/court", "127.0.0.1 is this machine"),
        ("postgresql://0177.0.0.1/court", "unusual spelling"),
        ("sqlite:///calendar.db", "by its whole path"),
    ],
)
def test_what_is_wrong_with_it_is_said_at_its_line_without_a_secret(tmp_path: Path, endpoint: str, said: str) -> None:
    """The reason comes with file, line and column."""
    found = loaded(tmp_path, SOUND.replace("postgresql://court-db.example.gov/court", endpoint))
    assert found.startswith("court.yaml:7:20: error: job.target_endpoint: ")
    assert said in found
    assert "pa55word" not in found


def test_other_adapters_do_not_speak_to_a_database(tmp_path: Path) -> None:
    """The court's SOAP adapter and a database do not go together, and a wrong key is named."""
    text = SOUND.replace('push_adapter: "sql.table.v1"', 'push_adapter: "oracle.soap.v1"')
    assert "is a database; oracle.soap.v1 does not speak to one" in loaded(tmp_path, text)
    assert "did you mean 'order_by'" in loaded(tmp_path, SOUND.replace("{table: hearing}", "{table: h, orderby: x}"))
