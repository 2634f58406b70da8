"""HMS-SYN, the External System Synchronizer: nothing leaves the queue until the other side has said yes."""

from __future__ import annotations

__version__ = "0.3.0"
