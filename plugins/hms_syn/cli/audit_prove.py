"""``hms-syn audit prove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli import audit_files
from hms_syn.cli.output import as_json, remark
from hms_syn.flow.prove import prove, prove_growth
from hms_syn.store.tree import Tree

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print one proof; exit 1 when some of the message's rows are not sealed yet."""
    if (arguments.id is None) == (arguments.since is None):
        remark("hms-syn audit prove: give a message's ID, or --since with a checkpoint")
        return 2
    tree, notary = Tree(wiring.open_store_that_is_there()), wiring.notary()
    if arguments.since is not None:
        try:
            since = audit_files.read_checkpoint(arguments.since)
        except OSError as error:
            remark(f"error: {arguments.since} cannot be read ({error.strerror})")
            return 2
        as_json(prove_growth(tree, notary, since))
        return 0
    proof = prove(tree, notary, arguments.id)
    as_json(proof)
    if proof["unsealed"]:
        remark(f"{len(proof['unsealed'])} row(s) of it are not sealed yet: run 'hms-syn audit checkpoint', then this")
        return 1
    return 0
