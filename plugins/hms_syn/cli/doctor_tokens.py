"""What ``hms-syn doctor`` says of the door by which tasks reach Airflow: whether it is there, and takes our key.

A scheduler signs a token for each task, and the api-server checks it. Where the two have different secrets everything
looks alive, and every task fails at once without a log (Airflow 3).
"""

from __future__ import annotations

import urllib.error
import urllib.request  # nosemgrep: bytes-leave-by-the-guarded-client - it is Airflow's own door, and no vendor's
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

from hms_syn.domain.checkup import ok, problem, unseen

if TYPE_CHECKING:
    from hms_syn.domain.checkup import Finding

PATIENCE = 10.0
NOBODY = "hms_syn_doctor_asks_for_what_is_not_there"
"""A connection that no installation has: that it is not there is the answer of a door that has opened."""


def look() -> Finding:
    """Return whether the api-server takes a token that is signed here; nothing is started and nothing is read."""
    from airflow.executors.base_executor import get_execution_api_server_url  # noqa: PLC0415 - takes seconds

    token = _token()
    if token is None:
        return unseen("tasks", "this machine has no [api_auth] jwt_secret, as a worker may not", "ask at the scheduler")
    place = get_execution_api_server_url().rstrip("/")
    if not place.startswith(("http://", "https://")):
        return problem("tasks", "[core] execution_api_server_url is no address", "correct it, for every machine")
    return verdict(_ask(f"{place}/connections/{NOBODY}", token), place)


def verdict(status: int | None, place: str) -> Finding:
    """Return what an answer means; None is no answer."""
    if status is None:
        return problem("tasks", f"nobody answers at {place}: no task can run", "is the api-server up? Else correct "
                       "[core] execution_api_server_url")  # fmt: skip
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return problem(
            "tasks",
            f"{place} refuses tokens that are signed here: every task fails at once, without a log",
            "give [api_auth] jwt_secret (and jwt_issuer, jwt_audience) the same value on every machine",
        )
    if status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        return ok("tasks", "the api-server takes tokens that are signed here")
    return problem("tasks", f"{place} answers {status}", "is this the api-server's address? See its log")


def _token() -> str | None:
    """Return a token as an executor signs one; None where there is no secret."""
    from airflow.api_fastapi.auth.tokens import JWTGenerator, get_signing_args  # noqa: PLC0415 - takes seconds
    from airflow.configuration import conf  # noqa: PLC0415 - as above

    try:
        signing = get_signing_args(make_secret_key_if_needed=False)
    except Exception:  # noqa: BLE001 - Airflow's own; its text may name a key
        return None
    made = JWTGenerator(
        valid_for=60,
        audience=conf.get_mandatory_list_value("execution_api", "jwt_audience")[0],
        issuer=conf.get("api_auth", "jwt_issuer", fallback=None),
        **signing,
    )
    return str(made.generate({"sub": str(uuid.uuid4())}))


class _Stays(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the token is for one address."""

    def redirect_request(self, *_args: object) -> None:
        """Take a redirect for an answer."""


def _ask(address: str, token: str) -> int | None:
    """Return the status of an answer."""
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - http(s) only
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays)
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
