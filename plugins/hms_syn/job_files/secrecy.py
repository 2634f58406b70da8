"""What looks like a secret. A job file is read, copied and shown; a password in it would be, too."""

from __future__ import annotations

import functools
import re
from typing import Any

from hms_syn.job_files.findings import Finding, Path

REFUSAL = "looks like a secret; credentials live only in the Airflow Connection named by job.connection_id"

_WORDS = (
    "password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "authorization", "credential",
    "privatekey", "accesskey", "clientkey", "bearer", "cookie",
)  # fmt: skip
_AIRFLOW_VARIABLES = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_")
_SECRET_VALUE = re.compile(
    r"^\s*(bearer|basic|digest)\s+[A-Za-z0-9+/._~=-]{6,}\s*$|-----BEGIN [A-Z ]*PRIVATE KEY|^[a-z][a-z0-9+.-]*://[^/?#\s]*@",
    re.IGNORECASE,
)
_SECRET_QUERY = re.compile(r"[?&](api_?key|access_token|token|password|secret|sig)=[^&{$]", re.IGNORECASE)
_ENDPOINT = ("job", "target_endpoint")
_LITERAL = re.compile(r"\s*['`\"]")
_PROSE: frozenset[Path] = frozenset({("name",), ("description",), ("docs_md",), ("owner",), ("tags",)})
_VENDOR_WORDS = frozenset({"mapping", "success", "ack", "page"})


@functools.lru_cache(maxsize=1024)
def holds_secret(name: str) -> bool:
    """Return True when something called ``name`` is likely to hold a secret.

    >>> holds_secret("X-Api-Key"), holds_secret("ordering_key")
    (True, False)
    """
    if name.startswith(_AIRFLOW_VARIABLES):
        return True
    bare = re.sub(r"[^a-z0-9]", "", name.lower())
    return any(word in bare for word in _WORDS)


def is_secret(value: str) -> bool:
    """Return True for a text that is a secret by its own looks: a login in a URL, a token in its query, a private key.

    >>> is_secret("postgresql://queue:pw@db/airflow"), is_secret("https://court.example.gov/soap")
    (True, False)
    """
    return bool(_SECRET_VALUE.search(value) or _SECRET_QUERY.search(value))


def secrets_in(data: Any) -> list[Finding]:
    """Return a finding for every key or value that looks like a secret; the value itself is never repeated.

    Below ``mapping`` and its like the keys are the vendor's words, and a field of that name is no secret as long as
    its value is an expression and not a literal.
    """
    found: list[Finding] = []
    _look_into(data, (), found, vendor_words=False)
    return found


def _look_into(data: Any, path: Path, found: list[Finding], *, vendor_words: bool) -> None:
    if isinstance(data, dict):
        for key, value in data.items():
            if holds_secret(key) and (not vendor_words or _is_literal(value, path)):
                found.append(Finding(path=(*path, key), text=REFUSAL, at_key=True))
            else:
                _look_into(value, (*path, key), found, vendor_words=vendor_words or key in _VENDOR_WORDS)
    elif isinstance(data, list):
        for index, item in enumerate(data):
            _look_into(item, (*path, index), found, vendor_words=vendor_words)
    elif isinstance(data, str) and not vendor_words and path[1:2] not in _PROSE:
        open_value = path != _ENDPOINT and _SECRET_VALUE.search(data)
        if open_value or ("=" in data and _SECRET_QUERY.search(data)):
            found.append(Finding(path=path, text=REFUSAL))


def _is_literal(value: Any, path: Path) -> bool:
    return "mapping" in path and isinstance(value, str) and _LITERAL.match(value) is not None
