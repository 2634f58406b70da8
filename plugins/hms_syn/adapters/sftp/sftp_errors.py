"""What went wrong at an SFTP server, by the status code it gave and the moment it happened; never by its words."""

from __future__ import annotations

from enum import Enum

from hms_syn import errors

OK, EOF, NO_SUCH_FILE, DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8
_NO_PATH, _WRITE_PROTECTED, _NO_SUCH_NAME, _NO_SUCH_VALUE = 10, 12, 20, 23
_ABSENT = frozenset({NO_SUCH_FILE, _NO_PATH})
_FORBIDDEN = frozenset({DENIED, _WRITE_PROTECTED})
_INVALID = frozenset({_NO_SUCH_NAME, _NO_SUCH_VALUE})
"""Codes up to 8 are those of version 3, which everybody speaks; some servers send later ones all the same."""


class Phase(Enum):
    """How far an exchange has come, which decides what the loss of the line means."""

    REACH = "reach"
    """Not let in yet."""
    ASK = "ask"
    """Looking and reading: nothing is made."""
    WRITE = "write"
    """Writing under a temporary name: nobody takes that for a message."""
    NAME = "name"
    """The file is being given its name, or has it: from here on the vendor may have the message."""


class StatusError(OSError):
    """The server's answer to one request, as its code alone."""

    def __init__(self, code: int) -> None:
        super().__init__(f"status {code}")
        self.code = code

    @property
    def is_absent(self) -> bool:
        """True where there is nothing of that name."""
        return self.code in _ABSENT

    @property
    def is_denied(self) -> bool:
        """True where the login may not do that."""
        return self.code in _FORBIDDEN


def meaning(error: Exception, phase: Phase) -> errors.SynError:
    """Return our error for what the library raised in this phase."""
    if isinstance(error, StatusError):
        return _answered(error, phase)
    kind = type(error).__name__
    if phase is Phase.NAME:
        return errors.OutcomeUnknown(
            f"The line was lost while the file was being given its name ({kind}); the vendor may have it.",
            code="rename_lost",
        )
    if phase is Phase.WRITE:
        return errors.NotSent(
            f"The line was lost before the file had its name ({kind}); the vendor has no message.", code="upload_lost"
        )
    if phase is Phase.ASK:
        return line_lost()
    return errors.NotSent(f"The vendor's SSH server let nobody in ({kind}); nothing was sent.", code="ssh")


def line_lost() -> errors.NotSent:
    """Return the error for a question that got no answer."""
    return errors.NotSent("The vendor's SFTP server did not answer; nothing was sent.", code="ask_lost")


def _answered(error: StatusError, phase: Phase) -> errors.SynError:
    """Return what a status means: of the folder it concerns every message, of the file's own name only this one."""
    code = f"sftp_{error.code}"
    if error.is_denied or error.code in _INVALID:
        if phase is Phase.NAME:
            return errors.VendorRefused(
                f"The vendor does not accept this file (SFTP status {error.code}).", code="file_refused"
            )
        if error.is_denied:
            return errors.ContractMismatch(
                f"The login may not use this folder (SFTP status {error.code}); ask the vendor for the permission, or "
                "correct 'request.folder'.",
                code="folder_denied",
            )
    if error.is_absent and phase is not Phase.NAME:
        return errors.ContractMismatch(
            f"The vendor has no such folder (SFTP status {error.code}); correct 'request.folder' or the endpoint.",
            code="no_folder",
        )
    if error.code == UNSUPPORTED:
        return errors.ContractMismatch("The vendor's SFTP server cannot do what this job needs.", code=code)
    return errors.VendorBusy(f"The vendor's SFTP server could not do it now (SFTP status {error.code}).", code=code)
