"""Waiting for something to be so."""

from __future__ import annotations

from hms_syn.sensors.delivered import DeliveredSensor
from hms_syn.sensors.queued import QueuedSensor
from hms_syn.sensors.vendor_online import VendorOnlineSensor

__all__ = ["DeliveredSensor", "QueuedSensor", "VendorOnlineSensor"]
