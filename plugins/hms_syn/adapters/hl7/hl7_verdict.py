"""What an acknowledgment means: the codes of MSA-1 (table 0008), and those of an error beside it (table 0357)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.hl7 import hl7_answer

if TYPE_CHECKING:
    from hms_syn.adapters.hl7.hl7_answer import Answer
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import Push

CODE, REFERENCE = "MSA_1", "MSH_10"
"""Where the answer says yes or no, and where its own number stands: the receipt, unless the job says otherwise."""
STORED = "CA"
"""What enhanced mode says first; whether the application accepts the message comes behind it."""
YES = ("AA", STORED)
_REJECTED = ("AR", "CR")
_MISFIT = frozenset({"200", "201", "202", "203"})
"""The engine does not take this type, event, processing id or version at all."""
_BUSY = frozenset({"206", "207"})
"""The record is locked, or the receiving application has a trouble of its own."""
_KNOWN_ALREADY = "205"
_TABLE = {str(number) for number in (*range(100, 105), 198, 199, *range(200, 208))}
"""The errors of table 0357; a number of the vendor's own says nothing to us."""
_SHORTEST_CUT = 8


def receipt(answer: Answer, push: Push, *, key: str, attempt: int) -> Ack:
    """Return the receipt for the message with this key; ``attempt`` counts those made before.

    :raises errors.SynError: as the port's ``send`` does
    """
    if answer.control_id != key:
        raise _another(answer.control_id, key)
    if answer.code in hl7_answer.NO:
        raise _no(answer, attempt)
    if answer.code not in YES:
        raise errors.OutcomeUnknown("MSA-1 of the answer is no code of table 0008.", code="ack_code")
    if answer.errors:
        raise errors.OutcomeUnknown(
            f"The answer says {answer.code}, and an error beside it.", code="ack_contradicts_itself"
        )
    if answer.code not in accepted(push):
        raise errors.OutcomeUnknown(
            f"The engine has stored the message ({answer.code}) and has not said yet that it accepts it; if that will "
            f"do, declare push.success: {{MSA_1: [AA, CA]}}.",
            code="stored_only",
        )
    return mapping.prove(answer.document, push.success, {"reference": REFERENCE, "status": CODE, **push.ack})


def accepted(push: Push) -> tuple[str, ...]:
    """Return the codes that this job takes for a yes: what ``success`` says of MSA-1, else ``AA``."""
    said = push.success.get(CODE, "AA")
    choices = said if isinstance(said, list | tuple) else [said]
    return YES if said == "present" else tuple(str(choice) for choice in choices)


def _no(answer: Answer, attempt: int) -> errors.SynError:
    """Return what a no means; where it has no number, an error is the message's fault and a rejection is not."""
    code = _deciding([code for code in answer.errors if code in _TABLE])
    named = f"hl7_{code or answer.code.lower()}"
    if code in _MISFIT:
        return errors.ContractMismatch(
            f"The engine does not take this kind of message ({answer.code}, error {code}); correct push.request or ask "
            f"the vendor to open the interface for it.",
            code=named,
        )
    if code == _KNOWN_ALREADY and attempt:
        return errors.OutcomeUnknown(
            "The engine says that it has this record already; it may be from an earlier attempt of this message.",
            code="hl7_205",
        )
    said = f"{answer.code}, error {code}" if code else answer.code
    if code in _BUSY or (not code and answer.code in _REJECTED):
        return errors.VendorBusy(f"The engine cannot take this message now ({said}).", code=named)
    return errors.VendorRefused(f"The engine refused this message ({said}).", code=named)


def _deciding(codes: list[str]) -> str:
    """Return the one of several errors that decides: what no later attempt can mend goes first."""
    lasting = [code for code in codes if code not in _BUSY]
    return next((code for code in lasting if code in _MISFIT), (lasting or codes or [""])[0])


def _another(said: str, key: str) -> errors.OutcomeUnknown:
    if len(said) >= _SHORTEST_CUT and key.startswith(said):
        return errors.OutcomeUnknown(
            f"The engine keeps {len(said)} characters of MSH-10, which has {len(key)}: it cannot tell one message from "
            f"another. It must keep the whole.",
            code="control_id_cut",
        )
    return errors.OutcomeUnknown("The answer names another message in MSA-2, or none.", code="other_message")
