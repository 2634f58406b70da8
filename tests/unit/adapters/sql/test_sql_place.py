"""Where a job's database is: only where the file says, by an address that is allowed, with the connection's login."""

from __future__ import annotations

import pytest
from tests.harness.sql_court import Court, message

from hms_syn import errors
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.sql import sql_place
from hms_syn.domain import database_urls
from hms_syn.ports import Credentials

PUBLIC = Court("postgresql", "postgresql://8.8.8.8/court", "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:pa55@court.example.gov/court",
        "postgresql://court.example.gov/court?host=evil.example.com",
        "postgresql://court.example.gov/court#x",
        "postgresql://court.example.gov",
        "postgresql://court.example.gov/a/b",
        "postgresql:///court",
        "postgresql://a,b/court",
        "postgresql://evil\\@127.0.0.1/court",
        "postgresql://court.example.gov:0/court",
        "postgresql+asyncpg://court.example.gov/court",
        "mysql://court.example.gov/court",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///court.db",
        "sqlite:////srv/../etc/court.db",
        "sqlite:////srv/court.db?mode=rwc",
        "sqlite:////srv/%63ourt.db",
    ],
)
def test_an_address_with_two_meanings_or_a_login_is_refused_and_not_repeated(url: str):
    with pytest.raises(ValueError, match=r"^(is|holds|does) ") as caught:
        database_urls.place(url)
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "url", "code"),
    [
        ("postgresql://8.8.8.8/court", "postgresql://8.8.4.4/court", "url_differs"),
        ("postgresql://8.8.8.8/court", "postgresql://8.8.8.8:5433/court", "url_differs"),
        ("postgresql://8.8.8.8/court", "postgresql://8.8.8.8/other", "url_differs"),
        ("postgresql://8.8.8.8/court", "oracle://8.8.8.8:5432/court", "url_differs"),
        ("postgresql://8.8.8.8/court", "postgresql://8.8.8.8/court?hostaddr=127.0.0.1", "url_refused"),
        ("postgresql://8.8.8.8/court", "postgresql://8.8.8.8/court?service=x", "url_refused"),
        ("postgresql://8.8.8.8/court", "nonsense", "url_refused"),
        ("postgresql://127.0.0.1/court", "", "address_refused"),
        ("postgresql://localhost/court", "", "address_refused"),
        ("postgresql://10.0.0.8/court", "", "address_refused"),
        ("sqlite:////srv/court.db", "", "file_not_allowed"),
        ("sqlite:////srv/court.db", "sqlite:////srv/airflow.db", "url_differs"),
        ("https://court.example.gov/soap", "", "url_refused"),
    ],
)
def test_a_connection_leads_nowhere_else_and_inside_needs_to_be_allowed(endpoint: str, url: str, code: str):
    court = Court("postgresql", endpoint, "", extra={"url": url} if url else {}, password="pa55word")
    with pytest.raises(errors.ContractMismatch) as caught:
        court.adapter(allow_private=()).send(message())
    assert caught.value.code == code
    assert "pa55word" not in str(caught.value)
    assert court.adapter(allow_private=()).check()


def test_a_name_that_leads_inside_is_refused_by_its_address(monkeypatch: pytest.MonkeyPatch):
    import socket

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 5432))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    court = Court("postgresql", "postgresql://court.example.gov/court", "")
    with pytest.raises(errors.NotSent) as caught:
        court.adapter(allow_private=()).send(message())
    assert caught.value.code == "address_refused"


def test_outside_a_certificate_is_verified_unless_the_connection_says_otherwise():
    given = sql_place.door(PUBLIC.job(), Credentials(login="clerk", password="p")).arguments(Deadline(5))
    assert (given["sslmode"], given["hostaddr"], given["user"], given["dbname"]) == (
        "verify-full", "8.8.8.8", "clerk", "court",
    )  # fmt: skip
    extra = {"url": "postgresql+psycopg://officer:s@8.8.8.8/court?sslmode=require"}
    door = sql_place.door(PUBLIC.job(), Credentials(login="clerk", password="p", extra=extra))
    given = door.arguments(Deadline(5))
    assert (given["sslmode"], given["user"], given["password"]) == ("require", "officer", "s")
    assert "'s'" not in repr(door)
