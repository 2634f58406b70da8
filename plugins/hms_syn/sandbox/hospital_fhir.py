"""A pretend hospital: FHIR R4 with conditional create, versions, search, and bad habits.

    python -m hms_syn.sandbox.hospital_fhir --port 8083

``POST /fhir/Task`` with If-None-Exist takes a task once, ``GET /fhir/Task?identifier=…`` finds it, ``_lastUpdated``,
``_sort`` and ``_count`` page through what has changed; ``/`` shows the records, ``/received`` the same as JSON.
``POST /behave {"mode": "forgetful", "times": 2}`` makes it ignore If-None-Exist twice. In a test::

    with serve(Hospital(), manners=manners("drop", times=1)) as url: ...
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hms_syn.sandbox import command
from hms_syn.sandbox.hospital_book import Hospital
from hms_syn.sandbox.hospital_http import Server
from hms_syn.sandbox.listener import listening
from hms_syn.sandbox.manners import ModeOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Hospital", "main", "manners", "serve"]


def manners(mode: str = "ok", *, times: int | None = None, delay: float = 5.0) -> ModeOf:
    """Return a hospital's manners."""
    return ModeOf(Server.every_mode(), mode, times=times, delay=delay)


@contextmanager
def serve(
    hospital: Hospital | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str = "",
    manners: ModeOf | None = None,
) -> Iterator[str]:
    """Serve a hospital in this process and give its address; without a ``token`` everybody may come in."""
    server = Server((host, port), hospital=hospital or Hospital(), token=token, manners=manners)
    with listening(server) as url:
        yield url


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; 0 is a clean end, 1 a hospital that could not open, 2 wrong usage."""
    parser = command.parser(
        "hospital_fhir",
        "A pretend hospital over FHIR R4: for demos, docs and tests, never for real records. Where HOSPITAL_TOKEN is "
        "set, only who has this bearer token may come in.",
        modes=Server.every_mode(),
        port=8083,
    )
    add = parser.add_argument
    add("--accept-after", type=float, default=2.0, metavar="S", help="seconds until a task is accepted (default: 2)")
    add("--complete-after", type=float, default=5.0, metavar="S", help="seconds until it is completed (default: 5)")
    options = parser.parse_args(arguments)
    try:
        hospital = Hospital(
            accept_after=options.accept_after, complete_after=options.complete_after, state=options.state
        )
        present = manners(options.behave, delay=options.delay)
        token = os.environ.get("HOSPITAL_TOKEN", "")
        with serve(hospital, host=options.host, port=options.port, token=token, manners=present) as url:
            command.wait_at("hospital", url)
    except (OSError, OverflowError, ValueError) as error:
        return command.cannot_open("hospital", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
