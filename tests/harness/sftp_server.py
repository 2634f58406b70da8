"""A county's SFTP server: asyncssh's, which nobody here wrote, over a real folder, with a county's bad days."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from hms_syn.adapters.sftp.sftp_csv_v1 import SftpCsvV1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Pull, Push
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

USER, PASSWORD = "hud", "correct horse battery"
LOOPBACK = ("127.0.0.0/8",)
MAPPING = {"case_id": "case_id", "hearing_on": "date"}


for quiet in (asyncssh.set_log_level, asyncssh.set_sftp_log_level):
    quiet("CRITICAL")  # it shares this process with the adapter, whose log is looked into


class County:
    """One server in a thread of its own. ``mood`` is what it does to every session from now on.

    ``well`` · ``refusing`` (no file gets its name) · ``full`` (no file can be written, nothing read) · ``unproved`` (a
    rename is answered and not done) · ``silent`` (a rename is done and not answered, nor is a question) · ``taking``
    (a file is taken away as soon as it has its name) · ``stalling`` (a file cannot be written to its end) · ``hanging``
    (a rename is neither done nor answered)
    """

    def __init__(self, *, posix: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.posix = posix
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_keys: list[asyncssh.SSHKey] = []
        self.password = PASSWORD
        self.mood = "well"
        self.port = 0
        self.arrivals: list[tuple[str, str]] = []
        self.taken: list[bytes] = []
        self.asked: list[str] = []
        self.connections: set[Any] = set()
        self._listener: Any = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.open()

    @property
    def endpoint(self) -> str:
        return f"sftp://127.0.0.1:{self.port}/"

    @property
    def host_key(self) -> str:
        return self.key.export_public_key().decode()

    def open(self) -> None:
        """Be there, at the same port as before."""
        if self._listener is None:
            self._run(self._open())

    def shut(self, *, listening: bool = False) -> None:
        """Hang up on everybody; and be away, unless told otherwise."""
        self._run(self._shut(listening=listening))

    def close(self) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()

    def files(self) -> dict[str, bytes]:
        """Everything in the folder, what is not finished too."""
        return {file.name: file.read_bytes() for file in sorted(self.folder.iterdir()) if file.is_file()}

    def take(self, path: str) -> bytes:
        """Take a file away, as a program of the county's does with what arrives."""
        file = self.folder / path.removeprefix("/")
        content = file.read_bytes()
        file.unlink()
        return content

    def credentials(self, **changes: Any) -> Credentials:
        given: dict[str, Any] = {"login": USER, "password": PASSWORD, "extra": {"host_key": self.host_key}, **changes}
        return Credentials(**given)

    def job(self, push: dict[str, Any] | None = None, pull: dict[str, Any] | None = None, **changes: Any) -> JobSpec:
        """Build a job against this county."""
        wanted: dict[str, Any] = {
            "id": "county",
            "name": "HUD → County",
            "file": "county.yaml",
            "push_adapter": "sftp.csv.v1",
            "pull_adapter": "sftp.csv.v1" if pull is not None else None,
            "source_topics": ("hud.hearing.created",),
            "target_endpoint": self.endpoint,
            "allow_private": LOOPBACK,
            "push": Push(**{"mapping": MAPPING, "timeout": 2.0, **(push or {})}),
            "pull": Pull(**{"publish_topic": "county.status", "timeout": 2.0, **pull}) if pull is not None else None,
            **changes,
        }
        return JobSpec(**wanted)

    def adapter(
        self,
        push: dict[str, Any] | None = None,
        pull: dict[str, Any] | None = None,
        credentials: Credentials | None = None,
        **changes: Any,
    ) -> SftpCsvV1:
        """Make the adapter of such a job."""
        return SftpCsvV1(self.job(push, pull, **changes), credentials or self.credentials(), pins=None)  # type: ignore[arg-type]

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._listener = await asyncssh.create_server(
            lambda: _Door(self),
            "127.0.0.1",
            self.port,
            server_host_keys=[self.key],
            sftp_factory=lambda channel: _Sftp(channel, self),
            reuse_address=True,
        )
        self.port = self._listener.get_port()

    async def _shut(self, *, listening: bool) -> None:
        if self._listener is not None and not listening:
            self._listener.close()
            await self._listener.wait_closed()
            self._listener = None
        for connection in list(self.connections):
            connection.abort()


class _Door(asyncssh.SSHServer):
    def __init__(self, county: County) -> None:
        self._county = county

    def connection_made(self, conn: Any) -> None:
        self._connection = conn
        self._county.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's signature
        self._county.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the library's signature
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, self._county.password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: Any) -> bool:
        return username == USER and key in self._county.client_keys


class _Sftp(asyncssh.SFTPServer):
    def __init__(self, channel: Any, county: County) -> None:
        super().__init__(channel, chroot=str(county.folder).encode())
        self._county = county
        self._writing: dict[int, bytes] = {}
        self._pushes = False

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        writes = bool(pflags & asyncssh.FXF_WRITE)
        if writes and self._county.mood == "full":
            raise asyncssh.SFTPFailure("the quota of Ms Quillfeather is used up")
        opened = super().open(path, pflags, attrs)
        if writes:
            self._writing[id(opened)] = path
            self._pushes = True
        return opened

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:  # type: ignore[override]
        if self._county.mood == "stalling":
            super().write(file_obj, offset, data[:5])
            file_obj.flush()  # type: ignore[attr-defined]
            self._county.asked.append("write")
            await asyncio.Event().wait()
        written: Any = super().write(file_obj, offset, data)
        return int(written)

    def close(self, file_obj: object) -> None:
        super().close(file_obj)
        path = self._writing.pop(id(file_obj), None)
        if path is not None:
            content = Path(self.map_path(path).decode()).read_bytes()
            name = path.decode().rpartition("/")[2]
            self._county.arrivals.append((name, hashlib.sha256(content).hexdigest()))

    async def stat(self, path: bytes) -> Any:  # type: ignore[override]
        await self._answer()
        return super().stat(path)

    async def scandir(self, path: bytes) -> AsyncIterator[Any]:
        await self._answer()
        async for name in super().scandir(path):
            yield name

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:  # type: ignore[override]
        if not self._county.posix:
            raise asyncssh.SFTPOpUnsupported("not here")
        await self._rename(oldpath, newpath)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:  # type: ignore[override]
        await self._rename(oldpath, newpath)

    async def _rename(self, old: bytes, new: bytes) -> None:
        mood = self._county.mood
        if mood == "refusing":
            raise asyncssh.SFTPPermissionDenied("not in this county")
        if mood == "hanging":
            self._county.asked.append("rename")
            await asyncio.Event().wait()
        if mood != "unproved":
            super().posix_rename(old, new)
        if mood == "taking":
            self._county.taken.append(self._county.take(new.decode()))
        if mood == "silent":
            await asyncio.Event().wait()
        self._pushes = False

    async def _answer(self) -> None:
        """A question: silence here, but not in the middle of a push, whose rename falls silent."""
        if self._county.mood == "silent" and not self._pushes:
            await asyncio.Event().wait()
        if self._county.mood == "full":
            raise asyncssh.SFTPFailure("the quota of Ms Quillfeather is used up")


def message(key: str | None = None, **payload: Any) -> Delivery:
    """Build a message about a hearing."""
    return Delivery(
        id=1,
        message_id="m-1",
        job="county",
        topic="hud.hearing.created",
        ordering_key="county",
        idempotency_key=key or str(uuid.uuid4()),
        attempt=0,
        payload={"case_id": "HUD-22-109", "date": "2024-09-02", **payload},
        published_at="2024-08-01T00:00:00Z",
    )
