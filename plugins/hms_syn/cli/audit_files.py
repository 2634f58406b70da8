"""What the audit commands are given in files: checkpoints, verifier keys, proofs, and the export of a trail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn.cli.output import as_json, remark
from hms_syn.domain import audit_entry, checkpoint, signed_note
from hms_syn.errors import AuditBroken, CheckpointInvalid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from hms_syn.domain.checkpoint import Checkpoint
    from hms_syn.domain.signed_note import Verifier

COLUMNS = frozenset({"seq", "at", "actor", "event", "message_id", "job", "attempt", "hash", "body"})


def answered(arguments: argparse.Namespace, work: Callable[[argparse.Namespace], int], *, names_row: bool) -> int:
    """Do what a command checks; return 2 where a file cannot be read.

    With ``--json`` a trail that is broken is an answer too: 1, and the first bad ``seq`` where it ``names_row``.

    :raises AuditBroken: it is broken, and people read it
    """
    try:
        return work(arguments)
    except OSError as error:
        if error.filename is None:
            raise
        remark(f"error: {error.filename} cannot be read ({error.strerror})")
        return 2
    except AuditBroken as error:
        if not arguments.json:
            raise
        as_json({"ok": False, **({"seq": error.seq} if names_row else {}), "error": str(error)})
        return 1


def read_checkpoint(name: str) -> Checkpoint:
    """Read a checkpoint's file.

    :raises CheckpointInvalid: it is none · :raises OSError: it cannot be read
    """
    try:
        return checkpoint.read(Path(name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointInvalid(f"{name} is no checkpoint: {error}") from None


def read_verifier(given: str | None) -> Verifier | None:
    """Read a verifier's key, as it is or from a file; None when none is given.

    :raises CheckpointInvalid: it is none · :raises OSError: the file cannot be read
    """
    if given is None:
        return None
    try:
        return signed_note.verifier(given)
    except ValueError:
        text = Path(given).read_text(encoding="utf-8")
    try:
        return signed_note.verifier(text)
    except ValueError as error:
        raise CheckpointInvalid(f"{given} holds no verifier's key: {error}") from None


def read_proof(name: str) -> Any:
    """Read a proof's JSON.

    :raises CheckpointInvalid: it is no JSON · :raises OSError: it cannot be read
    """
    try:
        return json.loads(Path(name).read_text(encoding="utf-8"))
    except ValueError:
        raise CheckpointInvalid(f"{name} is not JSON") from None


def refuse_unsigned(found: Checkpoint, name: str, verifier: Verifier) -> None:
    """Return when a checkpoint is of this verifier's trail, and signed by it.

    :raises AuditBroken: it is not
    """
    if found.origin != verifier.name:
        raise AuditBroken(f"{name} is of the trail '{found.origin}', not of '{verifier.name}'")
    if not signed_note.is_signed_by(found.note, verifier):
        raise AuditBroken(f"{name} is not signed by the key {verifier.name}+{verifier.key_hash.hex()}")


def exported(name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of an export, each checked against its hash and its message's previous row.

    :raises CheckpointInvalid: a line is no row · :raises AuditBroken: naming the first bad seq
    :raises OSError: it cannot be read
    """
    tips: dict[str, str] = {}
    last = 0
    with Path(name).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = _row(name, number, line)
            message_id = row["message_id"]
            wrong = audit_entry.fault(row, tips.get(message_id)) if message_id else audit_entry.fault(row, None)
            if row["seq"] <= last:
                wrong = "it does not come after the line before it"
            if wrong:
                raise AuditBroken(f"seq {row['seq']}: {wrong}", seq=row["seq"])
            if message_id:
                tips[message_id] = row["hash"]
            last = row["seq"]
            yield row


def _row(name: str, number: int, line: str) -> Mapping[str, Any]:
    try:
        row: Any = json.loads(line)
    except ValueError:
        row = None
    is_row = isinstance(row, dict) and row.keys() == COLUMNS and type(row["seq"]) is int
    if not is_row or not isinstance(row["body"], str) or not isinstance(row["message_id"], str | None):
        raise CheckpointInvalid(f"{name}:{number} is no row of 'hms-syn audit export'")
    found: Mapping[str, Any] = row
    return found
