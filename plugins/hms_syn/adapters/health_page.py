"""The simplest sign of life of a vendor over HTTP: its health page, asked without credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hms_syn import errors
from hms_syn.adapters.http_client import client_for
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

_BYTES = 1024 * 1024
_SUCCESS = 2


def ping(job: JobSpec, credentials: Credentials | None) -> None:
    """Return if ``heartbeat.request.path``, or ``/health``, at the endpoint's origin answers 2xx in time.

    :raises errors.NotSent: not reached · :raises errors.OutcomeUnknown: reached, and anything but a 2xx
    """
    heartbeat = job.heartbeat
    path = str((heartbeat.request if heartbeat else EMPTY).get("path") or "/health")
    http = client_for(job, credentials, timeout=job.ping_timeout, max_bytes=_BYTES)
    try:
        response = http.request("GET", urljoin(job.target_endpoint, path), headers={})
    finally:
        http.close()
    check(response)


def check(response: Response) -> None:
    """Return if a health page answers 2xx.

    :raises errors.OutcomeUnknown: anything else
    """
    if response.status // 100 != _SUCCESS:
        raise errors.OutcomeUnknown(
            f"The vendor's health page answers HTTP {response.status}.", code=f"http_{response.status}"
        )
