"""What is published: the same hearing of about 500 bytes for every contender, on 100 ordering keys."""

from __future__ import annotations

from typing import Any

KEYS = 100
BATCH = 100
NOTES = "The tenant and the landlord were both told by letter. " * 7


def payload(number: int, *, keys: int = KEYS) -> dict[str, Any]:
    """One hearing; its ordering key is in it, as ``judge``."""
    return {
        "case_id": f"HUD-22-{number}",
        "date": "2024-09-02",
        "judge": key(number, keys=keys),
        "notes": NOTES,
        "courtroom": 7,
    }


def key(number: int, *, keys: int = KEYS) -> str:
    """The ordering key of one hearing: they go round."""
    return f"judge-{number % keys}"
