"""Waiting for something to be so."""

from __future__ import annotations

from hms_syn.sensors.queued import QueuedSensor

__all__ = ["QueuedSensor"]
