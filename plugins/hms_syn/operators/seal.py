"""The task that seals the audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from hms_syn import settings
from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context


class SealOperator(BaseOperator):
    """Seal what is new in the audit trail, and keep the checkpoint as a file where the settings name a folder.

    Its outlet is updated only when something was new; the event holds the size and root of the tree.
    """

    ui_color = "#e3e0f5"

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return how many rows were sealed now, and the size and root of the tree."""
        from hms_syn import wiring  # noqa: PLC0415 - keeps parsing light
        from hms_syn.flow.keep_checkpoint import FILE_NAME, keep_checkpoint  # noqa: PLC0415 - as above
        from hms_syn.flow.seal import seal  # noqa: PLC0415 - as above
        from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - as above
        from hms_syn.store.tree import Tree  # noqa: PLC0415 - as above

        folder = settings.get("audit_folder")
        try:
            tree, notary = Tree(AuditHook().store), wiring.notary()
            rows = seal(tree, sign=notary.note)
            head = tree.head()
            if folder:
                keep_checkpoint(Path(folder).expanduser() / FILE_NAME, notary.note(head), tree)
        except NeedsOfficer as error:  # another try would find the same
            raise AirflowFailException(str(error)) from None
        size, root = head.size, head.root.hex()
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"size": size, "root": root}
        if not rows:
            self.outlets = []  # nothing is new, so nobody who waits for that is woken
        if notary.signer is None:
            self.log.warning("The tree head is not signed: [hms_syn] audit_key_file names no key")
        self.log.info("%d row(s) sealed; the tree has %d, up to seq %d", rows, head.size, head.last_seq)
        return {"rows": rows, "size": size, "root": root}
