"""``hms-syn audit checkpoint``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import remark
from hms_syn.flow.keep_checkpoint import keep_checkpoint
from hms_syn.flow.seal import seal
from hms_syn.store.tree import Tree

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Seal what is final, and print or write the newest tree head's note; say plainly when nobody signed it."""
    tree, notary = Tree(wiring.open_store_that_is_there()), wiring.notary()
    seal(tree, sign=notary.note)
    head = tree.head()
    note = notary.note(head)
    if arguments.out:
        try:
            keep_checkpoint(Path(arguments.out), note, tree)
        except OSError as error:
            remark(f"error: {arguments.out} cannot be written ({error.strerror})")
            return 2
    else:
        print(note, end="")
    remark(f"{head.size} row(s) are sealed; keep this where the database's users cannot write")
    if notary.signer is None:
        remark("warning: it is not signed: [hms_syn] audit_key_file names no key; 'hms-syn audit key' makes one")
    return 0
