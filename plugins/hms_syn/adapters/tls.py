"""TLS to a vendor: who it must be, who we are by our own certificate, and what each failure of the two means."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from hms_syn import errors
from hms_syn.adapters.http_status import LOGIN_WAIT

_NOT_VALID = {9: "tls_not_yet_valid", 10: "tls_expired", 62: "tls_wrong_host", 64: "tls_wrong_host"}
_NOT_VALID |= dict.fromkeys((18, 19, 20, 21), "tls_unknown_ca")
"""OpenSSL's numbers (X509_V_ERR_…) for what an officer can act on."""
_ABOUT_OURS: tuple[str, ...] = (
    "BAD_CERTIFICATE",
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "UNSUPPORTED_CERTIFICATE",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
)
"""A peer's alerts about the certificate that we have shown, or have not (RFC 8446, section 6.2)."""


def context(client_cert: str | None, client_key: str | None) -> ssl.SSLContext:
    """Return a context that verifies the peer, speaks TLS 1.2 at least and shows our certificate if there is one.

    Without one of ours it is shared, and not to be changed: reading all authorities takes longer than most calls.

    :raises errors.ContractMismatch: when our certificate or key cannot be read; it names the connection's field
    """
    if not client_cert and not client_key:
        places = ssl.get_default_verify_paths()
        return _shared(places.cafile, _age(places.cafile), places.capath)
    made = _verifying()
    if client_key and not client_cert:
        raise _unusable("The connection has a 'client_key' and no 'client_cert'; name the certificate's file too.")
    if client_cert:
        _read("client_cert", client_cert)
        _read("client_key", client_key or client_cert)
        try:
            # Without a word of ours OpenSSL would ask the terminal for an encrypted key's, and wait.
            made.load_cert_chain(client_cert, client_key, password=lambda: b"")
        except (OSError, ValueError):
            raise _unusable(
                "What the connection's 'client_cert' and 'client_key' name is no certificate in PEM with its own key, "
                "unencrypted."
            ) from None
    return made


@lru_cache(maxsize=8)
def _shared(_cafile: str | None, _age: int, _capath: str | None) -> ssl.SSLContext:
    """Make it once for each list of authorities; what stands in a folder OpenSSL looks up by itself."""
    return _verifying()


def _verifying() -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def _age(place: str | None) -> int:
    return Path(place).stat().st_mtime_ns if place else 0


def failed(error: Exception) -> errors.TryAgain:
    """Return what a handshake that failed means; the system's own text may quote what the peer sent."""
    if refuses_us(error):
        return certificate_refused()
    kind, code = type(error).__name__, "tls"
    if isinstance(error, ssl.SSLCertVerificationError):
        kind, code = "certificate not valid", _NOT_VALID.get(error.verify_code, code)
    return errors.NotSent(f"The TLS handshake with the vendor failed ({kind}); nothing was sent.", code=code)


def refuses_us(error: BaseException) -> bool:
    """Return whether the peer said, in TLS itself, that it does not accept our certificate.

    It has then looked at nothing else: TLS 1.3 lets us speak before the peer has decided whom it listens to.
    """
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return "ALERT" in reason and reason.endswith(_ABOUT_OURS)


def certificate_refused() -> errors.LoginRefused:
    """Return the error for a peer that does not accept our certificate."""
    return errors.LoginRefused(
        "The vendor does not accept our client certificate; check the connection's 'client_cert' and 'client_key'.",
        code="client_cert_refused",
        retry_after=LOGIN_WAIT,
    )


def _read(field: str, place: str) -> None:
    try:
        Path(place).read_bytes()
    except (OSError, ValueError):
        raise _unusable(
            f"The file that the connection's '{field}' names cannot be read; check its place and permissions."
        ) from None


def _unusable(text: str) -> errors.ContractMismatch:
    return errors.ContractMismatch(text, code="client_cert")
