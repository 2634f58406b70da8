"""The gateway on mountebank once more, with Prism before it: each request and answer is held to an OpenAPI file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.harness import logins
from tests.peers import gateways
from tests.vendors.behind_a_door import KEPT
from tests.vendors.mountebank_gateway import MountebankGateway

from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.doors import Asked


class PrismGateway(MountebankGateway):
    """It wants a bearer token, as the file says."""

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[PrismGateway]:
        """Run both for as long as this lasts."""
        with gateways.mountebank() as console:
            behind = console.remembering_gateway()
            with gateways.prism_before(behind.origin) as server:
                yield cls(behind, server)

    def knows(self, asked: Asked, secret: str) -> bool:
        return logins.bearer(asked, secret)

    def credentials(self) -> Credentials:
        return Credentials(password=KEPT, extra={"auth": "bearer"})
