"""A pretend court calendar: SOAP 1.1 with a WSDL, receipts, and every bad habit a vendor can have.

    python -m hms_syn.sandbox.court_soap --port 8081

``POST /soap`` takes hearings, ``/soap?wsdl`` is the contract, ``/`` shows the calendar, ``/received`` the same as JSON.
``POST /behave {"mode": "http_503", "times": 2}`` makes it misbehave twice. In a test::

    with serve(Court(), manners=Manners("drop", times=1)) as url: ...
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hms_syn.sandbox import command
from hms_syn.sandbox.court_book import Court
from hms_syn.sandbox.court_login import Login
from hms_syn.sandbox.court_manners import AFTER, INSTEAD, Manners
from hms_syn.sandbox.court_server import Server
from hms_syn.sandbox.listener import listening

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

__all__ = ["Court", "Login", "Manners", "main", "serve"]


@contextmanager
def serve(
    court: Court | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    login: Login | None = None,
    manners: Manners | None = None,
) -> Iterator[str]:
    """Serve a court in this process and give its address; at the end every connection is closed."""
    server = Server((host, port), court=court or Court(), login=login, manners=manners or Manners())
    with listening(server) as url:
        yield url


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; 0 is a clean end, 1 a court that could not open, 2 wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    password = options.password or os.environ.get("COURT_PASSWORD", "")
    if options.user and not password:
        parser.error("--user needs a password: set COURT_PASSWORD")
    if options.password and not options.user:
        parser.error("--password needs --user")
    try:
        court = Court(schedule_after=options.schedule_after, confirm_after=options.confirm_after, state=options.state)
        login = Login(options.user, password) if options.user else None
        manners = Manners(options.behave, delay=options.delay)
        with serve(court, host=options.host, port=options.port, login=login, manners=manners) as url:
            command.wait_at("court", url)
    except (OSError, OverflowError, ValueError) as error:
        return command.cannot_open("court", error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = command.parser(
        "court_soap",
        "A pretend court calendar over SOAP 1.1: for demos, docs and tests, never for real hearings.",
        modes={**INSTEAD, **AFTER},
        port=8081,
    )
    add = parser.add_argument
    add("--user", default="", help="ask for a WS-Security UsernameToken of this user, as text or digest")
    add("--password", default="", help="its password; better set COURT_PASSWORD, which others cannot see")
    add("--schedule-after", type=float, default=2.0, metavar="S", help="seconds until SCHEDULED (default: 2)")
    add("--confirm-after", type=float, default=5.0, metavar="S", help="seconds until CONFIRMED (default: 5)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
