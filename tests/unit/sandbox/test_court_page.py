"""What people see of the pretend court."""

from __future__ import annotations

import re

import pytest
from tests.unit.sandbox.letters import KEY, ask, create, received


def test_the_page_shows_text_never_markup(url):
    """Hostile text in a case id or a key is shown as text."""
    create(url, case="&lt;script&gt;alert(1)&lt;/script&gt;", key="&lt;img src=x&gt;")
    page = ask(url, "GET", "/")[2].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search("<script|<img|style=|onerror=", page)


def test_the_page_may_load_nothing_but_its_own_style(url):
    """The page's policy allows no script and nobody else's content."""
    _, headers, _ = ask(url, "GET", "/")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert ask(url, "GET", "/style.css")[1].get_content_type() == "text/css"


def test_an_empty_calendar_says_what_to_type(url):
    """Before the first hearing the page shows the command that makes one."""
    page = ask(url, "GET", "/")[2].decode()
    assert "hms-syn publish hud.hearing.created &#x27;{&quot;case_id&quot;:&quot;HUD-22-109&quot;" in page


def test_the_page_and_the_json_tell_the_same(url):
    """Receipt, case, date, key, status and count are on both."""
    create(url)
    (hearing,) = received(url)["hearings"]
    page = ask(url, "GET", "/")[2].decode()
    assert all(hearing[name] in page for name in ("reference", "case_id", "hearing_date", "message_id", "status"))
    assert hearing | {"received_at": ""} == {
        "reference": "COURT-000001", "case_id": "HUD-22-109", "hearing_date": "2024-09-02", "received_at": "",
        "message_id": KEY, "status": "ACCEPTED", "arrivals": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("GET", "/soap", 405),
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
    ],
)
def test_addresses(url, method, path, status):
    """Each address answers with its status."""
    assert ask(url, method, path)[0] == status
