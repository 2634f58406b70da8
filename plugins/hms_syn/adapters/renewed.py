"""An adapter that outlives a password: once the vendor has refused our login, the next call makes it anew."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hms_syn import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Adapter


class Renewed:
    """The adapter that ``make`` makes, with what its connection holds at that time.

    The connection is read when the adapter is made and after each refusal, never for each message: so a corrected
    password needs no restart, and costs nothing while it is right.
    """

    def __init__(self, make: Callable[[], Adapter]) -> None:
        self._make = make
        self._made: Adapter | None = make()
        self.idempotent = self._made.idempotent
        self.finds = self._made.finds

    def send(self, message: Delivery) -> Ack:
        """Hand one message over; a refused login is the caller's to wait out."""
        with self._renewed_when_refused() as adapter:
            return adapter.send(message)

    def find(self, message: Delivery) -> Ack | None:
        """Ask the vendor for one message."""
        with self._renewed_when_refused() as adapter:
            return adapter.find(message)

    def preview(self, message: Delivery) -> bytes:
        """Return the body that ``send`` would carry."""
        with self._renewed_when_refused() as adapter:
            return adapter.preview(message)

    def where(self, message: Delivery) -> str:
        """Return where the body would go, as far as the adapter tells; empty where it does not."""
        with self._renewed_when_refused() as adapter:
            tell: Callable[[Delivery], str] | None = getattr(adapter, "where", None)
            return "" if tell is None else tell(message)

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the vendor's records, all with one login."""
        with self._renewed_when_refused() as adapter:
            yield from adapter.pull(cursor)

    def ping(self) -> None:
        """Return if the vendor answers."""
        with self._renewed_when_refused() as adapter:
            adapter.ping()

    def check(self) -> list[tuple[str, str]]:
        """Compare the job with the vendor's contract."""
        with self._renewed_when_refused() as adapter:
            return adapter.check()

    def close(self) -> None:
        """Give the connection back."""
        if self._made is not None:
            self._made.close()

    @contextmanager
    def _renewed_when_refused(self) -> Iterator[Adapter]:
        if self._made is None:
            self._made = self._anew()
        try:
            yield self._made
        except errors.LoginRefused:
            self._made.close()
            self._made = None
            raise

    def _anew(self) -> Adapter:
        """Make it again; whatever hinders that, nothing has been sent.

        :raises errors.NotSent: what holds the connections is away · :raises errors.SynError: as ``make`` does
        """
        try:
            return self._make()
        except errors.SynError:
            raise
        except Exception as error:  # noqa: BLE001 - of whatever keeps the connections; it is said, and tried again
            raise errors.NotSent(
                f"The job's connection could not be read again ({type(error).__name__}); nothing was sent.",
                code="connection_unread",
            ) from None
