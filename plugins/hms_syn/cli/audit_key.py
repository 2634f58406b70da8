"""``hms-syn audit key``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.cli.output import next_step, remark
from hms_syn.domain import signed_note

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write a new private key for its owner's eyes only, and print the verifier's key."""
    try:
        key = signed_note.new_signer(arguments.name or settings.get("audit_origin"))
    except ValueError as error:
        remark(f"hms-syn audit key: --name: {error}")
        return 2
    try:
        place = os.open(Path(arguments.file), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        remark(f"error: {arguments.file} cannot be written ({error.strerror}); no key is ever overwritten")
        return 2
    with os.fdopen(place, "w", encoding="utf-8") as file:
        file.write(key.written() + "\n")
    print(key.verifier)
    next_step(f"set [hms_syn] audit_key_file to {Path(arguments.file).absolute()}; give the line above to auditors")
    return 0
