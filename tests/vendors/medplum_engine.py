"""A second vendor of ``hl7.mllp.v1`` that nobody here wrote: an interface engine on Medplum's HL7 connection."""

from __future__ import annotations

from tests.peers.listening import HERE
from tests.peers.node import install
from tests.vendors.python_engine import Engine


class MedplumEngine(Engine):
    """Another reading of MLLP, in another language; it may speak in enhanced mode."""

    def __init__(self) -> None:
        install()
        super().__init__(["node", "engine.mjs"], folder=HERE)

    def speak_in_enhanced_mode(self) -> None:
        """Say of each message first that it is stored, and then that it is accepted."""
        self._told("enhanced")
