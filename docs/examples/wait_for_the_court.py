"""An Airflow DAG that publishes a hearing, waits until the court has said yes, and goes on with the court's receipt."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from hms_a2a import Bus
from hms_syn.sensors import DeliveredSensor


@dag(schedule=None, tags=["example"])
def wait_for_the_court() -> None:
    """File a hearing, and tell the tenant once it stands in the court's calendar."""

    @task
    def publish(run_id: str | None = None) -> str:
        """Publish under an id of our own: a second try of this task publishes nothing new."""
        hearing = {"case_id": "HUD-22-109", "date": "2024-09-02"}
        return Bus("hud").publish_topic("hud.hearing.created", hearing, message_id=f"hearing/{run_id}")

    @task
    def tell_the_tenant(receipt: dict[str, str]) -> str:
        """Do what could not be done before the court had it."""
        return f"Your hearing has the number {receipt['reference']}"

    in_the_calendar = DeliveredSensor(
        task_id="in_the_calendar",
        job="court_calendar_sync",
        message_id=publish(),
        timeout=timedelta(days=2),
    )
    tell_the_tenant(in_the_calendar.output)


wait_for_the_court()
