"""The conformance suite: what every adapter promises, as tests that anyone can run on an adapter of their own.

Describe a pretend vendor on your machine (:class:`PretendVendor`), and name it once::

    class TestLetterbox(Conformance):
        pretend_vendor = Letterbox

or, without a file of tests::

    python -m hms_syn.conformance letterbox.pretend:Letterbox

It needs pytest, which the product itself does not: ``pip install 'hms-syn[conformance]'``.
"""

from __future__ import annotations

from hms_syn.conformance.pretend_vendor import Arrival, Manner, PretendVendor, Thing, read_job
from hms_syn.conformance.suite import Conformance
from hms_syn.conformance.violation import Violation

__all__ = ["Arrival", "Conformance", "Manner", "PretendVendor", "Thing", "Violation", "read_job"]
