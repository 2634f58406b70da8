"""Waiting in the triggerer for one delivery, without a worker."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from hms_syn.domain.wait import Wait
from hms_syn.triggers.receipt_poll import shared_poll

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Delivered(BaseTrigger):
    """Fires once, with the receipt, when a delivery has ended; all of a triggerer share one poll of the store.

    It holds names and ids only, and asks anew after a restart of the triggerer: nothing is missed meanwhile.

    :param wait: the fields of a :class:`~hms_syn.domain.wait.Wait`
    """

    def __init__(self, **wait: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own constructor has no types
        self.wait = Wait(**wait)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow stores: names and ids."""
        return ("hms_syn.triggers.delivered.Delivered", asdict(self.wait))

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and fire once."""
        yield TriggerEvent(await shared_poll().receipt(self.wait))
