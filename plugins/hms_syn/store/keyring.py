"""The keys file, outside the database: read once a process, and again when it changes or a row names a key we lack.

A process without keys stores what is published in clear, and reads only that. With a file that cannot be read nothing
is accepted: what was to be sealed is never stored in clear because a mount was missing.
"""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.domain import sealing, trace_context
from hms_syn.domain.sealing import Keys, Sealed, Words
from hms_syn.domain.topic_event import OURS
from hms_syn.errors import CannotOpen, KeysNotReady

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from sqlalchemy import Row

    from hms_syn.domain.topic_event import TopicEvent

log = logging.getLogger(__name__)
SETTING = "payload_keys_file"
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


@dataclass(slots=True)
class Keyring:
    """The keys of one process; ``path`` None is none. It may be shared between threads: reading twice does no harm."""

    path: Path | None = None
    _keys: Keys | None = field(default=None, init=False, repr=False)
    _stamp: tuple[int, int, int] | None = field(default=None, init=False, repr=False)

    def columns(self, event: TopicEvent) -> dict[str, str | None]:
        """Return an event as it is stored. The queue's own news hold no payload and stay readable.

        :raises KeysNotReady: it was to be sealed and there is no key to be had
        """
        columns = event.columns
        if self.path is None or event.agency == OURS:
            return {**columns, "key_id": None, "data_key": None}
        words = Words(body=event.body, headers=event.headers, salt=event.salt)
        sealed = self.keys().seal(event.message_id, words)
        hidden = {"body": sealed.text, "salt": "", "key_id": sealed.key_id, "data_key": sealed.data_key}
        return {**columns, **hidden, "headers": trace_context.alone(event.headers)}

    def open(self, row: Row[Any]) -> Words:
        """Return a row's words, sealed or in clear; it has all that ``columns`` stores, and ``message_id``.

        :raises CannotOpen: its key is not here, or it was altered · :raises KeysNotReady: this process has no keys
        """
        if row.key_id is None:
            return Words(body=row.body, headers=row.headers, salt=row.salt)
        sealed = Sealed(key_id=row.key_id, data_key=row.data_key, text=row.body)
        return self.keys(row.key_id).open(row.message_id, sealed)

    def keys(self, wanted: str = "") -> Keys:
        """Return the keys as they are in the file now; read again, too, where ``wanted`` is not among them.

        :raises KeysNotReady: no file is named, or it is missing, unreadable, or wrong in a line
        """
        if self.path is None:
            raise KeysNotReady(
                f"A message is sealed and this process knows no keys; name their file in [hms_syn] {SETTING}"
            )
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if self._keys is None or stamp != self._stamp or (wanted and wanted not in self._keys.by_id):
                self._keys, self._stamp = self._read(found), stamp
        except OSError as error:
            raise KeysNotReady(
                f"{self.path}: the keys file cannot be read ({error.strerror}); correct [hms_syn] {SETTING}, or the "
                "file's owner and rights"
            ) from None
        return self._keys

    def _read(self, found: os.stat_result) -> Keys:
        if (
            found.st_mode & OTHERS_MAY_WRITE
        ):  # whoever may write it can plant a key and read what is sealed from then on
            raise KeysNotReady(f"{self.path}: others than its owner may write this file; chmod 600 it")
        if found.st_mode & OTHERS_MAY_READ:
            log.warning("%s: others than its owner may read this file of keys; chmod 600 it where you can", self.path)
        try:
            text = self.path.read_text(encoding="utf-8") if self.path else ""
        except UnicodeDecodeError:
            raise KeysNotReady(f"{self.path}: is no text; make a keys file with 'hms-syn keys new'") from None
        return sealing.parse(text, name=str(self.path))


NO_KEYS = Keyring()
"""For what is never sealed: the queue's own news."""


def opened(keyring: Keyring, row: Row[Any]) -> Words | None:
    """Return a row's words, or None where this one row cannot be opened; that is named in the log.

    :raises KeysNotReady: no row could be
    """
    try:
        return keyring.open(row)
    except CannotOpen as error:
        log.warning("%s (%s)", error, error.code)
        return None
