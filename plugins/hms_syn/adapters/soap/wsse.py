"""How a SOAP vendor learns who we are, from the job's connection; a password is never part of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeep.wsse.username import UsernameToken

from hms_syn import errors
from hms_syn.adapters.auth import static
from hms_syn.adapters.soap import soap_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.ports import Credentials

MASK = "***"
MODES = ("none", "basic", "username_token", "username_token_digest")


def mode(credentials: Credentials | None) -> str:
    """Return how to authenticate: as the connection's ``wsse`` says, else a token as soon as there is a login.

    :raises errors.ContractMismatch: for a word we do not know, or credentials that XML cannot carry
    """
    if credentials is None:
        return "none"
    chosen = str(credentials.extra.get("wsse") or ("username_token" if credentials.login else "none"))
    if chosen not in MODES:
        raise errors.ContractMismatch(f"The connection's 'wsse' must be one of {', '.join(MODES)}.")
    if not soap_values.is_xml_text(credentials.login + credentials.password):
        raise errors.ContractMismatch("The connection's login or password holds a character that XML cannot carry.")
    return chosen


def token(credentials: Credentials | None) -> UsernameToken | None:
    """Return the WS-Security token for the envelope's header, or None."""
    chosen = mode(credentials)
    if credentials is None or not chosen.startswith("username_token"):
        return None
    return UsernameToken(  # type: ignore[no-untyped-call]
        credentials.login, credentials.password, use_digest=chosen == "username_token_digest", zulu_timestamp=True
    )


def http_headers(credentials: Credentials | None) -> Mapping[str, str]:
    """Return the HTTP headers that authenticate us, if that is how this vendor wants it."""
    if credentials is None or mode(credentials) != "basic":
        return {}
    return {"Authorization": f"Basic {static.pair(credentials.login, credentials.password)}"}
