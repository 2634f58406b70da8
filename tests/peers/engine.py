"""An interface engine on python-hl7's MLLP server, which reads and acknowledges our messages by its own lights.

Prints "listening PORT". A line on standard input says how to behave: well, refusing, busy, unproved, silent or down;
"forget" empties its book, "received" prints it. It is done when the line comes back.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from contextlib import suppress
from typing import Any

import hl7
from hl7.mllp import start_hl7_server

state: dict[str, Any] = {"manner": "well", "arrivals": [], "charts": {}}
ERRORS = {"refusing": ("AE", "204"), "busy": ("AR", "207")}


async def serve(reader: Any, writer: Any) -> None:
    state["open"].add(writer)
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            block = await reader.readblock()
            answer = answered(block.decode(), hashlib.sha256(block).hexdigest())
            if answer is not None:
                writer.writeblock(answer.encode())
                await writer.drain()
    state["open"].discard(writer)
    writer.close()


def answered(text: str, digest: str) -> str | None:
    message = hl7.parse(text)
    key = str(message.segment("MSH")(10))
    state["arrivals"].append([key, digest])
    if state["manner"] == "silent":
        return None
    if state["manner"] in ERRORS:
        code, error = ERRORS[state["manner"]]
        return f"{message.create_ack(code)}ERR|||{error}^not for this engine^HL70357|E||||Ms Roe of ward 4\r"
    if state["manner"] == "unproved":
        return str(message.create_ack("AA", message_id=""))
    patient = message.segment("PID")
    chart = message.unescape(str(patient(5))) if len(patient) > 5 else ""  # what is empty at the end is not written
    number = f"CHART-{len(state['charts']) + 1}"
    known = state["charts"].setdefault(key, [number, chart, str(message.create_ack("AA", message_id=number))])
    return known[2]


async def main() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    state["open"] = set()
    server = await start_hl7_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"listening {port}", flush=True)
    while line := (await lines.readline()).decode().strip():
        if line == "forget":
            state["arrivals"], state["charts"] = [], {}
        elif line == "received":
            print(json.dumps({"arrivals": state["arrivals"], "charts": state["charts"]}), flush=True)
        else:
            state["manner"] = line
            if line == "down":
                server.close()
                for writer in list(state["open"]):
                    writer.transport.abort()
            elif not server.is_serving():
                server = await start_hl7_server(serve, "127.0.0.1", port)
        print(line, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
