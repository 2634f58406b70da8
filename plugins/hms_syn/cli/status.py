"""``hms-syn status``."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hms_syn import settings, wiring
from hms_syn.cli.output import as_json, next_step, table
from hms_syn.domain import vendor_health
from hms_syn.job_files import fileless
from hms_syn.store import standing

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

COLUMNS = {
    "job": "JOB",
    "waiting": "WAITING",
    "oldest_s": "OLDEST S",
    "in_doubt": "IN DOUBT",
    "dead_letters": "SET ASIDE",
    "delivered": "DELIVERED",
    "last_ack_at": "LAST ACK",
    "vendor": "VENDOR",
    "alerts": "ALERTS",
    "why": "WHY NOTHING MOVES",
}


def run(arguments: argparse.Namespace) -> int:
    """Print one line a job."""
    rows = fileless.with_files(wiring.open_store_that_is_there().status(), fileless.ids_below(settings.jobs_folder()))
    if arguments.json:
        as_json(rows)
    elif rows:
        more = [{"vendor": _in_words(row["vendor"]), "alerts": _kinds(row["incidents"])} for row in rows]
        table([{**row, **_counts(row), **told} for row, told in zip(rows, more, strict=True)], COLUMNS)
    else:
        print("No job is known yet.")
        next_step("hms-syn start jobs/court_calendar_sync.yaml")
    return 0


def _counts(row: Mapping[str, Any]) -> Mapping[str, str]:
    """Say where counting ended, because there is more."""
    return {name: f"{row[name]}+" for name in ("waiting", "dead_letters", "delivered") if row[name] >= standing.MOST}


def _kinds(incidents: Sequence[Mapping[str, str]]) -> str | None:
    """Return what is wrong with a job in a few words; None for nothing."""
    return ", ".join(incident["kind"].replace("_", " ") for incident in incidents) or None


def _in_words(vendor: Mapping[str, Any]) -> str:
    """Say how a vendor stands, since when, and when its certificate ends if that is near."""
    words = [vendor["state"]]
    if vendor["state"] != vendor_health.VendorState.UNKNOWN.value:
        words.append(f"since {vendor['since'][:19]}Z")
    if vendor["certificate_until"]:
        until = datetime.fromisoformat(vendor["certificate_until"].replace("Z", "+00:00"))
        days = vendor_health.days_left(until.timestamp(), time.time())
        if vendor_health.warning(days) is not None:
            words.append(f"(its certificate {vendor_health.in_words(days)})")
    return " ".join(words)
