"""A message as one file: written under a temporary name, put in place in one step, and recognised again by its name."""

from __future__ import annotations

import hashlib
import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping, templates
from hms_syn.adapters.sftp.sftp_errors import Phase, StatusError
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.sftp.sftp_session import Session
    from hms_syn.adapters.sftp.sftp_wire import Client
    from hms_syn.domain.job_spec import Push

FILE_NAME = "{key}.csv"
_MOST_BYTES = 200
"""Most file systems take 255, and the temporary name is longer."""
_FOR_A_NAME = re.compile(r"[^/\\\x00-\x1f\x7f:*?\"<>|]+")
"""What every file system takes in a name, those of Windows included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a message becomes: a name in a folder, and the bytes."""

    folder: str
    name: str
    body: bytes

    @property
    def path(self) -> str:
        """Where the vendor finds it."""
        return posixpath.join(self.folder, self.name)

    @property
    def temporary(self) -> str:
        """Where it is written first: the same on every attempt, so that what a killed worker left is written over."""
        return posixpath.join(self.folder, f".{self.name}.part")

    def answer(self) -> dict[str, Any]:
        """Return what the vendor is known to have, for ``success`` and ``ack``."""
        return {
            "name": self.name,
            "folder": self.folder,
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
        }


def file_name(push: Push, fields: Mapping[str, Any], key: str) -> str:
    """Return the file's name, which holds the idempotency key.

    :raises errors.UnmappablePayload: a field in it cannot be part of a file's name
    """

    def write(name: str, value: str) -> str:
        if not _FOR_A_NAME.fullmatch(value):
            raise errors.UnmappablePayload(f"What this message has for {{{name}}} cannot be part of a file's name.")
        return value

    template = str(push.request.get("file_name") or FILE_NAME)
    made = templates.spliced(template, {**fields, "key": key}, write)
    if made.startswith(".") or len(made.encode("utf-8", "replace")) > _MOST_BYTES:
        raise errors.UnmappablePayload(f"The file's name begins with a dot or is longer than {_MOST_BYTES} bytes.")
    return made


def put(session: Session, push: Push, file: File) -> Ack:
    """Hand a file over and return the receipt.

    :raises errors.VendorRefused: there is another file of this name (``name_taken``), or it is not accepted
    :raises errors.SynError: as :meth:`Session.exchange` does
    """
    with session.exchange() as sftp:
        session.phase = Phase.WRITE
        try:
            _write(sftp, file)
            if _is_there(sftp, file):
                _clear(sftp, file)
                return _receipt(push, file, "duplicate")
            session.phase = Phase.NAME
            sftp.put_in_place(file.temporary, file.path)
        except (StatusError, errors.VendorRefused):
            _clear(sftp, file)
            raise
        return _receipt(push, file, _arrived(sftp, file))


def find(session: Session, push: Push, file: File) -> Ack | None:
    """Return the receipt of a file that the vendor has, or None.

    :raises errors.OutcomeUnknown: there is one of this name with other content (``file_differs``)
    """
    with session.exchange() as sftp:
        there = sftp.look(file.path)
        if there is None:
            return None
        if not _is_same(sftp, file, there):
            raise errors.OutcomeUnknown(
                "The vendor has a file of this message's name with other content.", code="file_differs"
            )
        return _receipt(push, file, "found")


def _write(sftp: Client, file: File) -> None:
    with sftp.open(file.temporary, "wb") as opened:
        opened.write(file.body)
        sftp.fsync(opened)


def _is_there(sftp: Client, file: File) -> bool:
    there = sftp.look(file.path)
    if there is not None and not _is_same(sftp, file, there):
        raise errors.VendorRefused(
            "The vendor has a file of this name with other content, which is not written over.", code="name_taken"
        )
    return there is not None


def _arrived(sftp: Client, file: File) -> str:
    """Return the receipt's status, once the server shows the file whole; some vendors take it away at once.

    :raises errors.OutcomeUnknown: the server said yes, and what it shows is something else
    """
    there = sftp.look(file.path)
    if there is None and sftp.look(file.temporary) is None:
        return "taken"
    if there is None:
        raise errors.OutcomeUnknown("The server has renamed the file, and it still has its old name.", code="unnamed")
    if there.st_size is not None and there.st_size != len(file.body):
        raise errors.OutcomeUnknown("The server shows the file with another size than was sent.", code="size_differs")
    return ""


def _is_same(sftp: Client, file: File, there: Any) -> bool:
    """Compare size and bytes; the size alone where the login may write there and not read."""
    if there.st_size is not None and there.st_size != len(file.body):
        return False
    try:
        with sftp.open(file.path, "rb") as opened:
            return bool(opened.read(len(file.body) + 1) == file.body)
    except StatusError as error:
        if error.is_denied:
            return True
        raise


def _clear(sftp: Client, file: File) -> None:
    """Leave nothing under the temporary name, as far as the server lets us."""
    with suppress(StatusError):
        sftp.remove(file.temporary)


def _receipt(push: Push, file: File, status: str) -> Ack:
    proved = mapping.prove(file.answer(), push.success, {"reference": "name", **push.ack})
    return Ack(reference=proved.reference, status=status or proved.status)
