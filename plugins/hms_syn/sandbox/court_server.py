"""The court's listening socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import court_page
from hms_syn.sandbox.court_http import Handler
from hms_syn.sandbox.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.sandbox.court_book import Court
    from hms_syn.sandbox.court_login import Login
    from hms_syn.sandbox.court_manners import Manners


class Server(Listener):
    """One court."""

    def __init__(self, address: tuple[str, int], *, court: Court, login: Login | None, manners: Manners) -> None:
        self.court, self.login = court, login
        super().__init__(address, Handler, manners=manners)

    def received(self) -> Mapping[str, Any]:
        """Everything the court knows."""
        return self.court.received()

    def page(self, *, still: bool) -> str:
        """The calendar as a page."""
        return court_page.page(self.court.received(), mode=self.manners.present()["mode"], still=still)
