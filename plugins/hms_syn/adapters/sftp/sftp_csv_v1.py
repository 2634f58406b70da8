"""``sftp.csv.v1``: a vendor that takes and gives files of CSV over SFTP, such as a county's drop folder.

A message is one file, named by its idempotency key, written under a temporary name and put in place in one step; the
server showing it whole is the proof. A pull reads the files that are new, each row a record.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.sftp import csv_file, sftp_check, sftp_pages, sftp_place, sftp_push
from hms_syn.adapters.sftp.sftp_push import File
from hms_syn.adapters.sftp.sftp_session import Session
from hms_syn.domain import sftp_urls
from hms_syn.domain.job_spec import Push

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins


class SftpCsvV1:
    """One job's SFTP server; made without a look at the network."""

    idempotent = True
    finds = True

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # the server's key stands in the connection
        self._job = job
        self._credentials = credentials
        self._push = job.push or Push()
        self._sessions: dict[str, Session] = {}

    def send(self, message: Delivery) -> Ack:
        """Put one message into the folder as a file and return the receipt: the file's name."""
        mapping.check_expressions({name: name for name in self._push.success}, key="push.success")
        mapping.check_expressions(self._push.ack, key="push.ack")
        session = self._session("push")
        return sftp_push.put(session, self._push, self._file(message, session))

    def find(self, message: Delivery) -> Ack | None:
        """Look for the file with the message's key in its name."""
        session = self._session("push")
        try:
            file = self._file(message, session)
        except errors.UnmappablePayload as error:
            raise errors.ContractMismatch(f"This message cannot be looked for. {error}") from None
        return sftp_push.find(session, self._push, file)

    def preview(self, message: Delivery) -> bytes:
        """Return the file's content; the server is not asked."""
        return self._body(self._fields(message))

    def where(self, message: Delivery) -> str:
        """Return the file's path at the server, from where the login starts unless it begins with a slash."""
        folder = posixpath.join(
            sftp_urls.place(self._job.target_endpoint).folder, str(self._push.request.get("folder") or "")
        )
        return posixpath.join(folder, sftp_push.file_name(self._push, self._fields(message), message.idempotency_key))

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the rows of the files that are new, page by page."""
        if self._job.pull is None:
            raise errors.ContractMismatch(f"{self._job.id}: has no pull side")
        yield from sftp_pages.pages(self._session("pull"), self._job, self._job.pull, cursor)

    def ping(self) -> None:
        """Return if the server lets us in and shows the job's folder within the heartbeat's timeout."""
        side = self._job.push or self._job.pull
        self._session("ping").look_at_folder(side.request.get("folder") if side else None)

    def check(self) -> list[tuple[str, str]]:
        """Compare the job with the server's folders; return (dotted key, what and what to do) for each problem."""
        return sftp_check.problems(self._job, self._session)

    def close(self) -> None:
        """Give the connections back."""
        while self._sessions:
            self._sessions.popitem()[1].close()

    def _file(self, message: Delivery, session: Session) -> File:
        fields = self._fields(message)
        return File(
            folder=session.door.folder(self._push.request.get("folder")),
            name=sftp_push.file_name(self._push, fields, message.idempotency_key),
            body=self._body(fields),
        )

    def _fields(self, message: Delivery) -> Mapping[str, Any]:
        return mapping.of_message(self._push.mapping, message)

    def _body(self, fields: Mapping[str, Any]) -> bytes:
        return csv_file.written(fields, None if self._push.mapping is None else list(self._push.mapping))

    def _session(self, way: str) -> Session:
        if way not in self._sessions:
            job = self._job
            timeouts = {
                "push": self._push.timeout,
                "pull": job.pull_timeout,
                "ping": job.ping_timeout,
            }
            self._sessions[way] = Session(sftp_place.door(job, self._credentials), timeout=timeouts[way])
        return self._sessions[way]
