"""Where a job's database is and how its driver is told: only there, only by an allowed address, only as this login."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from hms_syn import errors
from hms_syn.adapters import dialing
from hms_syn.domain import addresses, database_urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.deadline import Deadline
    from hms_syn.domain.database_urls import Place
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

_NO_FILE = f"{os.devnull}/none"
"""A path that nothing can be at: an empty one would mean the account's own file of passwords."""
_OPTIONS = {
    "postgresql": ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding"),
    "oracle": ("protocol", "wallet_location", "ssl_server_dn_match", "ssl_server_cert_dn"),
    "sqlite": (),
}
"""What the connection's URL may say beside login and place. No option leads to another host, file or service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One database, the login for it, and the networks it may be in."""

    place: Place
    login: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_private: tuple[str, ...] = ()

    def arguments(self, deadline: Deadline) -> dict[str, Any]:
        """Return what the driver connects with; the name has been resolved, and its addresses are allowed.

        :raises errors.NotSent: nothing may be reached by this name, or nothing is
        """
        if self.place.dialect == "sqlite":
            # An URI with a mode: a file that is not there is not made.
            name = f"file:{quote(self.place.database)}?mode=rw"
            return {"database": name, "uri": True, "isolation_level": None, "check_same_thread": False}
        found = dialing.addresses(self.place.host, self.place.port, allow_private=self.allow_private, deadline=deadline)
        return self._oracle(found, deadline) if self.place.dialect == "oracle" else self._postgresql(found, deadline)

    def _postgresql(self, found: list[str], deadline: Deadline) -> dict[str, Any]:
        """Say everything that libpq would otherwise take from its environment or from files of the account."""
        return {
            **_tls(found[0]),
            **self.options,
            "host": ",".join([self.place.host] * len(found)),
            "hostaddr": ",".join(found),
            "port": ",".join([str(self.place.port)] * len(found)),
            "dbname": self.place.database,
            "user": self.login,
            "password": self.password,
            "passfile": _NO_FILE,
            "options": "",
            "gssencmode": "disable",
            "client_encoding": "utf8",
            "application_name": "hms-syn",
            "connect_timeout": max(1, round(deadline.left() / len(found))),
        }

    def _oracle(self, found: list[str], deadline: Deadline) -> dict[str, Any]:
        encrypted = self.options.get("protocol") == "tcps"  # then the certificate is checked against the name
        return {
            **self.options,
            "host": self.place.host if encrypted else found[0],
            "port": self.place.port,
            "service_name": self.place.database,
            "user": self.login,
            "password": self.password,
            "tcp_connect_timeout": deadline.left(),
        }


def door(job: JobSpec, credentials: Credentials | None) -> Door:
    """Return the way to a job's database; the connection's ``url`` may add login and TLS, and lead nowhere else.

    :raises errors.ContractMismatch: ``url_refused``, ``url_differs``, ``address_refused``, ``file_not_allowed``
    """
    place = _place(job.target_endpoint, "job.target_endpoint")
    given = str((credentials.extra if credentials else {}).get("url") or "")
    refused = addresses.refusal(place.host, job.allow_private) if place.host else None
    if refused is not None:
        raise errors.ContractMismatch(f"This endpoint is refused: {refused}.", code="address_refused")
    if place.dialect == "sqlite" and not given:
        raise errors.ContractMismatch(
            "A file is a vendor only where the connection named by job.connection_id says so: put the same address "
            "into its extra field 'url'.",
            code="file_not_allowed",
        )
    login, password = (credentials.login, credentials.password) if credentials else ("", "")
    options: dict[str, str] = {}
    if given:
        named_login, named_password, options = _from_connection(given, place)
        login, password = named_login or login, named_password or password
    return Door(place=place, login=login, password=password, options=options, allow_private=tuple(job.allow_private))


def endpoint_of(url: str) -> str:
    """Return the ``target_endpoint`` of a job that would go where this ``url`` of a connection leads.

    :raises errors.ContractMismatch: ``url_refused``
    """
    _, bare, _ = _read(url)
    _place(bare, "The connection's 'url'")
    return bare


def _read(given: str) -> tuple[URL, str, dict[str, Any]]:
    """Return a connection's URL, its address without login and options, and the options."""
    try:
        url = make_url(given)
        query = dict(url.query)
        # SQLAlchemy's own way to name a service of Oracle's.
        is_oracle = url.get_backend_name().lower() == "oracle"
        database = url.database or (str(query.pop("service_name", "")) if is_oracle else None)
        bare = URL.create(url.drivername, host=url.host, port=url.port, database=database).render_as_string()
    except (ArgumentError, ValueError):
        raise errors.ContractMismatch(
            "The connection's 'url' is not an SQLAlchemy URL; write e.g. postgresql://user@host/database.",
            code="url_refused",
        ) from None
    return url, bare, query


def _from_connection(given: str, place: Place) -> tuple[str, str, dict[str, str]]:
    url, bare, query = _read(given)
    if _place(bare, "The connection's 'url'") != place:
        raise errors.ContractMismatch(
            "The connection's 'url' leads to another database than job.target_endpoint; make them name the same one.",
            code="url_differs",
        )
    for name in query:
        if name not in _OPTIONS[place.dialect]:
            choices = ", ".join(_OPTIONS[place.dialect]) or "none"
            raise errors.ContractMismatch(
                f"The connection's 'url' has the option {name[:40]!r}, which is not taken; there are: {choices}.",
                code="url_refused",
            )
    return url.username or "", url.password or "", {name: str(value) for name, value in query.items()}


def _place(url: str, where: str) -> Place:
    try:
        return database_urls.place(url)
    except ValueError as error:
        raise errors.ContractMismatch(f"This address is refused: {where} {error}.", code="url_refused") from None


def _tls(address: str) -> dict[str, str]:
    """Return TLS with a verified certificate for a server on the public network; inside, what the server offers."""
    if not ipaddress.ip_address(address).is_global:
        return {"sslmode": "prefer"}
    return {"sslmode": "verify-full", "sslrootcert": ssl.get_default_verify_paths().cafile or "system"}
