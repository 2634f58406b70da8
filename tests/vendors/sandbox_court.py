"""The vendor of ``oracle.soap.v1``: the sandbox's court, with every bad habit."""

from __future__ import annotations

import time
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.harness.courts import CREATE
from tests.vendors.reopened import Reopened

from hms_syn.conformance import Arrival, Manner, Thing
from hms_syn.ports import Credentials
from hms_syn.sandbox.court_manners import Manners
from hms_syn.sandbox.court_soap import Court, Login, serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

JOB = """
job:
  name: "HUD → CountyCourtCalendar"
  id: court
  push_adapter: oracle.soap.v1
  pull_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: {origin}/soap
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 600ms}}
  push:
    timeout: 600ms
    find: {{request: {{operation: FindHearing, arguments: {{messageId: "urn:uuid:{{key}}"}}}}, match: hearing}}
  pull:
    timeout: 600ms
    dedupe_key: changeId
    cursor: {{field: changedAt, parameter: changedSince}}
"""
MODES = {
    Manner.WELL: "ok",
    Manner.REFUSING: "fault_client",
    Manner.BUSY: "http_503",
    Manner.LOCKED: "ok",
    Manner.UNPROVED: "missing_ack",
    Manner.SILENT: "silent",
}
USER, PASSWORD = "hud", "correct horse battery"


class SandboxCourt(Reopened):
    """A court that wants a login in each envelope."""

    file = JOB
    modes = MODES
    words = ("told to find fault", "could not be authenticated")
    wsse = "username_token"

    def __init__(self) -> None:
        self._court = Court(schedule_after=0, confirm_after=0)
        super().__init__(Manners())

    def credentials(self) -> Credentials | None:
        return Credentials(login=USER, password=PASSWORD, extra={"wsse": self.wsse})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        login = Login(USER, "another" if manner is Manner.LOCKED else PASSWORD)
        return serve(self._court, port=self._port, login=login, manners=self._manners)

    def arrivals(self) -> Sequence[Arrival]:
        """Read the visits, once all are over: the court notes a visit's end after its answer has left."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            known = self._court.received()
            if len(known["visits"]) >= len(known["arrivals"]):
                break
            time.sleep(0.005)
        return [
            Arrival(key=visit["message_id"], digest=visit["digest"])
            for visit in known["visits"]
            if visit["operation"] == "CreateHearing"
        ]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=hearing["message_id"], reference=hearing["reference"], text=hearing["case_id"])
            for hearing in self._court.received()["hearings"]
        ]

    def offer(self, count: int) -> Sequence[Any]:
        """Enter hearings as somebody else does, who has no login to show: through a door of its own."""
        before = len(self._court.received()["changes"])
        with serve(self._court) as door:
            for number in range(count):
                body = CREATE.format(f"CITY-{number}", "2024-09-02").encode()
                kind = {"Content-Type": "text/xml; charset=utf-8"}
                urllib.request.urlopen(urllib.request.Request(f"{door}/soap", data=body, headers=kind)).close()
        return [change["change_id"] for change in self._court.received()["changes"][before:]]


class SandboxCourtWithDigests(SandboxCourt):
    """The same court, told a digest of the password: it takes no nonce a second time."""

    wsse = "username_token_digest"
