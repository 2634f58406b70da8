"""An SFTP server's address without its login, read in one way or refused: ``sftp://host/folder``."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from hms_syn.domain import vendor_urls

_PORT = 22
_FOLDER = re.compile(r"(?:/[A-Za-z0-9_.~+@=,-]+)*/?")
_EXAMPLE = "write 'sftp://host/folder'"


class Place(NamedTuple):
    """Where an SFTP server's address leads; ``folder`` is empty for the one that the login starts in."""

    host: str
    port: int
    folder: str


def is_sftp(url: str) -> bool:
    """Return True for the address of an SFTP server.

    >>> is_sftp("sftp://files.county.example.gov/in"), is_sftp("https://county.example.gov")
    (True, False)
    """
    return url.partition(":")[0].lower() == "sftp"


def place(url: str) -> Place:
    """Return where an SFTP server's address leads. It holds no user, no password and no options.

    >>> place("sftp://Files.County.example.gov/drop/hud")
    Place(host='files.county.example.gov', port=22, folder='/drop/hud')

    :raises ValueError: with a reason that never repeats the URL, which may hold a secret
    """
    vendor_urls.refuse_odd(url)
    if not url.lower().startswith("sftp://"):
        raise ValueError(f"is not the address of an SFTP server; {_EXAMPLE}")
    authority, _, path = url[len("sftp://") :].partition("/")
    if "@" in authority:
        raise ValueError(vendor_urls.HOLDS_LOGIN)
    where = vendor_urls.origin(f"http://{authority}/")
    folder = f"/{path}".rstrip("/")
    if not _FOLDER.fullmatch(folder) or {".", ".."} & set(folder.split("/")):
        raise ValueError(f"does not name a folder by its whole path, without blanks and options; {_EXAMPLE}")
    return Place(where.host, urlsplit(f"sftp://{authority}").port or _PORT, folder)
