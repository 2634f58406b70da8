"""What the suite needs to know of a vendor, and all that whoever wrote an adapter has to write for it."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from hms_syn import job_files
from hms_syn.adapters.registry import load_adapter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import AdapterFactory, Credentials


class Manner(str, Enum):
    """How a vendor behaves towards every request, until it is told otherwise."""

    WELL = "well"
    """It does what it is asked."""
    REFUSING = "refusing"
    """It says a clear no to a message, for good, and keeps nothing."""
    BUSY = "busy"
    """It says "later", and keeps nothing."""
    LOCKED = "locked"
    """It does not accept our login, and keeps nothing."""
    UNPROVED = "unproved"
    """Its answer to a message looks like a success, and holds no receipt."""
    SILENT = "silent"
    """It reads a request whole and never answers."""
    DOWN = "down"
    """Nobody is at its address; what it holds is not lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message as the vendor read it from the wire, whatever came of it.

    ``key`` is the idempotency key, perhaps inside a longer text of its dialect. ``digest`` is of what the message says,
    without what differs from one attempt to the next by right, such as a timestamp of the login.
    """

    key: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What the vendor has made of a message: ``text`` is the payload's own, as it was understood.

    ``reference`` is the vendor's own name for it, which the receipt must give.
    """

    key: str
    reference: str
    text: str


class PretendVendor(ABC):
    """A vendor on this machine for as long as the context lasts: the suite opens one for each test."""

    cannot: ClassVar[Mapping[Manner, str]] = MappingProxyType({})
    """Manners that this vendor cannot have, each with its reason; their tests are skipped, and say so."""
    pages: ClassVar[bool] = True
    """False when the vendor gives all its records in one page, however many there are."""
    transactional: ClassVar[bool] = False
    """True when a message counts only once it is committed: an adapter may then look for the receipt before that."""
    no_journal: ClassVar[str] = ""
    """Why ``arrivals`` cannot tell of repeats, where it only knows what was kept; else empty."""
    words: ClassVar[Sequence[str]] = ()
    """What it says in its bad answers: none of it may come through into an error or a log."""

    def __enter__(self) -> Self:
        """Open it."""
        self.behave(Manner.WELL)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.behave(Manner.DOWN)

    @abstractmethod
    def job(self) -> JobSpec:
        """Return the job whose vendor this is, with short timeouts and no overlap; see :func:`read_job`.

        With a pull side it declares ``pull.dedupe_key``. It is asked for while the vendor is open.
        """

    @abstractmethod
    def payload(self, text: str) -> Mapping[str, Any]:
        """Return a message that the vendor takes, with this text where any text may stand."""

    @abstractmethod
    def behave(self, manner: Manner) -> None:
        """Behave in this way from now on, at the same address."""

    @abstractmethod
    def arrivals(self) -> Sequence[Arrival]:
        """Return every message that was read, repeats and refused ones too, in order."""

    @abstractmethod
    def things(self) -> Sequence[Thing]:
        """Return everything that was made of messages."""

    def offer(self, count: int) -> Sequence[Any]:
        """Hold at least this many further records ready for a pull; return what ``dedupe_key`` finds in each.

        Needed only for a job with a pull side.
        """
        raise NotImplementedError(f"to offer {count} records")

    def credentials(self) -> Credentials | None:
        """Return what the job's connection holds; None where the vendor asks for nothing."""
        return None

    def adapter(self) -> AdapterFactory:
        """Return the adapter's class: by default the one that the job names, as it is installed."""
        job = self.job()
        return load_adapter(job.push_adapter or job.pull_adapter or "")


@lru_cache(maxsize=8)
def read_job(text: str) -> JobSpec:
    """Return the job that this YAML text describes, checked as every job file is; the same text is read once.

    :raises errors.JobFileInvalid: with every problem of the text
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "conformance.yaml")
        file.write_text(text, encoding="utf-8")
        return replace(job_files.load_job(file), file="conformance.yaml")
