"""Where a job's WSDL comes from: a file beside the job, or the vendor itself the first time and the pin ever after."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import http_status
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.pins import OnlyPinned
from hms_syn.adapters.soap import soap_contract, wsse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.http_client import GuardedClient
    from hms_syn.adapters.soap.soap_contract import Contract
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

MAX_WSDL_BYTES = 16 * 1024 * 1024


class ContractSource:
    """Finds the contract of one job; what was found is kept as long as the adapter lives."""

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins, *, timeout: float) -> None:
        self._job = job
        self._credentials = credentials
        self._pins = pins
        self._timeout = timeout
        self._found: dict[str, Contract] = {}

    def contract(self, request: Mapping[str, Any]) -> Contract:
        """Return the parsed WSDL for this side's ``request``.

        :raises errors.NotSent: the vendor's WSDL could not be had now · :raises errors.LoginRefused: not by us
        :raises errors.ContractMismatch: it is not there, or cannot be used
        """
        place = str(request.get("wsdl") or _beside(self._job.target_endpoint))
        if place not in self._found:
            is_url = urlsplit(place).scheme in ("http", "https")
            self._found[place] = self._from_vendor(place) if is_url else self._from_file(place)
        return self._found[place]

    def _from_file(self, place: str) -> Contract:
        folder = Path(self._job.file).parent
        return soap_contract.from_file(folder / place, root=folder)

    def _from_vendor(self, url: str) -> Contract:
        name = soap_contract.pin_name(url)
        for each in (name, soap_contract.PIN_NAME):
            pinned = self._pins.pinned(self._job.id, each)
            bundle = None if pinned is None else soap_contract.Bundle.from_bytes(pinned)
            # Another address in the job file is an officer's word for another contract.
            if bundle is not None and bundle.entry == url:
                return soap_contract.from_bundle(bundle)
        if isinstance(self._pins, OnlyPinned):
            raise errors.NeedsOfficer("The vendor's WSDL is not pinned yet, and nobody is asked for it from here")
        http = client_for(self._job, self._credentials, timeout=self._timeout, max_bytes=MAX_WSDL_BYTES)
        headers, deadline = wsse.http_headers(self._credentials), Deadline(self._timeout)
        try:
            contract = soap_contract.from_reader(url, lambda address: _fetch(http, address, headers, deadline))
        finally:
            http.close()
        self._pins.pin(self._job.id, name, contract.bundle.to_bytes())
        return contract


def _beside(endpoint: str) -> str:
    return f"{endpoint.partition('?')[0]}?wsdl"


def _fetch(http: GuardedClient, url: str, headers: Mapping[str, str], deadline: Deadline) -> bytes:
    try:
        response = http.request("GET", url, headers=headers, deadline=deadline)
    except errors.OutcomeUnknown as error:
        # A question has no outcome to be in doubt about: the message itself has not been sent.
        raise errors.NotSent(
            f"The vendor's WSDL could not be read ({error.code}); nothing was sent.", code=f"wsdl_{error.code}"
        ) from None
    status = response.status
    if status == HTTPStatus.OK:
        return response.body
    wait = max(http_status.LOGIN_WAIT, http_status.later(response) or 0)
    if status in (401, 403):
        raise errors.LoginRefused(
            f"The vendor does not accept our credentials for its WSDL (HTTP {status}); check the connection.",
            code=f"wsdl_http_{status}",
            retry_after=wait,
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (408, 425, 429):
        raise errors.NotSent(
            f"The vendor does not hand out its WSDL now (HTTP {status}); nothing was sent.",
            code=f"wsdl_http_{status}",
            retry_after=wait,
        )
    raise errors.ContractMismatch(
        f"There is no WSDL where the job looks for it (HTTP {status}); save it beside the job file and name it: "
        f"push: request: {{wsdl: vendor.wsdl}}.",
        code=f"wsdl_http_{status}",
    )
