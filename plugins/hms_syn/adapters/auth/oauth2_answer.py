"""What a token endpoint says: a token and how long it is good, or why there is none (RFC 6749, 5.1 and 5.2)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError, OAuth2Error

from hms_syn import errors
from hms_syn.adapters import http_status
from hms_syn.adapters.auth import fields
from hms_syn.adapters.auth.shared_tokens import Token
from hms_syn.adapters.json_calls import document

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response

DEFAULT_LIFE = 300.0
"""Seconds a token is taken to be good where the answer does not say."""
LONGEST_LIFE = 86400.0
"""However long it is said to be good, a token is asked for anew each day."""
_REFUSALS = frozenset({"invalid_client", "invalid_grant", "unauthorized_client", "access_denied"})
_MISMATCHES = frozenset({"invalid_request", "invalid_scope", "unsupported_grant_type"})
_WRONG_PLACE = frozenset({404, 405, 410})
_LATER = frozenset({408, 425, 429})
_SECONDS = re.compile(r"[0-9]{1,9}")
_SUCCESS, _REDIRECTION, _SERVER_ERROR = 2, 3, 5


def read(response: Response) -> Token:
    """Return the token.

    :raises errors.NotSent: there is none now · :raises errors.LoginRefused: there is none for us
    :raises errors.ContractMismatch: what was asked for, or what came, is not what the connection says
    """
    _check_status(response)
    said = _said(response)
    try:
        # Of an answer only these matter here; oauthlib would warn of a scope that is not the one asked for.
        only = {name: said[name] for name in ("access_token", "token_type", "error") if said.get(name)}
        BackendApplicationClient("").parse_request_body_response(json.dumps(only))
    except MissingTokenError:
        raise _no_token("The token endpoint's answer holds no token.", code="token_missing") from None
    except OAuth2Error as error:
        raise _named(str(error.error), response) from None
    if response.status // 100 != _SUCCESS:
        raise _no_token(f"The token endpoint answers HTTP {response.status}.", code=f"token_http_{response.status}")
    kind = said.get("token_type", "bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise errors.ContractMismatch(
            "The token endpoint gives tokens of a type that is not 'bearer', the only one we can show.",
            code="token_type",
        )
    return Token(_usable(said["access_token"]), _life(said.get("expires_in")))


def _check_status(response: Response) -> None:
    """Return unless the status alone decides."""
    status = response.status
    if status in (401, 403):
        raise _refused(f"http_{status}", response)
    if status // 100 == _REDIRECTION:
        raise _no_token(
            "The token endpoint leads elsewhere; a secret is not sent after a redirection.", code="token_redirect"
        )
    if status // 100 == _SERVER_ERROR or status in _LATER:
        raise _no_token(
            f"The token endpoint is not able to answer now (HTTP {status}).",
            code=f"token_http_{status}",
            later=http_status.later(response),
        )
    if status in _WRONG_PLACE:
        raise errors.ContractMismatch(
            f"There is no token endpoint at the connection's 'token_url' (HTTP {status}); correct it.",
            code=f"token_http_{status}",
        )


def _said(response: Response) -> dict[str, Any]:
    try:
        said = document(response)
    except errors.OutcomeUnknown as error:
        code = error.code if response.status // 100 == _SUCCESS else f"http_{response.status}"
        raise _no_token(f"The token endpoint's answer is not a token in JSON ({code}).", code=f"token_{code}") from None
    if not isinstance(said, dict):
        raise _no_token("The token endpoint's answer is not a JSON object.", code="token_bad_json")
    return said


def _named(name: str, response: Response) -> errors.SynError:
    """Return the error that the endpoint calls by this name; a name of its own invention is not repeated."""
    if name in _REFUSALS:
        return _refused(name, response)
    if name in _MISMATCHES:
        return errors.ContractMismatch(
            f"The token endpoint does not take what the connection asks for ({name}); check 'scope', 'token_auth' and "
            "'token_url'.",
            code=f"token_{name}",
        )
    return _no_token(
        f"The token endpoint gives no token (HTTP {response.status}, and an error in JSON).", code="token_error"
    )


def _refused(what: str, response: Response) -> errors.LoginRefused:
    return errors.LoginRefused(
        f"The token endpoint does not accept the connection's login and password ({what}); correct them. Nothing was "
        "sent to the vendor.",
        code=f"token_{what}",
        retry_after=max(http_status.LOGIN_WAIT, http_status.later(response) or 0),
    )


def _no_token(text: str, *, code: str, later: float | None = None) -> errors.NotSent:
    return errors.NotSent(f"{text} Nothing was sent to the vendor.", code=code, retry_after=later)


def _usable(token: Any) -> str:
    if not isinstance(token, str) or not token:
        raise _no_token("The token endpoint's answer holds no token.", code="token_missing")
    if not fields.VISIBLE.fullmatch(token):
        raise _no_token("The token holds a character that a header cannot carry.", code="token_unusable")
    return token


def _life(given: Any) -> float:
    """Return the seconds a token is good.

    >>> [_life(given) for given in (3600, "3600", None, "soon", -1, True, 1e9)]
    [3600.0, 3600.0, 300.0, 300.0, 300.0, 300.0, 86400.0]
    """
    if isinstance(given, str) and _SECONDS.fullmatch(given):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        return DEFAULT_LIFE
    return min(float(given), LONGEST_LIFE)
