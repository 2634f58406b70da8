"""What is wrong with a job for an engine is said before any message is at stake, with the key and what to do."""

from __future__ import annotations

import importlib.util

import pytest
from tests.unit.adapters.hl7.engines import REQUEST, adapter_at, tenant

from hms_syn import errors


def test_a_sound_job_has_no_problems():
    assert adapter_at(1).check() == []
    declared = {"success": {"MSA_1": ["AA", "CA"], "ORC_1": "present"}, "ack": {"reference": "ORC_3_1"}}
    assert adapter_at(1, **declared).check() == []


@pytest.mark.parametrize(
    ("changes", "key", "text"),
    [
        ({"request": {}}, "request.message_type", "three capital letters and digits"),
        ({"request": {**REQUEST, "trigger_event": "a31"}}, "request.trigger_event", "three capital letters"),
        ({"request": {**REQUEST, "version": "2.9"}}, "request.version", "there are: 2.1, "),
        ({"request": {"message_type": "ADT", "trigger_event": "A04"}}, "request.message_structure", "ADT_A01, "),
        ({"request": {**REQUEST, "message_structure": "ADT_A99"}}, "request.message_structure", "no structure ADT_A99"),
        ({"mapping": {"PID.3": "a"}}, "mapping.PID.3", "is no place in a message"),
        ({"mapping": {"pid-3": "a"}}, "mapping.pid-3", "is no place in a message"),
        ({"mapping": {"PID-0": "a"}}, "mapping.PID-0", "is no place in a message"),
        ({"mapping": {"PDI-3": "a"}}, "mapping.PDI-3", "HL7 2.5.1 has no segment PDI"),
        ({"mapping": {"PID-40": "a"}}, "mapping.PID-40", "PID has 39 fields"),
        ({"mapping": {"PID-8.2": "a"}}, "mapping.PID-8.2", "PID-8 has no components"),
        ({"mapping": {"PID-3.11": "a"}}, "mapping.PID-3.11", "PID-3 has 10 components"),
        ({"mapping": {"PID-3.4.4": "a"}}, "mapping.PID-3.4.4", "PID-3.4 has 3 subcomponents"),
        ({"mapping": {"PID-7[2]": "a"}}, "mapping.PID-7[2]", "does not repeat"),
        ({"mapping": {"PID-3": "a", "PID-3[1].1": "b"}}, "mapping.PID-3[1].1", "stands where PID-3 stands"),
        ({"mapping": {"MSH-10": "a"}}, "mapping.MSH-10", "is filled by the adapter"),
        ({"mapping": {"MSH[2]-3": "a"}}, "mapping.MSH[2]-3", "is filled by the adapter"),
        ({"mapping": {"PID-3": "a["}}, "mapping.PID-3", "is not a JMESPath expression"),
        ({"mapping": {"PID-5": {"1": "a"}}}, "mapping.PID-5", "is a map"),
        ({"success": {"MSA_1": ["AA", "AE"]}}, "success.MSA_1", "'AE' is no yes"),
        ({"success": {"MSA-1": "AA"}}, "success", "is not a JMESPath expression"),
        ({"find": {"request": {}, "match": "@"}}, "find", "no question"),
    ],
)
def test_a_mistake_is_said_at_its_key_and_stops_every_message(changes, key, text):
    adapter = adapter_at(1, **changes)
    [(found, said)] = adapter.check()
    assert found == f"job.push.{key}"
    assert text in said
    with pytest.raises(errors.ContractMismatch):
        adapter.send(tenant())


def test_messages_and_segments_of_ones_own_begin_with_z():
    own = {"message_type": "ZHU", "trigger_event": "Z01"}
    adapter = adapter_at(1, request=own, mapping={"ZHU-250.9": "case_id"})
    assert adapter.check() == []
    assert b"|ZHU^Z01|" in adapter.preview(tenant())


def test_without_its_tables_it_says_what_to_install(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "hl7apy" else find_spec(name, *more)
    )
    adapter = adapter_at(1)
    [(_, said)] = adapter.check()
    assert "pip install 'hms-syn[hl7]'" in said
    with pytest.raises(errors.ContractMismatch) as caught:
        adapter.send(tenant())
    assert caught.value.code == "hl7_extra"


def test_it_neither_pulls_nor_finds():
    adapter = adapter_at(1)
    assert (adapter.idempotent, adapter.finds) == (True, False)
    for call in (lambda: adapter.find(tenant()), lambda: list(adapter.pull(None))):
        with pytest.raises(errors.ContractMismatch, match="MLLP has no question"):
            call()
