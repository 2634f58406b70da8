"""The court on the wire: SOAP over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from hms_syn.sandbox import court_envelope, court_page
from hms_syn.sandbox.answers import packaged, text
from hms_syn.sandbox.connection import Connection
from hms_syn.sandbox.court_book import UnacceptableError
from hms_syn.sandbox.court_envelope import Fault
from hms_syn.sandbox.court_login import NotAuthenticated
from hms_syn.sandbox.court_manners import AFTER, INSTEAD, faulty, instead, xml
from hms_syn.sandbox.court_records import Call

if TYPE_CHECKING:
    from datetime import datetime
    from urllib.parse import SplitResult

    from hms_syn.sandbox.court_server import Server


class Handler(Connection):
    """One connection."""

    server_version = "CourtCalendar/1998"
    icon = court_page.ICON
    server: Server
    _call: Call
    _left_at: datetime | None

    def serves(self, address: SplitResult, body: bytes) -> bool:
        """Answer at ``/soap`` and where the redirect leads."""
        if address.path == "/elsewhere":
            self._elsewhere()
        elif address.path != "/soap":
            return False
        elif self.command == "POST":
            self._soap(body)
        elif address.query.lower() == "wsdl":
            self.send(xml(_wsdl(self.origin())))
        else:
            self.send(text(405, "POST a SOAP 1.1 envelope here; the contract is at /soap?wsdl\n", {"Allow": "POST"}))
        return True

    def note(self, outcome: str) -> None:
        """Log a request that was not even a letter."""
        self.server.court.arrived(Call(), outcome)

    def leaving(self) -> None:
        """Note when a whole answer leaves."""
        self._left_at = self.server.court.now()

    def _soap(self, body: bytes) -> None:
        """Read, carry out and answer one letter, and note when it came and when the whole answer left."""
        court = self.server.court
        began, self._call, self._left_at = court.now(), Call(), None
        try:
            self._letter(body)
        finally:
            court.visited(self._call, began, self._left_at, court_envelope.digest(body))

    def _letter(self, body: bytes) -> None:
        court, call = self.server.court, Call()
        try:
            letter = court_envelope.opened(body, content_type=self.headers.get_content_type())
            call = self._call = letter.call
            mode = self.server.manners.take()
            if mode in INSTEAD:
                self._instead(mode, call)
                return
            if self.server.login:
                self.server.login.check(letter.security)
            call = letter.read()
        except NotAuthenticated as fault:
            court.arrived(call, f"not authenticated: {fault.reason}")
            self.send(faulty(fault))
        except Fault as fault:
            court.arrived(call, f"fault: {fault.text}")
            self.send(faulty(fault))
        else:
            self._after(mode, call)

    def _instead(self, mode: str, call: Call) -> None:
        self.server.court.arrived(call, f"{mode}: nothing recorded")
        if mode == "reset":
            self.hang_up(reset=True)
        else:
            self.send(instead(mode, call.operation, relates_to=call.message_id))

    def _after(self, mode: str, call: Call) -> None:
        try:
            fields = self.server.court.handle(call, note=mode if mode in AFTER else "")
        except UnacceptableError as error:
            self.send(faulty(Fault(str(error))))
            return
        except OSError:
            self.send(faulty(Fault("the calendar cannot be written now", code="Server")))
            return
        self.suffer(mode, xml(court_envelope.answer(call.operation, fields, relates_to=call.message_id)))

    def _elsewhere(self) -> None:
        """Answer somebody who followed the redirect with a receipt that is worth nothing."""
        self.server.court.arrived(Call(operation=f"{self.command} /elsewhere"), "followed a redirect: nothing recorded")
        fields = {"reference": "ELSEWHERE-000001", "status": "ACCEPTED"}
        self.send(xml(court_envelope.answer("CreateHearing", fields)))


def _wsdl(origin: str) -> bytes:
    return packaged("court.wsdl").replace(b"http://127.0.0.1:8081", escape(origin).encode())
