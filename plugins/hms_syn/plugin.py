"""What Airflow's plugin manager finds. Loaded by every process, so nothing heavy is imported here."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class HmsSynPlugin(AirflowPlugin):
    """The External System Synchronizer."""

    name = "hms_syn"
