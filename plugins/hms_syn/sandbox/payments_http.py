"""The gateway on the wire: REST with JSON, an idempotency key, and a bearer token."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from hms_syn.sandbox import json_manners, payments_page, payments_tokens
from hms_syn.sandbox.answers import Answer, json_value
from hms_syn.sandbox.json_connection import JsonConnection, UnreadableError, the_object
from hms_syn.sandbox.json_server import JsonServer
from hms_syn.sandbox.ledger import UnacceptableError
from hms_syn.sandbox.moments import a_moment
from hms_syn.sandbox.payments_book import MAX_PAGE, Gateway

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from hms_syn.sandbox.ledger import Call
    from hms_syn.sandbox.manners import ModeOf
    from hms_syn.sandbox.payments_tokens import Tokens

OWN = MappingProxyType(
    {
        "refuse": "422 with the field that is wrong",
        "error_200": '200 with {"status": "error"}',
        "missing_reference": "201 without the reference",
        "foreign_body": "200 with somebody else's answer",
        "token_expired": "every token runs out at once: 401",
    }
)
TOKEN_MODES = MappingProxyType(
    {
        "token_503": "the token endpoint answers 503",
        "token_html": "the token endpoint answers 200 with an HTML page",
        "token_missing": "the token endpoint answers without a token",
    }
)


class Server(JsonServer):
    """One gateway."""

    instead = MappingProxyType({**json_manners.INSTEAD, **OWN})
    beside = TOKEN_MODES
    ledger: Gateway

    def __init__(
        self, address: tuple[str, int], *, gateway: Gateway, tokens: Tokens | None, manners: ModeOf | None
    ) -> None:
        self.tokens = tokens
        super().__init__(address, Handler, ledger=gateway, manners=manners)

    def page(self, *, still: bool) -> str:
        """The book as a page."""
        return payments_page.page(self.ledger.received(), mode=self.manners.present()["mode"], still=still)


class Handler(JsonConnection):
    """One connection."""

    server_version = "StatePayments/2"
    icon = payments_page.ICON
    server: Server

    def serves(self, address: SplitResult, body: bytes) -> bool:
        """Answer at ``/token`` and ``/holds``, and where the redirect leads."""
        if address.path == "/token" and self.command == "POST":
            self._token(body)
        elif address.path == "/elsewhere":
            self.elsewhere({"reference": "ELSEWHERE-000001", "status": "PLACED"})
        elif address.path == "/holds" and self.command == "POST":
            self.attend(body, lambda call, mode: self._allowed(call) or self._place(call, body, mode))
        elif address.path == "/holds":
            self.attend(body, lambda call, _: self._allowed(call) or self._list(call, address.query))
        elif address.path.startswith("/holds/"):
            if self.only_get():
                key = unquote(address.path.removeprefix("/holds/"))
                self.attend(body, lambda call, _: self._allowed(call) or self._read(call, key))
        else:
            return False
        return True

    def idempotency_key(self) -> str:
        """Return the header of this name."""
        return self.headers.get("Idempotency-Key", "").strip()

    def special(self, mode: str) -> Answer:
        """Give what comes back in one of the modes of ``OWN``."""
        if mode == "token_expired":
            if self.server.tokens:
                self.server.tokens.revoke_all()
            return payments_tokens.unauthorised()
        return {
            "refuse": json_value(422, {"status": "error", "code": "told_to_refuse", "field": "subsidyId"}),
            "error_200": json_value(200, {"status": "error", "code": "ledger_closed"}),
            "missing_reference": json_value(201, {"status": "PLACED"}),
            "foreign_body": json_value(200, {"forecast": "sunny", "temperature": 21}),
        }[mode]

    def _token(self, body: bytes) -> None:
        mode = self.server.manners.take(TOKEN_MODES)
        if self.server.tokens is None:
            answer, outcome = json_value(404, {"error": "no_tokens_here"}), "no tokens here"
        elif mode == "ok":
            answer, outcome = self.server.tokens.grant(self.headers.get("Authorization", ""), body)
        else:
            answer, outcome = _bad_token(mode), f"{mode}: no token given"
        self.note(outcome)
        self.send(answer)

    def _allowed(self, call: Call) -> Answer | None:
        """Return None for a request that may come in, else the answer to the others."""
        tokens = self.server.tokens
        if tokens is None or tokens.is_good(self.headers.get("Authorization", "")):
            return None
        self.server.ledger.arrived(call, "not authenticated: no good token")
        return payments_tokens.unauthorised()

    def _place(self, call: Call, body: bytes, mode: str) -> Answer:
        try:
            if self.headers.get_content_type() != "application/json":
                raise UnacceptableError(415, "send application/json")  # noqa: TRY301 - logged and answered as the others
            if not call.key:
                raise UnacceptableError(400, "idempotency_key_missing")  # noqa: TRY301 - logged and answered as the others
            value = the_object(body)
        except UnreadableError as error:
            return self._refused(call, UnacceptableError(400, "unreadable", field=str(error)))
        except UnacceptableError as error:
            return self._refused(call, error)
        try:
            is_new, receipt = self.server.ledger.place(call, value, note="" if mode == "ok" else mode)
        except UnacceptableError as error:
            return _error(error)
        location = {"Location": f"/holds/{receipt['reference']}"}
        return json_value(201 if is_new else 200, receipt, headers=location)

    def _read(self, call: Call, key: str) -> Answer:
        try:
            return json_value(200, self.server.ledger.hold(call, key))
        except UnacceptableError as error:
            return _error(error)

    def _list(self, call: Call, query: str) -> Answer:
        asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        try:
            since = a_moment(asked["since"]) if "since" in asked else None
            after = int(_digits(asked["after"])) if "after" in asked else None
            limit = int(_digits(asked.get("limit", "100")))
            if asked.keys() - {"since", "after", "limit"} or not 1 <= limit <= MAX_PAGE:
                raise ValueError  # noqa: TRY301 - answered as the others
        except ValueError:
            return self._refused(call, UnacceptableError(400, "bad_query"))
        rows, following = self.server.ledger.statuses(call, since=since, after=after, limit=limit)
        return json_value(200, {"statuses": rows, "next": None if following is None else str(following)})

    def _refused(self, call: Call, error: UnacceptableError) -> Answer:
        self.server.ledger.arrived(call, f"refused: {error}")
        return _error(error)


def _error(error: UnacceptableError) -> Answer:
    return json_value(error.status, {"status": "error", "code": error.code, "field": error.field or None})


def _bad_token(mode: str) -> Answer:
    return {
        "token_503": json_manners.instead("http_503", "text/plain"),
        "token_html": json_manners.instead("html_200", "text/plain"),
        "token_missing": json_value(200, {"token_type": "Bearer", "expires_in": 60}),
    }[mode]


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - a long
        raise ValueError("not a number")
    return text
