"""What the answer to a question about one message says, the same for every dialect that asks by ``push.find``."""

from __future__ import annotations

from typing import Any

from hms_syn import errors
from hms_syn.adapters import mapping


def only(match: str, answer: Any) -> Any:
    """Return what ``push.find.match`` leads to, out of its list where it is alone in one; nothing may be an empty list.

    :raises errors.OutcomeUnknown: it leads to several records (``find_ambiguous``)
    """
    found = mapping.find(match, answer)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, list) and found:
        raise errors.OutcomeUnknown(
            "The vendor has several records that match; ask by what only one message has.", code="find_ambiguous"
        )
    return found


def no_record() -> errors.OutcomeUnknown:
    """Return the error for what was found and is no record."""
    return errors.OutcomeUnknown("What 'push.find.match' leads to is not a record.", code="find_no_record")


def unproved(error: errors.VendorRefused) -> errors.OutcomeUnknown:
    """Return what a "no" to a question is: the message itself has not been refused by it."""
    return errors.OutcomeUnknown(
        f"What the vendor answers when it is asked for the message proves nothing ({error.code}).", code=error.code
    )
