"""What we use of paramiko: a connection over a socket that is already guarded, and errors with their status code.

It is imported when a connection is made, because paramiko comes with an extra.
"""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko.sftp import CMD_EXTENDED, SFTPError

from hms_syn import errors
from hms_syn.adapters.auth import fields
from hms_syn.adapters.sftp.sftp_errors import EOF, OK, UNSUPPORTED, StatusError

if TYPE_CHECKING:
    import socket

    from hms_syn.adapters.deadline import Deadline
    from hms_syn.adapters.sftp.sftp_place import Door

RAISED: tuple[type[Exception], ...] = (paramiko.SSHException, SFTPError, OSError, EOFError)
_LOG = "hms_syn.sftp.wire"
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Client(paramiko.SFTPClient):  # type: ignore[misc]  # paramiko has no types
    """One SFTP session."""

    _offers_fsync = True
    _offers_posix_rename = True

    def fsync(self, file: Any) -> None:
        """Ask for the file to be on the disk, where the server has OpenSSH's extension for it."""
        if self._offers_fsync:
            try:
                self._request(CMD_EXTENDED, "fsync@openssh.com", file.handle)
            except StatusError as error:
                if error.code != UNSUPPORTED:
                    raise
                self._offers_fsync = False

    def put_in_place(self, temporary: str, name: str) -> None:
        """Rename in one step, by OpenSSH's extension where the server has it."""
        if self._offers_posix_rename:
            try:
                self.posix_rename(temporary, name)
            except StatusError as error:
                if error.code != UNSUPPORTED:
                    raise
                self._offers_posix_rename = False
            else:
                return
        self.rename(temporary, name)

    def look(self, path: str) -> Any:
        """Return the attributes of what is there, or None where nothing is."""
        try:
            return self.stat(path)
        except StatusError as error:
            if error.is_absent:
                return None
            raise

    def _convert_status(self, msg: Any) -> None:
        """Keep the code, which paramiko makes a text of."""
        code = msg.get_int()
        if code == EOF:
            raise EOFError
        if code != OK:
            raise StatusError(code)


def let_in(sock: socket.socket, door: Door, deadline: Deadline) -> paramiko.Transport:
    """Return a session of SSH with the server that we know, logged in; a failure closes the socket.

    :raises errors.NotSent: the server shows another key (``host_key``) · :raises errors.LoginRefused: it does not let
        us in
    """
    transport = paramiko.Transport(sock)
    try:
        for name in (_LOG, f"{_LOG}.sftp"):
            logging.getLogger(name).disabled = True  # it writes down names of files, and what the server says
        transport.set_log_channel(_LOG)
        transport.get_security_options().key_types = door.algorithms
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = deadline.left()
        transport.start_client(timeout=deadline.left())
        if not transport.initial_kex_done:
            raise TimeoutError  # noqa: TRY301 - it returns as if all were well
        _recognise(transport, door)
        _log_in(transport, door, deadline)
    except BaseException:
        transport.close()
        sock.close()
        raise
    return transport


def _recognise(transport: paramiko.Transport, door: Door) -> None:
    shown = transport.get_remote_server_key()
    if (shown.get_name(), shown.asbytes()) not in door.host_keys:
        raise errors.NotSent(
            "The server shows another key than 'host_key' of the connection; nothing was sent. Ask the vendor whether "
            "it has a new one before you change it.",
            code="host_key",
        )


def _log_in(transport: paramiko.Transport, door: Door, deadline: Deadline) -> None:
    try:
        if door.private_key:
            further = transport.auth_publickey(door.login, _private_key(door))
        else:
            further = transport.auth_password(door.login, door.password)
    except paramiko.AuthenticationException:
        deadline.left()
        if not transport.is_active():
            raise  # the line was lost, which paramiko calls the same
        further = ["another login"]
    if further:
        raise errors.LoginRefused("The vendor's SFTP server does not accept our login; correct the connection.")


def _private_key(door: Door) -> paramiko.PKey:
    """Read the key; the password beside it is its passphrase. A form of one line has its line ends as backslash-n."""
    text = door.private_key.replace("\\n", "\n") + "\n"
    for kind in _KEYS:
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text), password=door.password or None)
    raise fields.wrong(
        "private_key",
        "is no private key of OpenSSH's form (Ed25519, ECDSA or RSA), or the password is not its passphrase",
    )
