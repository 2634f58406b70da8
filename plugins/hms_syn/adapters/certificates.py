"""When a vendor's certificate ends, read from a handshake of its own: also from one that is not valid any more."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509

from hms_syn import errors
from hms_syn.adapters import dialing, urls
from hms_syn.adapters.deadline import Deadline

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec


def ends_at(job: JobSpec, timeout: float) -> float | None:
    """Return the Unix time at which the certificate of a job's vendor ends; None where there is none to be read.

    Nothing is sent over this connection. It verifies nothing, because a certificate that is over would not be shown
    to one that does; the address is guarded as every other.
    """
    if urlsplit(job.target_endpoint).scheme.lower() != "https":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what it reads is a date, and no byte of ours goes out
    try:
        origin = urls.origin(job.target_endpoint)
        with dialing.dial(
            origin.host, origin.port, allow_private=job.allow_private, deadline=Deadline(timeout), context=context
        ) as sock:
            shown = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
        return None if shown is None else x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp()
    except (errors.SynError, OSError, ValueError):
        return None
