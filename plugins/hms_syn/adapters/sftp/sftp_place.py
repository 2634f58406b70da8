"""Where a job's SFTP server is, which key it must show, and who we are to it."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters.auth import fields
from hms_syn.domain import addresses, sftp_urls

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.sftp_urls import Place
    from hms_syn.ports import Credentials

_ALGORITHMS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""By kind of key, the signatures we take from it: none with SHA-1."""
_SEPARATORS = re.compile(r"[\n,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One SFTP server, the keys it may show, and the login for it."""

    place: Place
    host_keys: tuple[tuple[str, bytes], ...]
    login: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    allow_private: tuple[str, ...] = ()

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What the server is asked to sign with: else it might show another key than the one that is known."""
        kinds = dict.fromkeys(kind for kind, _ in self.host_keys)
        return tuple(name for kind in kinds for name in _ALGORITHMS[kind])

    def folder(self, named: object) -> str:
        """Return the folder of a ``request``: below the endpoint's own, unless it begins with a slash."""
        return posixpath.join(self.place.folder or ".", str(named or ""))


def door(job: JobSpec, credentials: Credentials | None) -> Door:
    """Return the way to a job's SFTP server.

    :raises errors.ContractMismatch: ``url_refused``, ``address_refused``, or ``connection_field``: no key of the
        server is known, or there is nothing to log in with
    """
    try:
        place = sftp_urls.place(job.target_endpoint)
    except ValueError as error:
        raise errors.ContractMismatch(
            f"This address is refused: job.target_endpoint {error}.", code="url_refused"
        ) from None
    refused = addresses.refusal(place.host, job.allow_private)
    if refused is not None:
        raise errors.ContractMismatch(f"This endpoint is refused: {refused}.", code="address_refused")
    if credentials is None or not credentials.login:
        raise fields.wrong("login", "is empty: an SFTP server lets nobody in without a name; set job.connection_id")
    private_key = fields.text(credentials, "private_key")
    if not private_key and not credentials.password:
        raise fields.wrong("password", "is empty, and there is no 'private_key' in its place")
    return Door(
        place=place,
        host_keys=_host_keys(fields.text(credentials, "host_key")),
        login=credentials.login,
        password=credentials.password,
        private_key=private_key,
        allow_private=tuple(job.allow_private),
    )


def _host_keys(given: str) -> tuple[tuple[str, bytes], ...]:
    """Read keys in OpenSSH's form, ``ssh-ed25519 AAAA…`` with or without a comment, one a line or with commas."""
    found = []
    for line in _SEPARATORS.split(given):
        kind, _, rest = line.strip().partition(" ")
        if not kind:
            continue
        try:
            blob = base64.b64decode(rest.split()[0], validate=True)
        except (binascii.Error, IndexError):
            blob = b""
        size = int.from_bytes(blob[:4], "big")
        if kind not in _ALGORITHMS or blob[4 : 4 + size] != kind.encode():
            raise fields.wrong(
                "host_key", f"is not a public key of OpenSSH's form, such as 'ssh-ed25519 AAAA…'; {_HOW_TO}"
            )
        found.append((kind, blob))
    if not found:
        raise fields.wrong("host_key", f"is empty, and a server whose key is not known gets nothing; {_HOW_TO}")
    return tuple(found)


_HOW_TO = "ask the vendor for it, and compare it with what 'ssh-keyscan HOST' shows"
