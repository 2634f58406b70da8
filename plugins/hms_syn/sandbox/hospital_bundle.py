"""Transactions: several resources written together or not at all (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.hospital_book import Wish
from hms_syn.sandbox.ledger import UnacceptableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.sandbox.ledger import Row


def wishes_of(bundle: Mapping[str, Any]) -> list[Wish]:
    """Return what a transaction Bundle wants written; references between its entries are kept as they are.

    :raises UnacceptableError: 400, it is not such a bundle
    """
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise UnacceptableError(400, "invalid", field="Bundle.type")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        raise UnacceptableError(400, "required", field="Bundle.entry")
    return [_wish(entry, f"Bundle.entry[{index}]") for index, entry in enumerate(entries)]


def responses(done: Sequence[tuple[int, Row]]) -> dict[str, Any]:
    """Return the answer: one entry for each that was asked, in the same order."""
    entries = [
        {
            "resource": resource,
            "response": {
                "status": f"{status} {'Created' if status == 201 else 'OK'}",  # noqa: PLR2004 - HTTP
                "location": f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}",
                "etag": f'W/"{resource["meta"]["versionId"]}"',
                "lastModified": resource["meta"]["lastUpdated"],
            },
        }
        for status, resource in done
    ]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def _wish(entry: Any, where: str) -> Wish:
    request = entry.get("request") if isinstance(entry, dict) else None
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(resource, dict):
        raise UnacceptableError(400, "required", field=where)
    path, _, query = str(request.get("url", "")).partition("?")
    kind, _, id_ = path.partition("/")
    method = request.get("method")
    if method == "POST" and not id_:
        return Wish(kind=kind, resource=resource, condition=str(request.get("ifNoneExist", "")))
    if method == "PUT" and (id_ or query):
        return Wish(kind=kind, resource=resource, is_update=True, id=id_, condition=query)
    raise UnacceptableError(400, "not-supported", field=f"{where}.request")
