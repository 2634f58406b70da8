"""Other ways to hand a hearing to the court: by hand over requests or aiohttp, and zeep as its manual shows it."""

from __future__ import annotations

import asyncio
import http.client
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import requests
import zeep

WSDL = Path(__file__).parents[2] / "tests" / "peers" / "court.wsdl"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:county-court:calendar/ScheduleHearing"'}
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Header><a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:{0}</a:MessageID></s:Header>'
    '<s:Body><ScheduleHearing xmlns="urn:county-court:calendar"><CaseID>HUD-22-{1}</CaseID>'
    "<DateOfHearing>2024-09-02</DateOfHearing></ScheduleHearing></s:Body></s:Envelope>"
)


def envelope(number: int) -> bytes:
    """One hearing, with a key of its own, as our adapter sends one."""
    return ENVELOPE.format(uuid.uuid4(), number).encode()


class HandRequests:
    """An envelope by hand in a loop over one ``requests`` session."""

    name = "hand + requests"

    def __init__(self, origin: str) -> None:
        self.url = f"{origin}/soap"
        self.session = requests.Session()

    def send(self, count: int) -> None:
        """One after the other."""
        for number in range(count):
            answer = self.session.post(self.url, data=envelope(number), headers=HEADERS, timeout=30)
            answer.raise_for_status()
            expect(answer.text)

    def close(self) -> None:
        """Give the connection back."""
        self.session.close()


class HandHttpClient:
    """An envelope by hand over one ``http.client`` connection: the floor of the standard library."""

    name = "hand + http.client"

    def __init__(self, origin: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=30)

    def send(self, count: int) -> None:
        """One after the other; a turn begins with a new connection, because the court hangs up on an idle one."""
        self.connection.close()
        for number in range(count):
            self.connection.request("POST", "/soap", body=envelope(number), headers=HEADERS)
            expect(self.connection.getresponse().read().decode())

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


class HandAiohttp:
    """An envelope by hand over aiohttp, eight calls at a time."""

    name = "hand + aiohttp, 8 at a time"

    def __init__(self, origin: str) -> None:
        self.url = f"{origin}/soap"

    def send(self, count: int) -> None:
        """Eight loops share the numbers."""
        asyncio.run(self._send(count))

    async def _send(self, count: int) -> None:
        numbers = iter(range(count))

        async def loop(session: aiohttp.ClientSession) -> None:
            for number in numbers:
                async with session.post(self.url, data=envelope(number), headers=HEADERS) as answer:
                    expect(await answer.text())

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(loop(session) for _ in range(8)))

    def close(self) -> None:
        """Every run closes its own session."""


class ReusedZeep:
    """One zeep client for all calls, one at a time."""

    name = "zeep, reused"

    def __init__(self, origin: str) -> None:
        client = zeep.Client(str(WSDL))
        self.service = client.create_service("{urn:county-court:calendar}CalendarBinding", f"{origin}/soap")

    def send(self, count: int) -> None:
        """One after the other, through the WSDL's types."""
        for number in range(count):
            answer = self.service.ScheduleHearing(CaseID=f"HUD-22-{number}", DateOfHearing="2024-09-02")
            if not answer.ConfirmationNumber:
                raise RuntimeError("no confirmation")

    def close(self) -> None:
        """Nothing to give back."""


def expect(answer: str) -> None:
    """Fail on anything but the court's yes."""
    if "ConfirmationNumber>COURT-" not in answer:
        raise RuntimeError("the court did not confirm")
