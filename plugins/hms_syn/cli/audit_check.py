"""``hms-syn audit check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.cli import audit_files
from hms_syn.cli.output import as_json, remark
from hms_syn.domain import proof
from hms_syn.errors import AuditBroken

if TYPE_CHECKING:
    import argparse

    from hms_syn.domain.checkpoint import Checkpoint


def run(arguments: argparse.Namespace) -> int:
    """Check one proof; exit 1 when it proves nothing. No database is opened."""
    return audit_files.answered(arguments, _run, names_row=False)


def _run(arguments: argparse.Namespace) -> int:
    verifier = audit_files.read_verifier(arguments.verifier)
    document = audit_files.read_proof(arguments.proof)
    try:
        head, since = proof.conclusion(document)
    except ValueError as error:
        raise AuditBroken(f"{arguments.proof} proves nothing: {error}") from None
    for one, name in ((head, "its checkpoint"), (since, "its older checkpoint")):
        if one is not None and verifier is not None:
            audit_files.refuse_unsigned(one, name, verifier)
    if arguments.checkpoint:
        _is_the_same(head, since, audit_files.read_checkpoint(arguments.checkpoint))
    trusted = verifier is not None or arguments.checkpoint is not None
    if arguments.json:
        as_json({"ok": True, "size": head.size, "since": since and since.size, "trusted": trusted})
        return 0
    if since is not None:
        print(
            f"It is proved that the trail of {head.size} row(s) begins with the {since.size} of the older checkpoint."
        )
    else:
        print(f"It is proved that {len(document['rows'])} row(s) are in the trail of {head.size} row(s).")
    if not trusted:
        remark("warning: by the checkpoint that came with it only; give --verifier, or a --checkpoint kept elsewhere")
    return 0


def _is_the_same(head: Checkpoint, since: Checkpoint | None, known: Checkpoint) -> None:
    """Return when the proof ends, or begins, at a checkpoint that was kept elsewhere."""
    given = [(one.origin, one.size, one.root) for one in (head, since) if one is not None]
    if (known.origin, known.size, known.root) not in given:
        raise AuditBroken(f"The proof is of {head.size} rows, and not of the checkpoint that was given")
