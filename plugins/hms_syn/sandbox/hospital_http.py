"""The hospital on the wire: FHIR R4 over HTTP, as JSON (https://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

import hmac
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import hospital_page, hospital_rules, hospital_search, json_manners
from hms_syn.sandbox.answers import Answer, json_value
from hms_syn.sandbox.hospital_book import Hospital, Wish
from hms_syn.sandbox.hospital_bundle import responses, wishes_of
from hms_syn.sandbox.json_connection import JsonConnection, UnreadableError, the_object
from hms_syn.sandbox.json_server import JsonServer
from hms_syn.sandbox.ledger import UnacceptableError
from hms_syn.sandbox.moments import told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from hms_syn.sandbox.ledger import Call
    from hms_syn.sandbox.manners import ModeOf

FHIR = "application/fhir+json"
OWN = MappingProxyType(
    {
        "refuse": "422 with an OperationOutcome",
        "outcome_200": "200 with an OperationOutcome",
        "stranger": "201 with somebody else's resource",
        "missing_id": "201 with the resource, but without its id",
    }
)


class Server(JsonServer):
    """One hospital; with a ``token`` only who has it may come in."""

    instead = MappingProxyType({**json_manners.INSTEAD, **OWN})
    ledger: Hospital

    def __init__(
        self, address: tuple[str, int], *, hospital: Hospital, token: str = "", manners: ModeOf | None = None
    ) -> None:
        self.token = token
        super().__init__(address, Handler, ledger=hospital, manners=manners)

    def page(self, *, still: bool) -> str:
        """The records as a page."""
        return hospital_page.page(self.ledger.received(), mode=self.manners.present()["mode"], still=still)


class Handler(JsonConnection):
    """One connection."""

    server_version = "GeneralHospital/4"
    icon = hospital_page.ICON
    content_type = f"{FHIR}; charset=utf-8"
    server: Server
    do_PUT = JsonConnection.do_POST  # noqa: N815 - the standard library's name

    def serves(self, address: SplitResult, body: bytes) -> bool:
        """Answer below ``/fhir``, and where the redirect leads."""
        if address.path == "/elsewhere":
            self.elsewhere({"resourceType": "Task", "id": "elsewhere", "status": "requested", "intent": "order"})
            return True
        if address.path == "/fhir/metadata" and self.command in {"GET", "HEAD"}:
            self.send(self._json(200, hospital_rules.capabilities(self.origin(), told(self.server.ledger.now()))))
            return True
        place = address.path.rstrip("/").split("/")[1:]
        if place[:1] != ["fhir"]:
            return False
        self.attend(body, lambda call, mode: self._answered(call, place[1:], address.query, body, mode))
        return True

    def idempotency_key(self) -> str:
        """Return the identifier by which this request is conditional, or nothing."""
        query = self.headers.get("If-None-Exist", "") or self.path.partition("?")[2]
        try:
            criteria = dict(hospital_search.Question.parse(query).criteria)
        except UnacceptableError:
            return ""
        return criteria.get("identifier", "").rpartition("|")[2]

    def special(self, mode: str) -> Answer:
        """Give what comes back in one of the modes of ``OWN``."""
        task = {"resourceType": "Task", "status": "requested", "intent": "order"}
        stranger = {**task, "id": "7", "identifier": [{"system": "urn:somebody-else", "value": "7"}]}
        return {
            "refuse": self._json(422, hospital_rules.outcome("business-rule", field="Task.focus")),
            "outcome_200": self._json(200, hospital_rules.outcome("invalid")),
            "stranger": self._json(201, stranger),
            "missing_id": self._json(201, task),
        }[mode]

    def _answered(self, call: Call, place: list[str], query: str, body: bytes, mode: str) -> Answer:
        try:
            self._check_token(call)
            if self.command in {"GET", "HEAD"}:
                return self._shown(call, place, query)
            return self._written(call, place, query, body, note="" if mode == "ok" else mode)
        except UnacceptableError as error:
            return self._refused(error)

    def _check_token(self, call: Call) -> None:
        given = self.headers.get("Authorization", "")
        if self.server.token and not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            self.server.ledger.arrived(call, "not authenticated")
            raise UnacceptableError(401, "login")

    def _shown(self, call: Call, place: list[str], query: str) -> Answer:
        hospital = self.server.ledger
        try:
            if len(place) == 1:
                question = hospital_search.Question.parse(query)
                page, total, more = hospital.search(call, place[0], question)
                address = f"{self.origin()}/fhir/{place[0]}"
                return self._json(200, hospital_search.bundle(address, question, page, total, more=more))
            if len(place) == 2 or (len(place) == 4 and place[2] == "_history"):  # noqa: PLR2004 - Type/id/_history/version
                return self._resource(200, hospital.read(call, place[0], place[1], place[3] if place[2:] else ""))
            raise UnacceptableError(404, "not-supported")  # noqa: TRY301 - logged as the others
        except UnacceptableError as error:
            if error.code != "not-found":  # what was looked for in vain, the book has noted itself
                hospital.arrived(call, f"refused: {error}")
            raise

    def _written(self, call: Call, place: list[str], query: str, body: bytes, *, note: str) -> Answer:
        try:
            if self.headers.get_content_type() not in {FHIR, "application/json"}:
                raise UnacceptableError(415, "not-supported", field="Content-Type")  # noqa: TRY301 - logged as the others
            value = the_object(body)
            is_transaction = not place and self.command == "POST"
            wishes = wishes_of(value) if is_transaction else [self._wish(place, query, value)]
        except UnreadableError as error:
            self.server.ledger.arrived(call, "refused: unreadable")
            raise UnacceptableError(400, "structure", field="the body") from error
        except UnacceptableError as error:
            self.server.ledger.arrived(call, f"refused: {error}")
            raise
        done = self.server.ledger.write(call, wishes, note=note)
        if not place:
            return self._json(200, responses(done))
        status, resource = done[0]
        return self._resource(status, resource, minimal="return=minimal" in self.headers.get("Prefer", ""))

    def _wish(self, place: list[str], query: str, value: dict[str, Any]) -> Wish:
        version = self.headers.get("If-Match", "").removeprefix("W/").strip('"')
        if self.command == "POST" and len(place) == 1:
            return Wish(kind=place[0], resource=value, condition=self.headers.get("If-None-Exist", ""))
        if self.command == "PUT" and len(place) == 1 and query:
            return Wish(kind=place[0], resource=value, is_update=True, condition=query, version=version)
        if self.command == "PUT" and len(place) == 2:  # noqa: PLR2004 - Type/id
            if value.get("id") != place[1]:
                raise UnacceptableError(400, "invalid", field=f"{place[0]}.id")
            return Wish(kind=place[0], resource=value, is_update=True, id=place[1], version=version)
        raise UnacceptableError(405, "not-supported")

    def _resource(self, status: int, resource: Mapping[str, Any], *, minimal: bool = False) -> Answer:
        meta = resource["meta"]
        name = f"{resource['resourceType']}/{resource['id']}"
        headers = {
            "ETag": f'W/"{meta["versionId"]}"',
            "Location": f"{self.origin()}/fhir/{name}/_history/{meta['versionId']}",
        }
        if minimal:
            return Answer(status=status, content_type=self.content_type, headers=headers)
        return self._json(status, resource, headers=headers)

    def _refused(self, error: UnacceptableError) -> Answer:
        headers = {"WWW-Authenticate": 'Bearer realm="general-hospital"'} if error.status == 401 else {}  # noqa: PLR2004 - HTTP
        return self._json(error.status, hospital_rules.outcome(error.code, field=error.field), headers=headers)

    def _json(self, status: int, value: Any, *, headers: Mapping[str, str] | None = None) -> Answer:
        return json_value(status, value, content_type=self.content_type, headers=headers)
