"""Words in which vendors say yes or no, and the names of the fields they say it in, the same for every dialect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hms_syn.adapters import words

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

STATUS = frozenset(["status", "result", "disposition", "outcome", "accepted", "success"])
ERROR = frozenset(["error", "fault", "exception", "rejection"])
_NO_STATUS = frozenset(["date", "time", "message", "text", "description", "id", "number"])
_YES = frozenset({
    "accepted", "accept", "ok", "okay", "success", "successful", "succeeded", "created", "scheduled",
    "lodged", "filed", "received", "recorded", "registered", "confirmed", "booked", "complete", "completed",
    "done", "duplicate", "already", "true", "yes", "submitted", "saved", "stored", "added", "posted",
})  # fmt: skip
_FILLING = frozenset(["successfully", "and", "exists", "existing", "previously"])
_NO = frozenset({
    "no", "not", "none", "denied", "deny", "invalid", "false", "failed", "fail", "failure", "declined",
    "decline", "unable",
})  # fmt: skip
_NO_BEGINNINGS = ("reject", "refus", "fail", "error", "declin", "invalid", "denied")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9\s_.,:;/()'-]*")
"""What a yes may be written in; a word we skip over could be the "not" of another language."""


def of(text: str) -> bool | None:
    """Return True for words that mean yes, False for words that mean no, None for anything else.

    >>> of("ALREADY-LODGED"), of("Rejected"), of("PENDING")
    (True, False, None)
    """
    said = [word for word in words.split(text.lower()) if word]
    if any(word in _NO or word.startswith(_NO_BEGINNINGS) for word in said):
        return False
    if not _PLAIN_WORDS.fullmatch(text):
        return None
    if said and set(said) <= _YES | _FILLING and set(said) & _YES:
        return True
    return None


def is_status(name: AbstractSet[str]) -> bool:
    """Return True if a field whose name has these words says how it went.

    >>> is_status({"payment", "status"}), is_status({"status", "date"}), is_status({"error", "status"})
    (True, False, False)
    """
    return bool(name & STATUS) and not name & (_NO_STATUS | ERROR)
