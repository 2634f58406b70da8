"""Registers the plugin where plugins/ is mounted as a folder; with the wheel installed, its entry point does it."""

from __future__ import annotations

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="hms_syn"):
    from hms_syn.plugin import HmsSynPlugin  # noqa: F401 - found by Airflow in this module's namespace
