"""The listening socket of a vendor with JSON over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import json_manners
from hms_syn.sandbox.listener import Listener
from hms_syn.sandbox.manners import ModeOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.sandbox.json_connection import JsonConnection
    from hms_syn.sandbox.ledger import Ledger


class JsonServer(Listener):
    """One vendor: its ledger, and the bad habits it may have. ``instead`` are the modes that record nothing.

    ``beside`` are modes that concern other addresses than those of the vendor's own business.
    """

    instead: Mapping[str, str] = json_manners.INSTEAD
    beside: Mapping[str, str] = {}

    def __init__(
        self, address: tuple[str, int], handler: type[JsonConnection], *, ledger: Ledger, manners: ModeOf | None = None
    ) -> None:
        self.ledger = ledger
        self.modes = (*self.instead, *json_manners.AFTER)
        super().__init__(address, handler, manners=manners or ModeOf(self.every_mode()))

    @classmethod
    def every_mode(cls) -> Mapping[str, str]:
        """Return each mode with what it means."""
        return {**cls.instead, **json_manners.AFTER, **cls.beside}

    def received(self) -> Mapping[str, Any]:
        """Everything the vendor knows."""
        return self.ledger.received()

    def is_up(self) -> bool:
        """Return False while the mode is ``down``."""
        return bool(self.manners.present()["mode"] != "down")
