"""OAuth 2 client credentials (RFC 6749, section 4.4): a token for a login and a secret, then that with each request.

oauthlib writes the request and reads the answer; our own client carries both, to the token endpoint's origin and
nowhere else. Whatever goes wrong here goes wrong before the vendor has seen a byte of the message.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlsplit

from oauthlib.oauth2 import BackendApplicationClient

from hms_syn import errors
from hms_syn.adapters import urls
from hms_syn.adapters.auth import fields, oauth2_answer, shared_tokens, static
from hms_syn.adapters.http_client import GuardedClient
from hms_syn.domain import addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.adapters.auth.shared_tokens import Token
    from hms_syn.adapters.deadline import Deadline
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

WAY = "oauth2_client_credentials"
PLACES = ("basic", "body")
"""Where a secret may go: into a header, or into the body. Standard endpoints take the first (RFC 6749, 2.3.1)."""
MAX_BYTES = 64 * 1024
_TIMEOUT = 30.0
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks for a token, where, and for what; the secret is never shown."""

    token_url: str
    name: str
    secret: str = field(repr=False)
    scope: str = ""
    in_body: bool = False
    allow_private: tuple[str, ...] = ()
    client_cert: str | None = None
    client_key: str | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two clients one, so that they share a token; of the secret only a digest.

        A token may be bound to the certificate that was shown for it (RFC 8705, section 3).
        """
        digest = hashlib.sha256(self.secret.encode()).hexdigest()
        place = "body" if self.in_body else "header"
        return (self.token_url, self.name, self.scope, place, digest, self.client_cert or "")

    def ask(self, deadline: Deadline) -> Token:
        """Ask for a token.

        :raises errors.NotSent: none could be had now · :raises errors.LoginRefused: not for us
        :raises errors.ContractMismatch: the connection and the token endpoint do not fit together
        """
        http = GuardedClient(
            self.token_url,
            allow_private=self.allow_private,
            timeout=_TIMEOUT,
            max_response_bytes=MAX_BYTES,
            client_cert=self.client_cert,
            client_key=self.client_key,
        )
        headers, body = self._written()
        try:
            response = http.request("POST", self.token_url, headers=headers, body=body, deadline=deadline)
        except (errors.NotSent, errors.OutcomeUnknown) as error:
            raise errors.NotSent(
                f"No token could be had: the token endpoint was not reached, or did not answer in full ({error.code}); "
                "nothing was sent to the vendor.",
                code=f"token_{error.code}",
            ) from None
        finally:
            http.close()
        return oauth2_answer.read(response)

    def _written(self) -> tuple[Mapping[str, str], bytes]:
        """Return the request's headers and body; the secret stands in one of them (RFC 6749, section 2.3.1)."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        client = BackendApplicationClient(self.name)
        scope = self.scope or None
        if self.in_body:
            body = client.prepare_request_body(include_client_id=True, scope=scope, client_secret=self.secret)
        else:
            body = client.prepare_request_body(include_client_id=False, scope=scope)
            headers["Authorization"] = f"Basic {static.pair(quote_plus(self.name), quote_plus(self.secret))}"
        return headers, body.encode("ascii")


class ClientCredentials:
    """Says who we are by a token, which every adapter of this process with the same client shares."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shared = shared_tokens.shared(client.identity)
        self._said = ""

    def headers(self, *, body: bytes, key: str, deadline: Deadline) -> Mapping[str, str]:
        """Return the token's header; raise as :meth:`Client.ask` does."""
        del body, key
        self._said = self._shared.get(lambda: self._client.ask(deadline), deadline)
        try:
            deadline.left()
        except TimeoutError:
            raise errors.NotSent(
                "The token took all the time there was; nothing was sent to the vendor.", code="token_timeout"
            ) from None
        return {"Authorization": f"Bearer {self._said}"}

    def renew(self) -> bool:
        """Forget the token that the vendor has refused, and no other: somebody may have a newer one already."""
        if not self._said:
            return False
        self._shared.drop(self._said)
        self._said = ""
        return True


def client_credentials(job: JobSpec, credentials: Credentials) -> ClientCredentials:
    """Return the connection's client: login is its id, password its secret.

    :raises errors.ContractMismatch: naming the field that is empty or cannot be used
    """
    place = fields.text(credentials, "token_auth") or PLACES[0]
    if place not in PLACES:
        raise fields.wrong("token_auth", f"must be one of {', '.join(PLACES)}")
    scope = " ".join(fields.text(credentials, "scope").split())
    if scope and not _SCOPE.fullmatch(scope):
        raise fields.wrong(
            "scope", "holds a character that no scope has; write the vendor's words, with blanks between"
        )
    return ClientCredentials(
        Client(
            token_url=_token_url(fields.text(credentials, "token_url"), job.allow_private),
            name=fields.without_controls(fields.login(credentials, WAY), "login"),
            secret=fields.without_controls(fields.password(credentials, WAY), "password"),
            scope=scope,
            in_body=place == "body",
            allow_private=tuple(job.allow_private),
            client_cert=fields.text(credentials, "client_cert") or None,
            client_key=fields.text(credentials, "client_key") or None,
        )
    )


def _token_url(url: str, allow_private: Sequence[str]) -> str:
    """Return the address of the token endpoint; plain HTTP only to a private address that the job may reach."""
    if not url:
        raise fields.wrong("token_url", f"is empty, and 'auth: {WAY}' needs it")
    try:
        urls.check_url(url, allow_private)
    except errors.ContractMismatch as error:
        raise errors.ContractMismatch(f"The connection's 'token_url': {error}", code=error.code) from None
    host = urls.origin(url).host
    if urlsplit(url).scheme.lower() != "https" and addresses.refusal(host) is None:
        raise fields.wrong("token_url", "must begin with https: the secret would go in clear")
    if urlsplit(url).fragment:
        raise fields.wrong("token_url", "has a '#', which no address of a token endpoint has")
    return url
