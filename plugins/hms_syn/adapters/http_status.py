"""What the status line of a vendor's answer says by itself, the same for every dialect over HTTP (RFC 9110)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters import retry_after

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response

LOGIN_WAIT = 60.0
"""Seconds between tries with a login the vendor does not accept: often it locks those who insist."""

_SUCCESS, _REDIRECTION = 2, 3
_REFUSALS = frozenset({400, 413, 422})
_WRONG_PLACE = frozenset({404, 405, 406, 407, 410, 411, 415, 426, 501, 505})


def check(response: Response) -> None:
    """Return unless the status alone decides, whatever the body says.

    :raises errors.LoginRefused: 401, 403 · :raises errors.VendorBusy: 425, 429, 503 · :raises errors.OutcomeUnknown:
        a redirection, which is never followed
    """
    status = response.status
    if status in (401, 403):
        raise errors.LoginRefused(
            f"The vendor does not accept our credentials (HTTP {status}); check the job's connection.",
            code=f"http_{status}",
            retry_after=max(LOGIN_WAIT, later(response) or 0),
        )
    if status in (425, 429, 503):
        raise errors.VendorBusy(
            f"The vendor asked us to come back later (HTTP {status}).",
            code=f"http_{status}",
            retry_after=later(response),
        )
    if status // 100 == _REDIRECTION:
        raise unknown(response, "redirect")


def failure(response: Response) -> errors.SynError:
    """Return the error that an answer without success is, where :func:`check` has let it pass."""
    status = response.status
    code = f"http_{status}"
    if status in _REFUSALS:
        return errors.VendorRefused(f"The vendor refused this message (HTTP {status}).", code=code)
    if status in _WRONG_PLACE:
        return errors.ContractMismatch(
            f"The vendor does not serve this operation at target_endpoint (HTTP {status}); correct the endpoint.",
            code=code,
        )
    return unknown(response, "empty" if not response.body and status // 100 == _SUCCESS else code)


def unknown(response: Response, code: str) -> errors.OutcomeUnknown:
    """Return the error for an answer that proves nothing: it says its status, length and digest, and no word of it."""
    return errors.OutcomeUnknown(
        f"The vendor's answer proves nothing ({code}; HTTP {response.status}, {response.fingerprint}).", code=code
    )


def later(response: Response) -> float | None:
    """Return the seconds the vendor asks us to wait, or None."""
    return retry_after.seconds(response.headers.get("retry-after"), now=dt.datetime.now(dt.timezone.utc))
