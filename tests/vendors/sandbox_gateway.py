"""The vendor of ``rest.json.v1``: the sandbox's payment gateway behind OAuth 2, with every bad habit."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

from tests.vendors.reopened import Reopened

from hms_syn.conformance import Arrival, Manner, Thing
from hms_syn.ports import Credentials
from hms_syn.sandbox.payments_rest import Gateway, Tokens, manners, serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

JOB = """
job:
  name: "HUD → StatePayments"
  id: payments
  push_adapter: rest.json.v1
  pull_adapter: rest.json.v1
  source_topic: hud.eviction.ordered
  target_endpoint: {origin}
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 600ms}}
  push:
    timeout: 600ms
    request: {{path: /holds}}
    success: {{status: PLACED}}
    ack: {{reference: reference, status: status}}
    find: {{request: {{path: "/holds/{{key}}"}}, match: "@", success: {{reference: present}}}}
  pull:
    timeout: 600ms
    dedupe_key: id
    request: {{path: /holds, records: statuses, page: {{size: limit, after: after, next: next}}}}
    cursor: {{field: changedAt, parameter: since}}
"""
CLIENT, SECRET = "hms-syn", "s3cret +%: ü"
MODES = {
    Manner.WELL: "ok",
    Manner.REFUSING: "refuse",
    Manner.BUSY: "http_503",
    Manner.LOCKED: "token_expired",
    Manner.UNPROVED: "missing_reference",
    Manner.SILENT: "silent",
}


class SandboxGateway(Reopened):
    """A gateway that hands out its own tokens."""

    file = JOB
    modes = MODES
    words = ("told_to_refuse", "busy", "invalid_token")

    def __init__(self) -> None:
        self._gateway = Gateway(confirm_after=0)
        self._tokens = Tokens(CLIENT, SECRET)
        super().__init__(manners())

    def credentials(self) -> Credentials:
        extra = {"auth": "oauth2_client_credentials", "token_url": f"{self._origin}/token", "scope": "holds"}
        return Credentials(login=CLIENT, password=SECRET, extra=extra)

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"caseId": "HUD-22-109", "subsidyId": "S-1", "reason": text, "effectiveDate": "2024-09-02"}

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        del manner  # it is the mode that has tokens run out, not another login
        return serve(self._gateway, port=self._port, tokens=self._tokens, manners=self._manners)

    def arrivals(self) -> Sequence[Arrival]:
        return [
            Arrival(key=row["key"], digest=row["digest"])
            for row in self._gateway.received()["arrivals"]
            if row["operation"].startswith("POST /holds")
        ]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=hold["key"], reference=hold["reference"], text=hold["reason"])
            for hold in self._gateway.received()["holds"]
        ]

    def offer(self, count: int) -> Sequence[Any]:
        """Place holds as somebody else does, through a door of its own."""
        before = len(self._gateway.received()["statuses"])
        with serve(self._gateway) as door:
            for _ in range(count):
                headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
                body = json.dumps(self.payload("rent")).encode()
                urllib.request.urlopen(urllib.request.Request(f"{door}/holds", data=body, headers=headers)).close()
        return [row["id"] for row in self._gateway.received()["statuses"][before:]]
