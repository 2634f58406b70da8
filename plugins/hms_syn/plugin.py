"""What Airflow's plugin manager finds. Loaded by every process, so nothing heavy is imported here."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from hms_syn import __version__, preload

PREFIX = "/hms-syn"


def _address(path: str) -> str:
    """Return where a page of the console is, below the path that Airflow itself is served under."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + f"{PREFIX}/{path}"


class HmsSynPlugin(AirflowPlugin):
    """The External System Synchronizer.

    The console is made when somebody asks for it: of Airflow's processes only the api-server does.
    """

    name = "hms_syn"
    listeners = [preload]  # noqa: RUF012 - declared by Airflow as any instance's own

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # Airflow reads it off an instance
        """Return the console."""
        from hms_syn.console.app import create_app  # noqa: PLC0415 - FastAPI and Airflow's API are the api-server's

        return [{"app": create_app(), "url_prefix": PREFIX, "name": "HMS-SYN console"}]

    @cached_property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override]  # as above
        """Return the console's place in the navigation, and the tab on a DAG."""
        return [
            {"name": "Sync", "href": _address(""), "destination": "nav", "url_route": "sync", "nav_top_level": True},
            {
                "name": "Sync",
                "href": _address("job.html?dag_id={DAG_ID}"),
                "destination": "dag",
                "url_route": "hms-syn-job",
            },
        ]

    @cached_property
    def react_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # as above
        """Return the banner on Airflow's home page, which shows only while a vendor is offline."""
        return [
            {
                "name": "HmsSynBanner",
                "bundle_url": _address(f"banner.js?v={__version__}"),
                "destination": "dashboard",
                "url_route": "hms-syn-banner",
            }
        ]
