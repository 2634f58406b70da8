"""A county court on soapbar, a second SOAP stack that nobody here wrote; it runs in an environment of its own.

Prints "listening PORT". A line on standard input says how to behave: well, refusing, busy, unproved, silent or down;
"forget" empties the calendar, "received" prints it. It is done when the line comes back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import sys
import threading
import time
import warnings
from typing import Any

import uvicorn
from soapbar import (
    AsgiSoapApp,
    BindingStyle,
    OperationParameter,
    SoapApplication,
    SoapFault,
    SoapService,
    UsernameTokenValidator,
    soap_operation,
    xsd,
)

USER, PASSWORD = "hud", "pass&<word>"
MESSAGE_ID = re.compile(rb"MessageID[^>]*>\s*(urn:uuid:[0-9a-f-]+)")
TEXT = xsd.resolve("string")
state: dict[str, Any] = {"manner": "well", "key": "", "arrivals": [], "hearings": {}}


class Court(SoapService):
    __service_name__ = "CourtCalendar"
    __tns__ = "urn:county-court:calendar:2026"
    __binding_style__ = BindingStyle.DOCUMENT_LITERAL_WRAPPED

    @soap_operation(
        name="ScheduleHearing",
        soap_action="urn:county-court:calendar:2026/ScheduleHearing",
        input_params=[
            OperationParameter(name="CaseID", xsd_type=TEXT),
            OperationParameter(name="DateOfHearing", xsd_type=xsd.resolve("date")),
        ],
        output_params=[
            OperationParameter(name="ConfirmationNumber", xsd_type=TEXT, required=False),
            OperationParameter(name="Disposition", xsd_type=TEXT),
        ],
    )
    def schedule(self, CaseID: str, DateOfHearing: Any) -> dict[str, str]:  # noqa: N803 - the vendor's names
        key = state["key"]
        digest = hashlib.sha256(f"{CaseID}|{DateOfHearing}".encode()).hexdigest()
        state["arrivals"].append([key, digest])
        if state["manner"] == "refusing":
            raise SoapFault("Client", "not for this court")
        if state["manner"] == "unproved":
            return {"Disposition": "SCHEDULED"}
        known = key in state["hearings"]
        number, _ = state["hearings"].setdefault(key, [f"BAR-{len(state['hearings']) + 1}", CaseID])
        return {"ConfirmationNumber": number, "Disposition": "ALREADY-SCHEDULED" if known else "SCHEDULED"}


# By itself soapbar answers outside the namespace that its own WSDL publishes. What follows makes both say the same.
Court.schedule.__soap_operation__.output_namespace = Court.__tns__


class Users(UsernameTokenValidator):
    def get_password(self, username: str) -> str | None:
        return PASSWORD if username == USER else None


class Application(SoapApplication):
    def get_wsdl(self, *args: Any, **options: Any) -> bytes:
        plain = super().get_wsdl(*args, **options)
        return plain.replace(b'elementFormDefault="unqualified"', b'elementFormDefault="qualified"')

    def handle_request(self, body: bytes, *args: Any, **options: Any) -> Any:
        found = MESSAGE_ID.search(body)
        state["key"] = found[1].decode() if found else ""
        return super().handle_request(body, *args, **options)


def door(soap: AsgiSoapApp) -> Any:
    """Answer at /health, and badly where that is the manner of the day; the rest is soapbar's."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path, method = scope.get("path"), scope.get("method")
        if scope["type"] == "http" and (path == "/health" or (method == "POST" and state["manner"] == "busy")):
            status = 200 if path == "/health" else 503
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        if method == "POST" and state["manner"] == "silent":
            await asyncio.sleep(3600)
        await soap(scope, receive, send)

    return app


class Running:
    """uvicorn in a thread, at one port however often it is started."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        warnings.simplefilter("ignore")
        soap = Application(service_url=f"http://127.0.0.1:{self.port}/soap", security_validator=Users())
        soap.register(Court())
        self._app = door(AsgiSoapApp(soap))
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        if self._server is None:
            config = uvicorn.Config(
                self._app, port=self.port, log_level="critical", lifespan="off", timeout_graceful_shutdown=0
            )
            self._server = uvicorn.Server(config)
            self._thread = threading.Thread(target=self._server.run, daemon=True)
            self._thread.start()
            while not self._server.started:
                time.sleep(0.002)

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join()
            self._server = None


def main() -> None:
    running = Running()
    running.start()
    print(f"listening {running.port}", flush=True)
    for line in map(str.strip, sys.stdin):
        if line == "forget":
            state["arrivals"], state["hearings"] = [], {}
        elif line == "received":
            print(json.dumps({"arrivals": state["arrivals"], "hearings": state["hearings"]}), flush=True)
        else:
            state["manner"] = line
            (running.stop if line == "down" else running.start)()
        print(line, flush=True)


if __name__ == "__main__":
    main()
