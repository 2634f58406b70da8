"""``hms-syn publish``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hms_a2a import Bus
from hms_syn.cli.output import next_step
from hms_syn.domain.json_objects import json_object

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Publish one event and print its id."""
    text = sys.stdin.read() if arguments.payload == "-" else arguments.payload
    message_id = Bus(arguments.agency).publish_topic(
        arguments.topic, json_object(text), message_id=arguments.message_id, ordering_key=arguments.ordering_key
    )
    print(message_id)
    next_step(f"hms-syn trace {message_id}")
    return 0
