"""An Airflow DAG that runs once for every message the court has accepted: the partition key is the message's id."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task

delivered = Asset(name="syn.court_calendar_sync.delivered", uri="hms-syn://court_calendar_sync/delivered")

with DAG(dag_id="after_each_delivery", schedule=PartitionedAssetTimetable(assets=delivered), tags=["example"]):

    @task
    def file_the_receipt(triggering_asset_events: dict[Asset, list[Any]] | None = None) -> None:
        """Read ids and receipt of the one message this run is about."""
        [event] = (triggering_asset_events or {})[delivered]
        print(event.extra["message_id"], event.extra["reference"])

    file_the_receipt()
