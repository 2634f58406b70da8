"""Whether a connection by itself leads anywhere: asked over the vendor's own protocol, with the connection's login."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import http_status
from hms_syn.adapters.auth import fields, static
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.json_calls import JsonCalls, document
from hms_syn.adapters.sftp import sftp_place, sftp_session
from hms_syn.adapters.sql import sql_place
from hms_syn.adapters.sql.sql_session import Session
from hms_syn.domain import addresses
from hms_syn.domain.job_spec import JobSpec

if TYPE_CHECKING:
    from hms_syn.adapters.auth.authenticator import Authenticator
    from hms_syn.adapters.http_client import Response
    from hms_syn.ports import Credentials

TIMEOUT = 10.0
_MAX_BYTES = 16 * 1024 * 1024
_SUCCESS = 2


def ask_soap(address: str, credentials: Credentials) -> None:
    """Return if the vendor's health page answers 2xx; a WS-Security token belongs into envelopes, and is not shown.

    :raises errors.SynError: anything else, as :meth:`GuardedClient.request` and :func:`http_status.check` do
    """
    wants_basic = credentials.extra.get("wsse") == "basic"
    _ask(_page(address), credentials, static.basic(credentials) if wants_basic else static.Static())


def ask_rest(address: str, credentials: Credentials) -> None:
    """Return if the vendor's health page answers 2xx to who we say we are; raise as :func:`ask_soap` does."""
    _ask(_page(address), credentials)


def ask_fhir(address: str, credentials: Credentials) -> None:
    """Return if the server describes itself in a CapabilityStatement; raise as :func:`ask_soap` does."""
    said: Any = document(_ask(f"{address.rstrip('/')}/metadata", credentials, accept="application/fhir+json"))
    if not isinstance(said, dict) or said.get("resourceType") != "CapabilityStatement":
        raise errors.OutcomeUnknown("What answers there is no FHIR server.", code="no_capability_statement")


def ask_sql(credentials: Credentials) -> None:
    """Return if the database at the connection's ``url`` answers ``SELECT 1`` to the login, as a job would reach it.

    :raises errors.ContractMismatch: there is no URL, or it leads where nothing may be reached
    :raises errors.SynError: as :meth:`Session.transaction` does
    """
    url = fields.text(credentials, "url")
    if not url:
        raise fields.wrong("url", "is empty; write an SQLAlchemy URL")
    job = _job(sql_place.endpoint_of(url), fields.text(credentials, "allow_private"))
    session = Session(sql_place.door(job, credentials), timeout=TIMEOUT, reads=True)
    try:
        session.ping()
    finally:
        session.close()


def ask_sftp(address: str, credentials: Credentials) -> None:
    """Return if the SFTP server has the known key, lets us in, and shows the folder of the address.

    :raises errors.SynError: as :meth:`sftp_session.Session.look_at_folder` does
    """
    job = _job(address, fields.text(credentials, "allow_private"))
    session = sftp_session.Session(sftp_place.door(job, credentials), timeout=TIMEOUT)
    try:
        session.look_at_folder(None)
    finally:
        session.close()


def _ask(url: str, credentials: Credentials, auth: Authenticator | None = None, *, accept: str = "*/*") -> Response:
    job = _job(url, fields.text(credentials, "allow_private"))
    calls = JsonCalls(
        http=client_for(job, credentials, timeout=TIMEOUT, max_bytes=_MAX_BYTES),
        auth=auth or authenticator(job, credentials),
        timeout=TIMEOUT,
    )
    try:
        response = calls.request("GET", url, headers={"Accept": accept})
    finally:
        calls.close()
    http_status.check(response)
    if response.status // 100 != _SUCCESS:
        phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "an unknown status"
        raise errors.OutcomeUnknown(
            f"It answers HTTP {response.status} ({phrase}) instead of 2xx.", code=f"http_{response.status}"
        )
    return response


def _page(address: str) -> str:
    """Return the page to ask for: the one that the address names, else the origin's ``/health``.

    >>> _page("https://court.example.gov"), _page("https://gw.example.gov/v1/status")
    ('https://court.example.gov/health', 'https://gw.example.gov/v1/status')
    """
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/health"


def _job(url: str, allow_private: str) -> JobSpec:
    """Return a job that may go there and nowhere else."""
    networks = tuple(part.strip() for part in allow_private.split(",") if part.strip())
    if any(addresses.network_refusal(network) for network in networks):
        raise fields.wrong("allow_private", "must hold networks in private space, with commas, such as 10.20.0.0/16")
    return JobSpec(id="test", name="Test", file="", target_endpoint=url, allow_private=networks)
