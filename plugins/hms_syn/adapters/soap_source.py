"""Where a job's WSDL comes from: a file beside the job, or the vendor itself the first time and the pin ever after."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import soap_contract, wsse
from hms_syn.adapters.http_client import GuardedClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.soap_contract import Contract
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

MAX_WSDL_BYTES = 16 * 1024 * 1024


def client_for(job: JobSpec, credentials: Credentials | None, *, timeout: float, max_bytes: int) -> GuardedClient:
    """Return a client that may reach this job's vendor and nothing else."""
    extra: Mapping[str, Any] = credentials.extra if credentials else {}
    return GuardedClient(
        job.target_endpoint,
        allow_private=job.allow_private,
        timeout=timeout,
        max_response_bytes=max_bytes,
        client_cert=extra.get("client_cert"),
        client_key=extra.get("client_key"),
    )


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

        :raises errors.NotSent: the vendor's WSDL could not be had now · :raises errors.ContractMismatch: it is not
            there, or cannot be used
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
        pinned = self._pins.pinned(self._job.id, soap_contract.PIN_NAME)
        if pinned is not None:
            bundle = soap_contract.Bundle.from_bytes(pinned)
            if bundle.entry == url:  # another address in the job file is an officer's word for another contract
                return soap_contract.from_bundle(bundle)
        http = client_for(self._job, self._credentials, timeout=self._timeout, max_bytes=MAX_WSDL_BYTES)
        headers = wsse.http_headers(self._credentials)
        try:
            contract = soap_contract.from_reader(url, lambda address: _fetch(http, address, headers))
        finally:
            http.close()
        self._pins.pin(self._job.id, soap_contract.PIN_NAME, contract.bundle.to_bytes())
        return contract


def _beside(endpoint: str) -> str:
    return f"{endpoint.partition('?')[0]}?wsdl"


def _fetch(http: GuardedClient, url: str, headers: Mapping[str, str]) -> bytes:
    try:
        response = http.request("GET", url, headers=headers)
    except errors.OutcomeUnknown as error:
        # A question has no outcome to be in doubt about: the message itself has not been sent.
        raise errors.NotSent(
            f"The vendor's WSDL could not be read ({error.code}); nothing was sent.", code=f"wsdl_{error.code}"
        ) from None
    status = response.status
    if status == HTTPStatus.OK:
        return response.body
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (401, 403, 408, 425, 429):
        raise errors.NotSent(
            f"The vendor does not hand out its WSDL now (HTTP {status}); nothing was sent.",
            code=f"wsdl_http_{status}",
            retry_after=60.0,
        )
    raise errors.ContractMismatch(
        f"There is no WSDL where the job looks for it (HTTP {status}); save it beside the job file and name it: "
        f"push: request: {{wsdl: vendor.wsdl}}.",
        code=f"wsdl_http_{status}",
    )
