"""Settings, read the way Airflow reads them, but without importing Airflow (which takes seconds).

``AIRFLOW__HMS_SYN__<NAME>`` in the environment, else ``[hms_syn] <name>`` in airflow.cfg, else the default here.
"""

from __future__ import annotations

import configparser
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from hms_syn.domain.durations import seconds
from hms_syn.errors import StoreNotConfigured
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STORE_CONNECTION = "hms_syn_db"
DEMO_HOME = Path(".hms-syn/demo")
"""Where ``hms-syn demo`` keeps its Airflow, below the folder it is started in."""
BLOCKED = "airflow-db-not-allowed:"
"""What Airflow puts in place of its own database's address inside task, trigger and parsing processes."""
AS_A_SERVER = ("_AIRFLOW_PROCESS_CONTEXT", "server")
"""As ``airflow connections`` has it: without this Airflow would look for connections in the environment alone."""
_FINDERS: list[Callable[[str], Credentials | None]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting: its default, and what it means in a sentence."""

    default: str
    meaning: str


OPTIONS = {
    "jobs_folder": Option(
        default="", meaning="Folder of the job files; empty means $AIRFLOW_HOME/jobs, or ./jobs where that is missing."
    ),
    "linger": Option(
        default="15s",
        meaning="How long a push run waits for more messages after its queue is empty, unless another job waits for a "
        "worker; 0s turns it off.",
    ),
    "poll": Option(
        default="250ms",
        meaning="How often the triggerer looks for due work and for awaited deliveries, each once for all.",
    ),
    "drain_lease": Option(
        default="10s", meaning="How long a push run may be silent before another may take its queue over."
    ),
    "payload_keys_file": Option(
        default="",
        meaning="File of the keys that payloads are sealed with, one `<key id> <base64 of 32 bytes>` a line, newest "
        "first; empty means that payloads are stored in clear.",
    ),
    "acks_in_xcom": Option(default="100", meaning="How many receipts a push run puts into XCom at most."),
    "audit_every": Option(
        default="10m", meaning="How often the DAG `syn.audit` seals what is new in the audit trail: a duration or cron."
    ),
    "reconcile_every": Option(
        default="1h", meaning="How often the DAG `syn.audit` also counts all that was accepted; 0s: in each run."
    ),
    "audit_key_file": Option(
        default="", meaning="File of the private key that signs tree heads, outside the database; empty: unsigned."
    ),
    "audit_origin": Option(
        default="hms-syn/audit", meaning="Name of this audit trail in unsigned tree heads, and of a new key."
    ),
    "audit_folder": Option(
        default="", meaning="Folder where the DAG `syn.audit` keeps the newest checkpoint as a file; empty: nowhere."
    ),
}


def get(name: str) -> str:
    """Return a setting's text."""
    option = OPTIONS[name]
    return os.environ.get(f"AIRFLOW__HMS_SYN__{name.upper()}") or _from_file("hms_syn", name) or option.default


def duration(name: str) -> float:
    """Return a setting that is a duration, in seconds; "0" and "0s" are none at all."""
    text = get(name)
    return 0.0 if text.rstrip("s") == "0" else seconds(text)


def airflow_home() -> Path:
    """Return Airflow's own folder: ``AIRFLOW_HOME``, else the demo's where one was made here, else ~/airflow."""
    named = os.environ.get("AIRFLOW_HOME")
    if named:
        return Path(named).expanduser()
    return DEMO_HOME.absolute() if (DEMO_HOME / "airflow.db").is_file() else Path("~/airflow").expanduser()


def jobs_folder() -> Path:
    """Return where the job files are."""
    configured = get("jobs_folder")
    if configured:
        return Path(configured).expanduser()
    beside_airflow = airflow_home() / "jobs"
    return beside_airflow if beside_airflow.is_dir() else Path("jobs")


def payload_keys_file() -> Path | None:
    """Return the file of the keys that payloads are sealed with, or None where they are stored in clear."""
    named = get("payload_keys_file")
    return Path(named).expanduser() if named else None


def store_url() -> str:
    """Return the address of the queue's database, as this process can know it without Airflow.

    The connection ``hms_syn_db``, else Airflow's own database.

    :raises StoreNotConfigured: inside a task, where Airflow hides its database, when no connection is given
    """
    found = connection(STORE_CONNECTION)
    if found is not None:
        return url_of(found)
    url = (
        os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
        or _from_file("database", "sql_alchemy_conn")
        or f"sqlite:///{airflow_home().absolute()}/airflow.db"
    )
    if url.startswith(BLOCKED):
        raise StoreNotConfigured(
            "Tasks and triggers cannot use Airflow's own database connection: define the Airflow connection "
            f"'{STORE_CONNECTION}', e.g. AIRFLOW_CONN_{STORE_CONNECTION.upper()}="
            """'{"conn_type": "generic", "extra": {"url": "postgresql+psycopg2://…"}}'"""
        )
    return url


def url_of(connection: Credentials) -> str:
    """Return the SQLAlchemy URL that the store's connection holds in its extra field ``url``."""
    url = str(connection.extra.get("url", ""))
    if not url:
        raise StoreNotConfigured(f"The connection '{STORE_CONNECTION}' has no SQLAlchemy URL in its extra field 'url'")
    return url


def connection(connection_id: str) -> Credentials | None:
    """Return a connection from the environment, or from where :func:`connections_from` says, or None."""
    return _FINDERS[-1](connection_id) if _FINDERS else connection_from_environment(connection_id)


@contextmanager
def connections_from(find: Callable[[str], Credentials | None]) -> Iterator[None]:
    """Let every part of this process find connections in this way: ``airflow hms-syn`` asks Airflow."""
    _FINDERS.append(find)
    try:
        yield
    finally:
        _FINDERS.remove(find)


def connection_from_environment(connection_id: str) -> Credentials | None:
    """Return an Airflow Connection given as ``AIRFLOW_CONN_<ID>``, in JSON or URI form, or None."""
    given = os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}")
    if not given:
        return None
    if not given.lstrip().startswith("{"):
        parts = urlsplit(given)
        return Credentials(
            login=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            extra=dict(parse_qsl(parts.query)),
        )
    return _from_json(given)


@lru_cache(maxsize=32)
def _from_json(given: str) -> Credentials:
    fields = json.loads(given)
    extra = fields.get("extra") or {}
    return Credentials(
        login=fields.get("login") or "",
        password=fields.get("password") or "",
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )


def _from_file(section: str, name: str) -> str | None:
    path = Path(os.environ.get("AIRFLOW_CONFIG", airflow_home() / "airflow.cfg")).expanduser()
    if not path.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(path, encoding="utf-8")
    return parser.get(section, name, fallback=None)
