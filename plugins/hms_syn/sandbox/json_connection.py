"""One connection to a vendor with JSON over HTTP: what comes in, what mode it meets, what goes out."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import json_manners
from hms_syn.sandbox.answers import Answer, json_value, text
from hms_syn.sandbox.connection import Connection
from hms_syn.sandbox.ledger import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hms_syn.sandbox.json_server import JsonServer


class UnreadableError(ValueError):
    """The body is not the one JSON object that was to come."""


class JsonConnection(Connection):
    """One connection."""

    content_type = "application/json"
    server: JsonServer

    def note(self, outcome: str) -> None:
        """Log a request that was not carried out."""
        self.server.ledger.arrived(self.call(b""), outcome)

    def call(self, body: bytes) -> Call:
        """Return what the vendor's log keeps of this request."""
        return Call(
            operation=f"{self.command} {self.path.partition('?')[0]}",
            key=self.idempotency_key(),
            digest=hashlib.sha256(body).hexdigest() if body else "",
        )

    @abstractmethod
    def idempotency_key(self) -> str:
        """Return the key by which the vendor would know a repeat of this request, or nothing."""

    @abstractmethod
    def special(self, mode: str) -> Answer:
        """Give what comes back in a mode that only this vendor has."""

    def attend(self, body: bytes, carry_out: Callable[[Call, str], Answer]) -> None:
        """Answer one request in the present mode; the work is ``carry_out``'s, with the mode it is done in."""
        call = self.call(body)
        mode = self.server.manners.take(self.server.modes)
        if mode in self.server.instead:
            self.server.ledger.arrived(call, f"{mode}: nothing recorded")
            if mode in {"reset", "down"}:
                self.hang_up(reset=mode == "reset")
            elif mode in json_manners.INSTEAD:
                self.send(json_manners.instead(mode, self.content_type))
            else:
                self.send(self.special(mode))
            return
        try:
            answer = carry_out(call, mode)
        except OSError:
            answer = json_value(500, {"error": "the ledger cannot be written now"})
        if mode == "http_500_after":
            answer = json_value(500, {"error": "told to fail"})
        elif mode == "empty_204_after":
            answer = Answer(status=204, content_type=self.content_type)
        self.suffer(mode, answer)

    def elsewhere(self, worthless: Mapping[str, Any]) -> None:
        """Answer somebody who followed the redirect with a receipt that is worth nothing."""
        self.note("followed a redirect: nothing recorded")
        self.send(json_value(200, worthless, content_type=self.content_type))

    def only_get(self) -> bool:
        """Answer 405 to anything but GET and HEAD, and say whether that was so."""
        if self.command in {"GET", "HEAD"}:
            return True
        self.note("method not allowed")
        self.send(text(405, "only GET here\n", {"Allow": "GET"}))
        return False


def the_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object in UTF-8, every name once.

    :raises UnreadableError: it is something else
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("this is not JSON in UTF-8, every name once") from error
    if not isinstance(value, dict):
        raise UnreadableError("this is not a JSON object")
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError
    return found


def _refuse(_constant: str) -> Any:
    raise UnreadableError
