"""Every way to log in that has no vendor of its own here: what a login has to do with is kept under each."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.vendors.database_court import DatabaseCourt
from tests.vendors.sandbox_court import SandboxCourtWithDigests
from tests.vendors.sftp_county import SftpCounty
from tests.vendors.under_another_login import (
    CourtBehindBasic,
    CourtBehindCertificates,
    GatewayBehindCertificates,
    GatewayForAnybody,
)

from hms_syn.adapters.auth.choice import WAYS
from hms_syn.adapters.soap import wsse
from hms_syn.conformance.bad_days import BadDays
from hms_syn.conformance.finding import Finding
from hms_syn.conformance.pulling import Pulling
from hms_syn.conformance.pushing import Pushing
from hms_syn.conformance.secrecy import Secrecy
from hms_syn.conformance.standing import Standing


class UnderALogin(Standing, Pushing, BadDays, Secrecy, Finding, Pulling):
    """All of the suite but the texts: those of a payload are the same under any login."""


class TestSoapWithDigests(UnderALogin):
    """A digest of the password in each envelope, with a nonce that is taken once."""

    pretend_vendor = SandboxCourtWithDigests


class TestSoapWithBasic(UnderALogin):
    """HTTP Basic at a SOAP vendor: the WSDL is asked for with it, too."""

    pretend_vendor = CourtBehindBasic


class TestSoapWithCertificates(UnderALogin):
    """A client certificate, and no other login."""

    pretend_vendor = CourtBehindCertificates


class TestRestWithCertificates(UnderALogin):
    """A client certificate beside OAuth 2."""

    pretend_vendor = GatewayBehindCertificates


class TestRestForAnybody(UnderALogin):
    """No login at all."""

    pretend_vendor = GatewayForAnybody


def test_no_way_to_log_in_is_without_a_vendor():
    """Whatever a connection's ``auth`` or ``wsse`` may say, and a certificate beside it, the suite runs under it."""
    found = set()
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.contract.adapters.{file.stem}")
        for vendor in {getattr(each, "pretend_vendor", None) for each in vars(module).values()} - {None}:
            if issubclass(vendor, (DatabaseCourt, SftpCounty)):
                continue  # the login of a database or an SFTP server is its own affair
            as_if_open = object.__new__(vendor)
            vars(as_if_open).update(_origin="", _folder=Path())
            credentials = as_if_open.credentials()
            extra = {"auth": "none"} if credentials is None else credentials.extra
            found |= {"client_cert"} & set(extra) | {(way, extra[way]) for way in ("auth", "wsse") if way in extra}
    assert found >= {*(("auth", way) for way in WAYS), *(("wsse", way) for way in wsse.MODES), "client_cert"}
