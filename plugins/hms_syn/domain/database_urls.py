"""A database's address without its login, read in one way or refused: ``postgresql://host/name`` and its like."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from hms_syn.domain import vendor_urls

_DIALECTS = {
    "postgresql": "postgresql",
    "postgresql+psycopg": "postgresql",
    "oracle": "oracle",
    "oracle+oracledb": "oracle",
    "sqlite": "sqlite",
}
_PORTS = {"postgresql": 5432, "oracle": 1521}
_NAME = re.compile(r"/[A-Za-z0-9_$.-]{1,128}")
_FILE = re.compile(r"//(?:[^/?#%\x00-\x1f]+/)*[^/?#%\x00-\x1f]+")
_EXAMPLE = "write 'postgresql://host/database', 'oracle://host/service' or 'sqlite:////folder/file.db'"


class Place(NamedTuple):
    """Where a database's address leads, in the one form that can be compared; a file has no host."""

    dialect: str
    host: str
    port: int
    database: str


def is_database(url: str) -> bool:
    """Return True for a URL of a kind of database that can be a vendor.

    >>> is_database("oracle://court-db.example.gov/CALENDAR"), is_database("https://court.example.gov")
    (True, False)
    """
    return url.partition(":")[0].lower() in _DIALECTS


def place(url: str) -> Place:
    """Return where a database's address leads. It holds no user, no password and no options.

    >>> place("oracle+oracledb://Court-DB.example.gov/CALENDAR")
    Place(dialect='oracle', host='court-db.example.gov', port=1521, database='CALENDAR')

    :raises ValueError: with a reason that never repeats the URL, which may hold a secret
    """
    vendor_urls.refuse_odd(url)
    dialect = _DIALECTS.get(url.partition(":")[0].lower())
    if dialect is None:
        raise ValueError(f"is not the address of a database we can speak to; {_EXAMPLE}")
    rest = url.partition(":")[2]
    if "@" in rest and dialect != "sqlite":
        raise ValueError(vendor_urls.HOLDS_LOGIN)
    if dialect == "sqlite":
        path = rest.removeprefix("//")
        if not rest.startswith("///") or not _FILE.fullmatch(path) or {".", ".."} & set(path.split("/")):
            raise ValueError("is not a file by its whole path; write 'sqlite:////folder/file.db'")
        return Place(dialect, "", 0, path[1:])
    try:
        parts = urlsplit(f"{dialect}:{rest}")
    except ValueError:
        raise ValueError(f"is not a URL; {_EXAMPLE}") from None
    if "?" in rest or "#" in rest or not _NAME.fullmatch(parts.path):
        raise ValueError(f"does not name one database, or holds options, which stand in the connection; {_EXAMPLE}")
    where = vendor_urls.origin(f"http://{parts.netloc}/")
    return Place(dialect, where.host, parts.port or _PORTS[dialect], parts.path[1:])
