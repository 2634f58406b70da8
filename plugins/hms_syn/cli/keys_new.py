"""``hms-syn keys new``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.cli.output import next_step
from hms_syn.domain import sealing
from hms_syn.errors import KeysNotReady
from hms_syn.store.keyring import SETTING, Keyring

if TYPE_CHECKING:
    import argparse

OWNER_ONLY = 0o600


def run(arguments: argparse.Namespace) -> int:
    """Write a new key as the first line of the keys file, which is made where there is none."""
    path = Path(arguments.file).expanduser() if arguments.file else settings.payload_keys_file()
    if path is None:
        raise KeysNotReady(f"say which file, or name it in [hms_syn] {SETTING}")
    key_id = add(path, arguments.id)
    print(f"The key '{key_id}' is the first in {path} and seals from now on. Keep a copy where the database's are not:")
    print("without it nobody can read what it has sealed.")
    next_step("hms-syn keys rewrap" if settings.payload_keys_file() else f"set [hms_syn] {SETTING} = {path}")
    return 0


def add(path: Path, key_id: str | None = None) -> str:
    """Put a new key before the others of a file, whole or not at all; return its id.

    :raises KeysNotReady: the file is wrong already, or the id is taken
    """
    key_id = key_id or time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    line, before = sealing.new_line(key_id), ""
    if path.exists():
        if key_id in Keyring(path).keys().by_id:
            raise KeysNotReady(f"{path}: has a key '{key_id}' already; choose another id")
        before = path.read_text(encoding="utf-8")
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8"
        ) as file:
            file.write(line + before)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise KeysNotReady(f"{path}: cannot be written ({error.strerror}); nothing was changed") from None
    return key_id
