"""A pretend state payment gateway: REST with OAuth 2, idempotency keys, receipts, and bad habits.

    PAYMENTS_SECRET=… python -m hms_syn.sandbox.payments_rest --port 8082 --client hms-syn

``POST /token`` gives tokens, ``POST /holds`` places a hold under its Idempotency-Key, ``GET /holds/{key}`` finds one,
``GET /holds?since=&after=&limit=`` lists statuses page by page; ``/`` shows the book, ``/received`` the same as JSON.
``POST /behave {"mode": "http_503", "times": 2}`` makes it misbehave twice. In a test::

    with serve(Gateway(), tokens=Tokens("hms-syn", "…"), manners=manners("drop", times=1)) as url: ...
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hms_syn.sandbox import command
from hms_syn.sandbox.listener import listening
from hms_syn.sandbox.manners import ModeOf
from hms_syn.sandbox.payments_book import Gateway
from hms_syn.sandbox.payments_http import Server
from hms_syn.sandbox.payments_tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Gateway", "Tokens", "main", "manners", "serve"]


def manners(mode: str = "ok", *, times: int | None = None, delay: float = 5.0) -> ModeOf:
    """Return a gateway's manners."""
    return ModeOf(Server.every_mode(), mode, times=times, delay=delay)


@contextmanager
def serve(
    gateway: Gateway | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tokens: Tokens | None = None,
    manners: ModeOf | None = None,
) -> Iterator[str]:
    """Serve a gateway in this process and give its address; without ``tokens`` everybody may come in."""
    server = Server((host, port), gateway=gateway or Gateway(), tokens=tokens, manners=manners)
    with listening(server) as url:
        yield url


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; 0 is a clean end, 1 a gateway that could not open, 2 wrong usage."""
    parser = command.parser(
        "payments_rest",
        "A pretend state payment gateway over REST: for demos, docs and tests, never for real payments.",
        modes=Server.every_mode(),
        port=8082,
    )
    add = parser.add_argument
    add("--client", default="", help="ask for a token of this client; its secret is PAYMENTS_SECRET")
    add("--token-life", type=float, default=60.0, metavar="S", help="seconds a token lives (default: 60)")
    add("--confirm-after", type=float, default=5.0, metavar="S", help="seconds until CONFIRMED (default: 5)")
    options = parser.parse_args(arguments)
    secret = os.environ.get("PAYMENTS_SECRET", "")
    if options.client and not secret:
        parser.error("--client needs a secret: set PAYMENTS_SECRET")
    try:
        gateway = Gateway(confirm_after=options.confirm_after, state=options.state)
        tokens = Tokens(options.client, secret, life=options.token_life) if options.client else None
        present = manners(options.behave, delay=options.delay)
        with serve(gateway, host=options.host, port=options.port, tokens=tokens, manners=present) as url:
            command.wait_at("payments", url)
    except (OSError, OverflowError, ValueError) as error:
        return command.cannot_open("payments", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
