"""``hms-syn audit verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import wiring
from hms_syn.cli import audit_files
from hms_syn.cli.output import as_json
from hms_syn.domain import tree_check
from hms_syn.domain.tree_check import TreeCheck
from hms_syn.errors import AuditBroken
from hms_syn.store.reading_room import ReadingRoom
from hms_syn.store.tree import Tree

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from hms_syn.domain.checkpoint import Checkpoint
    from hms_syn.domain.signed_note import Verifier
    from hms_syn.domain.tree_check import Mark

PAGE = 5000


def run(arguments: argparse.Namespace) -> int:
    """Check every row, and the tree over them; exit 1 naming the first row that is wrong."""
    return audit_files.answered(arguments, _run, names_row=True)


def _run(arguments: argparse.Namespace) -> int:
    verifier = audit_files.read_verifier(arguments.verifier)
    checkpoints = [(name, audit_files.read_checkpoint(name)) for name in arguments.checkpoint]
    if verifier is None and not arguments.export and checkpoints:
        signer = wiring.notary().signer
        verifier = signer.verifier if signer is not None else None
    _agree(checkpoints, verifier)
    marks = [tree_check.kept(one, name) for name, one in checkpoints]
    heads = [] if arguments.export else _heads()
    rows = audit_files.exported(arguments.export) if arguments.export else _rows()
    count = _count(rows, [*heads, *marks])
    told = [_told(name, one, verifier) for name, one in checkpoints]
    if arguments.json:
        as_json({"ok": True, "rows": count, "heads": len(heads), "checkpoints": told})
        return 0
    print(f"The audit trail is whole: {count} row(s), every one follows its message's previous row.")
    if heads:
        print(f"It is what the {len(heads)} stored tree head(s) were made of; the last has {heads[-1].size} row(s).")
    for one in told:
        by = f"signed by {one['signed_by']}" if one["signed_by"] else "whose signature was not checked: no --verifier"
        print(f"Its first {one['size']} row(s) are those of {one['file']}, {by}.")
    return 0


def _agree(checkpoints: Sequence[tuple[str, Checkpoint]], verifier: Verifier | None) -> None:
    for name, one in checkpoints:
        if verifier is not None:
            audit_files.refuse_unsigned(one, name, verifier)
        if one.origin != checkpoints[0][1].origin:
            raise AuditBroken(f"{name} is of the trail '{one.origin}', {checkpoints[0][0]} of another")


def _heads() -> list[tree_check.Mark]:
    return [tree_check.stored(head) for head in Tree(wiring.open_store_that_is_there()).heads()]


def _rows() -> Iterator[Mapping[str, Any]]:
    room, after = ReadingRoom(wiring.open_store_that_is_there()), 0
    while page := room.checked(after=after, limit=PAGE):
        yield from page
        after = page[-1]["seq"]


def _count(rows: Iterator[Mapping[str, Any]], marks: Sequence[Mark]) -> int:
    check = TreeCheck(marks)
    for row in rows:
        check.take(row["seq"], bytes.fromhex(row["hash"]))
    check.end()
    return check.tree.size


def _told(name: str, one: Checkpoint, verifier: Verifier | None) -> Mapping[str, Any]:
    return {
        "file": name,
        "origin": one.origin,
        "size": one.size,
        "signed_by": f"{verifier.name}+{verifier.key_hash.hex()}" if verifier is not None else None,
    }
