"""The demo's three pretend vendors: each a process of its own, with a file of what it has received."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

CLIENT = "hms-syn"
STATUS_SECONDS = 5.0
"""How long the vendors take, by themselves, from accepting to their last status."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a vendor itself has on record for one message: under which key, with which receipt, how it stands."""

    key: str
    reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One pretend vendor, and the job that talks to it. ``last`` is the status after which none follows."""

    job: str
    name: str
    module: str
    variable: str
    path: str
    last: str
    read: Callable[[Mapping[str, Any]], list[Record]]
    options: tuple[str, ...] = ()

    @contextmanager
    def started(self, home: Path, environment: Mapping[str, str]) -> Iterator[str]:
        """Start it on a free port; yield its address."""
        command = [sys.executable, "-m", f"hms_syn.sandbox.{self.module}", "--port", "0"]
        command += ["--state", str(home / f"{self.module.partition('_')[0]}.jsonl")]
        command += self.options
        with subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
            command, stdout=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, **environment}
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                if "http://" not in line:
                    raise NeedsOfficer(f"The pretend {self.name} did not start")
                yield line.split()[-1]
            finally:
                process.terminate()

    def records(self, origin: str) -> list[Record]:
        """Return what the vendor itself has on record.

        :raises NeedsOfficer: it does not say
        """
        connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=10)
        try:
            connection.request("GET", "/received")
            return self.read(json.loads(connection.getresponse().read()))
        except (OSError, ValueError, http.client.HTTPException):
            raise NeedsOfficer(f"The pretend {self.name} does not show its records") from None
        finally:
            connection.close()


def _hearings(received: Mapping[str, Any]) -> list[Record]:
    return [
        Record(row["message_id"].removeprefix("urn:uuid:"), row["reference"], row["status"])
        for row in received["hearings"]
    ]


def _holds(received: Mapping[str, Any]) -> list[Record]:
    return [Record(row["key"], row["reference"], row["status"]) for row in received["holds"]]


def _tasks(received: Mapping[str, Any]) -> list[Record]:
    return [
        Record(one["value"], f"Task/{task['id']}", task["status"])
        for task in received["resources"]
        if task["resourceType"] == "Task"
        for one in task.get("identifier", ())
        if one.get("system") == "urn:hms-syn"
    ]


VENDORS = (
    Vendor(
        job="court_eviction_sync",
        name="court",
        module="court_soap",
        variable="COURT_ENDPOINT",
        path="/soap",
        last="CONFIRMED",
        read=_hearings,
    ),
    Vendor(
        job="state_payments_sync",
        name="payment gateway",
        module="payments_rest",
        variable="PAYMENTS_ENDPOINT",
        path="",
        last="CONFIRMED",
        read=_holds,
        options=("--client", CLIENT),
    ),
    Vendor(
        job="hospital_records_sync",
        name="hospital",
        module="hospital_fhir",
        variable="HOSPITAL_ENDPOINT",
        path="/fhir",
        last="completed",
        read=_tasks,
    ),
)


def start(stack: ExitStack, home: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Start all three; return their addresses by job, and the Airflow connections that let us in, as its environment.

    The secrets are new at every demo. They stand in the environment of the vendor and of Airflow, and nowhere else.
    """
    secret, token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    own = {"payments_rest": {"PAYMENTS_SECRET": secret}, "hospital_fhir": {"HOSPITAL_TOKEN": token}}
    origins = {vendor.job: stack.enter_context(vendor.started(home, own.get(vendor.module, {}))) for vendor in VENDORS}
    for vendor in VENDORS:
        os.environ[vendor.variable] = f"{origins[vendor.job]}{vendor.path}"
    oauth = {
        "auth": "oauth2_client_credentials",
        "token_url": f"{origins['state_payments_sync']}/token",
        "scope": "holds",
    }
    return origins, {
        "AIRFLOW_CONN_STATE_PAYMENTS": _connection("hms_rest", secret, oauth, login=CLIENT),
        "AIRFLOW_CONN_HOSPITAL_RECORDS": _connection("hms_fhir", token, {"auth": "bearer"}),
    }


def _connection(kind: str, password: str, extra: Mapping[str, str], *, login: str = "") -> str:
    return json.dumps({"conn_type": kind, "login": login, "password": password, "extra": extra})
