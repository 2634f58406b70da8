"""The sandbox's vendors once more, each under a way to log in that it does not know by itself."""

from __future__ import annotations

import os
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING
from unittest import mock

from tests.harness import certificates, logins
from tests.harness.doors import Door, answer
from tests.vendors.reopened import Reopened
from tests.vendors.sandbox_court import PASSWORD, USER, SandboxCourt
from tests.vendors.sandbox_gateway import CLIENT, SECRET, SandboxGateway

from hms_syn.conformance import Manner
from hms_syn.ports import Credentials
from hms_syn.sandbox import court_server, payments_http
from hms_syn.sandbox.court_soap import serve as serve_court
from hms_syn.sandbox.listener import Listener, listening
from hms_syn.sandbox.payments_rest import serve as serve_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from typing_extensions import Self

NOBODY = answer(401, {"title": "who are you?"})


class CourtBehindBasic(SandboxCourt):
    """HTTP Basic (RFC 7617) before everything but the health page, also before the WSDL."""

    wsse = "basic"
    words = (*SandboxCourt.words, "who are you?")

    @contextmanager
    def _served(self, manner: Manner) -> Iterator[str]:
        password = "another" if manner is Manner.LOCKED else PASSWORD
        with serve_court(self._court, manners=self._manners) as court:
            door = Door(court, lambda it: None if _is_open(it.target) or logins.basic(it, USER, password) else NOBODY)
            door.open(port=self._port)
            try:
                yield door.origin
            finally:
                door.shut()


class GatewayForAnybody(SandboxGateway):
    """It asks nobody who they are."""

    cannot = MappingProxyType({Manner.LOCKED: "it asks for no login"})

    def credentials(self) -> None:  # type: ignore[override]  # there are none
        return None

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        del manner
        return serve_gateway(self._gateway, port=self._port, manners=self._manners)


class BehindCertificates(Reopened):
    """It looks at our certificate before it listens to anything, and we look at its own."""

    def __init__(self) -> None:
        self._folder, _ = certificates.made()
        self._trust = mock.patch.dict(os.environ, SSL_CERT_FILE=str(self._folder / "ours.pem"))
        super().__init__()  # type: ignore[call-arg]  # the vendor that comes next has its manners

    def __enter__(self) -> Self:
        self._trust.start()
        return super().__enter__()

    def __exit__(self, *how: object) -> None:
        super().__exit__(*how)
        self._trust.stop()

    @property
    def shown(self) -> dict[str, str]:
        """What the connection's extra says of our certificate."""
        return {"client_cert": str(self._folder / "ours.pem"), "client_key": str(self._folder / "ours.key")}

    @contextmanager
    def _behind(self, server: Listener, whose: str = certificates.OURS) -> Iterator[str]:
        """Serve over TLS who shows this certificate, and give the address by the name that the vendor's own has."""
        context = certificates.demanding(self._folder, whose=whose)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        with listening(server) as origin:
            yield origin.replace("http://127.0.0.1", "https://localhost")


class CourtBehindCertificates(BehindCertificates, SandboxCourt):
    """A certificate is all that it wants to see (``wsse: none``); its WSDL is shown to nobody else either."""

    def credentials(self) -> Credentials:
        return Credentials(extra={"wsse": "none", **self.shown})

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        address = ("127.0.0.1", self._port)
        server = court_server.Server(address, court=self._court, login=None, manners=self._manners)
        return self._behind(server, certificates.STRANGERS if manner is Manner.LOCKED else certificates.OURS)


class GatewayBehindCertificates(BehindCertificates, SandboxGateway):
    """A certificate and a token (OAuth 2), and the token endpoint wants to see the certificate, too."""

    def credentials(self) -> Credentials:
        extra = {"auth": "oauth2_client_credentials", "token_url": f"{self._origin}/token", "scope": "holds"}
        return Credentials(login=CLIENT, password=SECRET, extra={**extra, **self.shown})

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        del manner  # what it does not accept is the token: a refused certificate is remembered for a minute
        address = ("127.0.0.1", self._port)
        return self._behind(
            payments_http.Server(address, gateway=self._gateway, tokens=self._tokens, manners=self._manners)
        )


def _is_open(target: str) -> bool:
    """Return whether this is shown to everybody: the heartbeat goes without a login."""
    return target == "/health"
