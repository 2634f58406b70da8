"""Tasks: what a worker does for a job."""

from __future__ import annotations

from hms_syn.operators.heartbeat import HeartbeatOperator
from hms_syn.operators.pull import PullOperator
from hms_syn.operators.push import PushOperator
from hms_syn.operators.reconcile import ReconcileOperator
from hms_syn.operators.seal import SealOperator

__all__ = ["HeartbeatOperator", "PullOperator", "PushOperator", "ReconcileOperator", "SealOperator"]
