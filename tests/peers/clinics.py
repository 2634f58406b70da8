"""Starts the clinic on fhirstarter, in a Python of its own: it cannot live beside Airflow's web server."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.peers.listening import listening
from tests.peers.pythons import python_with

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def fhirstarter_clinic(*options: str) -> Iterator[str]:
    """Run a clinic that checks what it is sent against R4B, and yield its service root."""
    command = [str(python_with("clinic.txt", folder=".clinic")), "-W", "ignore", "clinic.py", *options]
    environment = {**os.environ, "FHIR_SEQUENCE": "R4B"}
    with listening(command, environment=environment) as origin:
        yield origin
