"""What ``hms-syn doctor`` says of the payloads in the queue's database: sealed, or in clear for whoever has a copy."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.domain.checkup import ok, problem, warning
from hms_syn.errors import KeysNotReady, SynError
from hms_syn.store.engine import missing_file
from hms_syn.store.keyring import OTHERS_MAY_READ, SETTING, Keyring
from hms_syn.store.rewrapping import Rewrapping
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from hms_syn.domain.checkup import Finding


def look(url: str | None) -> Finding:
    """Return what is to be said of the keys here, and of those that the messages at ``url`` need."""
    keyring = Keyring(settings.payload_keys_file())
    needed = _needed(url)
    if keyring.path is None:
        if needed:
            return problem("payloads", f"messages are sealed ({_some(needed)}), and no key is here", f"set {SETTING}")
        return warning(
            "payloads",
            "they stand in the queue's database in clear text",
            f"'hms-syn keys new --file FILE', then [hms_syn] {SETTING} = FILE for every process",
        )
    try:
        keys = keyring.keys()
    except KeysNotReady as error:
        return problem("payloads", str(error), "until then nothing is accepted and nothing sealed is sent")
    missing = {key: count for key, count in needed.items() if key not in keys.by_id}
    if missing:
        return problem(
            "payloads", f"keys are missing in {keyring.path}: {_some(missing)}", "put their lines back there"
        )
    if keyring.path.stat().st_mode & OTHERS_MAY_READ:
        return warning("payloads", f"others than its owner may read {keyring.path}", "chmod 600 it where you can")
    return ok("payloads", f"they are sealed with the key '{keys.newest}' of {keyring.path}")


def _needed(url: str | None) -> dict[str, int]:
    """Return how many messages need which key; what keeps the database from telling is found elsewhere."""
    if url is None or missing_file(url):
        return {}
    with contextlib.suppress(SynError), contextlib.closing(SqlStore(url)) as store:
        store.check()
        return dict(Rewrapping(store).held())
    return {}


def _some(needed: dict[str, int]) -> str:
    return ", ".join(f"'{key}' for {count} message(s)" for key, count in sorted(needed.items()))
