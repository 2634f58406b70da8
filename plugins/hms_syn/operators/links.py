"""From a task in Airflow to the console: the message that a run was about, or its job's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from airflow.sdk import BaseOperatorLink, conf

if TYPE_CHECKING:
    from typing import Any


class MessagesLink(BaseOperatorLink):
    """A button on the task: where a run had one message its page, else the messages of the job.

    Airflow keeps the address when a task ends, so it is as the run left it.
    """

    name = "Messages"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address below that of Airflow itself, which may be served under a path of its own."""
        del ti_key
        acks = (getattr(operator, "report", None) or {}).get("acks", ())
        page, query = ("message", {"id": acks[0]["id"]}) if len(acks) == 1 else ("messages", {"job": operator.job.id})
        base = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
        return f"{base}/hms-syn/{page}.html?{urlencode(query)}"
