"""Numbers for whoever watches from outside: through Airflow's own metrics, to wherever its settings send them.

With metrics switched off, as Airflow's default is, nothing is counted and nothing is sent. Where the receiver knows
tags (OpenTelemetry, DogStatsD, InfluxDB's StatsD) the job is the tag ``job``; plain StatsD has none, and there the
job's id is the last part of the name, so that one job's number never stands for another's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import conf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hms_syn.flow.hand_off import HandOff

PREFIX = "hms_syn"
ATTEMPT = "attempt"
COUNTERS = {
    "acked": "delivered",
    "refused": "refused",
    "unknown": "unknown",
    "not_sent": "not_sent",
    "stale": "stale",
}
"""The counter of each outcome; the vendor's yes is a delivery."""
GAUGES = {
    "waiting": "queue.depth",
    "oldest_s": "queue.oldest_seconds",
    "in_doubt": "queue.in_doubt",
    "dead_letters": "queue.dead_letters",
}
"""The gauge of each number on the board."""
VENDOR_UP = "vendor.up"
SEAL_LAG = "audit.seal_lag_seconds"
"""Of the one audit trail, so it has no job."""
STATES = {"online": 1, "offline": 0}


class Metrics:
    """What one process tells Airflow's metrics. Made where it is used: it reads Airflow's settings once."""

    def __init__(self) -> None:
        self._dogstatsd, self._statsd, otel = (
            conf.getboolean("metrics", name, fallback=False)
            for name in ("statsd_datadog_enabled", "statsd_on", "otel_on")
        )
        self.is_on = self._dogstatsd or self._statsd or otel
        if self.is_on:
            self._begin()

    def hand_off(self, job: str, told: HandOff) -> None:
        """Count what one attempt came to, and how long the vendor took."""
        if not self.is_on:
            return
        from airflow.sdk.observability import stats  # noqa: PLC0415 - most processes send no metrics

        name, tags = self._named(COUNTERS[told.outcome.value], job)
        stats.incr(name, tags=tags)
        if told.seconds:
            name, tags = self._named(ATTEMPT, job)
            stats.timing(name, timedelta(seconds=told.seconds), tags=tags)

    def board(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Say how every job and its vendor stand, from the rows of ``hms-syn status``."""
        from airflow.sdk.observability import stats  # noqa: PLC0415 - most processes send no metrics

        for row in rows:
            numbers = {gauge: row[column] or 0 for column, gauge in GAUGES.items()}
            if row["vendor"]["state"] in STATES:
                numbers[VENDOR_UP] = STATES[row["vendor"]["state"]]
            for gauge, number in numbers.items():
                name, tags = self._named(gauge, row["job"])
                stats.gauge(name, number, tags=tags)

    def seal_lag(self, seconds: float) -> None:
        """Say for how long the oldest row of the audit trail has been waiting to be sealed."""
        from airflow.sdk.observability import stats  # noqa: PLC0415 - most processes send no metrics

        stats.gauge(f"{PREFIX}.{SEAL_LAG}", round(seconds, 1))

    def _begin(self) -> None:
        """Open Airflow's way out. Tasks have it open; a triggerer's child process, where triggers run, has not."""
        from airflow.sdk.observability import stats  # noqa: PLC0415 - most processes send no metrics
        from airflow.sdk.observability.metrics.stats_utils import get_stats_factory  # noqa: PLC0415 - as above

        stats.initialize(
            factory=get_stats_factory(),
            export_legacy_names=conf.getboolean("metrics", "legacy_names_on", fallback=True),
        )

    def _named(self, name: str, job: str) -> tuple[str, dict[str, str] | None]:
        plain = self._statsd and not self._dogstatsd
        if plain and not conf.getboolean("metrics", "statsd_influxdb_enabled", fallback=False):
            return f"{PREFIX}.{name}.{job}", None
        return f"{PREFIX}.{name}", {"job": job}
