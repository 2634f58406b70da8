# A clinic on fhirstarter, in a Python of its own: it checks every resource against R4B.
#   FHIR_SEQUENCE=R4B python clinic.py [--conditional]
# prints "listening PORT". A create answers 201 with an address and no resource. If-None-Exist is known only to a
# conditional clinic, which gives the address of what is there. DELETE /Appointment empties the clinic.
import json
import socket
import sys
from datetime import datetime, timezone
from uuid import uuid4

import uvicorn
from fhir.resources.R4B.appointment import Appointment
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.meta import Meta
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext
from fhirstarter.exceptions import FHIRResourceNotFoundError

KEPT: dict[str, dict] = {}
app = FHIRStarter(title="clinic", openapi_url=None)
provider = FHIRProvider()


@provider.create(Appointment)
async def create(context: InteractionContext, resource: Appointment) -> str:
    wanted = context.request.headers.get("if-none-exist", "").removeprefix("identifier=")
    if "--conditional" in sys.argv and wanted and (found := matches(wanted)):
        return found[0]["id"]
    resource.id = str(uuid4())
    resource.meta = Meta(versionId="1", lastUpdated=datetime.now(timezone.utc))
    KEPT[resource.id] = json.loads(resource.model_dump_json())
    return resource.id


@provider.read(Appointment)
async def read(context: InteractionContext, id_: str) -> Appointment:
    if id_ not in KEPT:
        raise FHIRResourceNotFoundError
    return Appointment.model_validate(KEPT[id_])


@provider.search_type(Appointment)
async def search(
    context: InteractionContext,
    identifier: str | None,
    _last_updated: str | None,
    _count: str | None,
    _sort: str | None,  # what is kept is in this order already
) -> Bundle:
    found = list(KEPT.values()) if identifier is None else matches(identifier)
    if _last_updated is not None:
        since = moment(_last_updated.removeprefix("ge"))
        found = [each for each in found if moment(each["meta"]["lastUpdated"]) >= since]
    start, size, url = int(context.request.query_params.get("_offset", 0)), int(_count or 1000), context.request.url
    links = [{"relation": "self", "url": str(url)}]
    if start + size < len(found):
        links.append({"relation": "next", "url": str(url.include_query_params(_offset=start + size))})
    entries = [{"resource": each, "search": {"mode": "match"}} for each in found[start : start + size]]
    return Bundle(type="searchset", total=len(found), link=links, entry=entries or None)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def matches(identifier: str) -> list[dict]:
    system, _, value = identifier.partition("|")
    return [each for each in KEPT.values() if {"system": system, "value": value} in each.get("identifier", [])]


app.add_providers(provider)


@app.delete("/Appointment")
def forget() -> dict:
    KEPT.clear()
    return {}


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"listening {listener.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
