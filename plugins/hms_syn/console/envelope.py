"""What every answer of the console carries, and what becomes of an error that nobody foresaw."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# Airflow shows the pages in a frame of its own, hence frame-ancestors
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ENCODED = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
NO_STORE = (b"cache-control", b"no-store")
UNFORESEEN = {"error": "internal", "detail": "The console failed; the log of Airflow's api-server says where."}


class Envelope:
    """ASGI middleware: security headers on every answer, and no traceback in any, nor a value in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = message.setdefault("headers", [])
                more = ENCODED if any(name == b"cache-control" for name, _ in given) else [*ENCODED, NO_STORE]
                message["headers"] = [*given, *more]
            await send(message)

        try:
            await self._app(scope, receive, sealed)
        except Exception as error:
            if begun:  # the answer ends where it is; whoever reads it sees that it was cut
                raise
            log.error("%s at %s", type(error).__name__, _place(error))  # noqa: TRY400 - a traceback may hold values
            await JSONResponse(UNFORESEEN, status_code=500)(scope, receive, sealed)


def _place(error: Exception) -> str:
    """Return where an error came from; its text may hold a payload and stays out of the log."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-3:]))
