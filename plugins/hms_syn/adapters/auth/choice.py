"""Which way to authenticate a connection asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters.auth import fields, standard_webhooks, static

if TYPE_CHECKING:
    from hms_syn.adapters.auth.authenticator import Authenticator
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

WAYS = ("none", "basic", "bearer", "api_key", "oauth2_client_credentials", "hmac")


def authenticator(job: JobSpec, credentials: Credentials | None) -> Authenticator:
    """Return how this job's vendor learns who we are: as the connection's ``auth`` says, else basic with a login.

    Nothing is sent yet, so a connection that cannot do is told before the first message.

    :raises errors.ContractMismatch: a word we do not know, or a field that this way needs cannot be used
    """
    if credentials is None:
        return static.Static()
    way = fields.text(credentials, "auth") or ("basic" if credentials.login else "none")
    if way == "none":
        return static.Static()
    if way == "basic":
        return static.basic(credentials)
    if way == "bearer":
        return static.bearer(credentials)
    if way == "api_key":
        return static.api_key(credentials)
    if way == "hmac":
        return standard_webhooks.signer(credentials)
    if way == "oauth2_client_credentials":
        from hms_syn.adapters.auth import oauth2  # noqa: PLC0415 - oauthlib costs most jobs nothing

        return oauth2.client_credentials(job, credentials)
    raise fields.wrong("auth", f"must be one of {', '.join(WAYS)}")


def problems(job: JobSpec, credentials: Credentials | None) -> list[tuple[str, str]]:
    """Return (dotted key, what is wrong and what to do) where the connection cannot do."""
    try:
        authenticator(job, credentials)
    except errors.ContractMismatch as error:
        return [("job.connection_id", str(error))]
    return []
