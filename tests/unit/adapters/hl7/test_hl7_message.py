"""A message as it is written: the header that is ours, every value at its place and in its type, the same each time."""

from __future__ import annotations

import json

import hl7
import pytest
from tests.unit.adapters.hl7.engines import MAPPING, REQUEST, adapter_at, tenant
from tests.unit.adapters.liar import KEY
from tests.unit.adapters.test_payload_strings import STRINGS

from hms_syn import errors
from hms_syn.adapters.hl7 import hl7_values

LIST = '{"phones": ["1", "2^3"], "one": "x"}'


def written(mapping, payload, *, version="2.5.1", structure="ADT_A05"):
    """Return the segments that a mapping makes of a payload."""
    request = {**REQUEST, "version": version, **({"message_structure": structure} if structure else {})}
    if not structure:
        del request["message_structure"]
    adapter = adapter_at(1, request=request, mapping=mapping)
    return adapter.preview(tenant(payload)).decode().split("\r")


def test_the_header_is_ours_and_the_time_is_the_events():
    header, pid, pv1, end = written(MAPPING, {"case_id": "HUD-22-109", "name": "Roe"})
    assert header == (f"MSH|^~\\&|||||20240801000000.1234+0000||ADT^A31^ADT_A05|{KEY}|P|2.5.1||||||UNICODE UTF-8")
    assert (pid, pv1, end) == ("PID|||HUD-22-109||Roe", "PV1||N", "")


def test_the_rest_of_the_header_is_the_mappings():
    mapping = {"MSH-3": "'HUD'", "MSH-4.2": "'1.2'", "MSH-5": "'LAB'", "MSH-11": "'T'", "MSH-15": "'NE'", **MAPPING}
    header = written(mapping, {"case_id": "1"})[0].split("|")
    assert header[2:6] == ["HUD", "^1.2", "LAB", ""]
    assert (header[10], header[14]) == ("T", "NE")


@pytest.mark.parametrize(
    ("version", "structure", "said"),
    [
        ("2.1", "", ["ADT^A31", "2.1"]),
        ("2.3", "", ["ADT^A31", "2.3", "UNICODE UTF-8"]),
        ("2.3.1", "ADT_A01", ["ADT^A31^ADT_A01", "2.3.1", "UNICODE UTF-8"]),
        ("2.8.2", "ADT_A05", ["ADT^A31^ADT_A05", "2.8.2", "UNICODE UTF-8"]),
    ],
)
def test_a_version_has_what_it_knows(version, structure, said):
    header = written({"PID-3": "a"}, {"a": "1"}, version=version, structure=structure)[0].split("|")
    assert [header[8], header[11], *header[17:]] == said


@pytest.mark.parametrize(
    ("mapping", "segments"),
    [
        ({"PID-3.1": "one", "PID-3.4.2": "one"}, ["PID|||x^^^&x"]),
        ({"PID-3[2].1": "one", "PID-3.1": "one"}, ["PID|||x~x"]),
        ({"PID-13": "phones"}, [r"PID|||||||||||||1~2\S\3"]),
        ({"PID-13.4": "phones", "PID-13.1": "phones"}, [r"PID|||||||||||||1^^^1~2\S\3^^^2\S\3"]),
        ({"OBX[2]-5": "one", "OBX[1]-5": "one", "NTE-3": "one"}, ["OBX|||||x", "OBX|||||x", "NTE|||x"]),
        ({"ZHM-7.2": "one", "PID-8": "none || `null`"}, ["ZHM|||||||^x"]),
        ({"PID-19": "'\"\"'"}, ['PID|||||||||||||||||||""']),
        ({"PID-5": "`[]`"}, []),
        ({"PID-13": "`[1, null, 3]`"}, ["PID|||||||||||||1~~3"]),
    ],
)
def test_a_path_leads_to_its_place(mapping, segments):
    """Segments stand in the order in which the mapping first names them; what is missing leaves no trace."""
    assert written(mapping, json.loads(LIST))[1:-1] == segments


def test_without_a_mapping_the_payload_names_the_places():
    """In the order of the structure, groups and all: the queue keeps the names of a payload in no order."""
    payload = {"AL1-3": "x", "PV1-2": "N", "PID-5.1": None, "EVN-1": "A31", "ZZZ-1": "z", "PID-3.1": "HUD-22-109"}
    assert written(None, payload)[1:-1] == ["EVN|A31", "PID|||HUD-22-109", "PV1||N", "AL1|||x", "ZZZ|z"]
    assert [line[:3] for line in written(None, {"PR1-1": "1", "IN1-1": "1", "ROL-4": "x", "AL1-1": "1"})[1:-1]] == [
        "ROL",
        "AL1",
        "PR1",
        "IN1",
    ]


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        ("PID-7", "1980-05-01", "19800501"),
        ("PID-7", "1980", "1980"),
        ("PID-7", "2024-09-02T09:30:00.120000+02:00", "20240902093000.12+0200"),
        ("PID-7", "2024-09-02 09:30", "202409020930"),
        ("PID-7", "20240902093000.1234-0500", "20240902093000.1234-0500"),
        ("PV1-44", "2024-09-02T09:30:00Z", "20240902093000+0000"),
        ("PID-1", 1, "1"),
        ("PID-24", True, "Y"),
        ("PID-24", False, "N"),
        ("PID-25", 2, "2"),
        ("PID-25", "2", "2"),
        ("OBX-5", 1e22, "10000000000000000000000"),
        ("OBX-5", 0.1, "0.1"),
        ("GT1-4", "", ""),
        ("PR1-7", "-1.5", "-1.5"),
    ],
)
def test_a_value_is_written_as_its_type_has_it(place, value, text):
    segments = written({"ZZZ-1": "'x'", place: "v"}, {"v": value})
    found = [line.split("|") for line in segments if line.startswith(place[:3])]
    assert (found[0][int(place[4:])] if found else "") == text


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("PID-7", "Ms Roe"),
        ("PID-7", "2024-02-30"),
        ("PID-7", "20240230"),
        ("PID-7", "2024-09-02T25:00:00Z"),
        ("PID-1", "one"),
        ("PID-1", 1.5),
        ("PID-25", "second"),
        ("PID-25", "1e5"),
        ("PID-5", {"family": "Ms Roe"}),
        ("PID-5", [["Ms Roe"]]),
        ("PID-7", ["1980-05-01", "1981-05-01"]),
        ("PID-5", '""'),
        ("PID-5", "Ms Roe \ud800"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_place(place, value):
    with pytest.raises(errors.UnmappablePayload) as caught:
        written({place: "v"}, {"v": value})
    assert "Roe" not in str(caught.value)
    assert "980" not in str(caught.value)


def test_an_old_version_carries_ascii_only():
    with pytest.raises(errors.UnmappablePayload, match="ASCII only"):
        written({"PID-5": "v"}, {"v": "Zo\u00eb"}, version="2.2", structure="")


@pytest.mark.parametrize("payload", [{"Ms Roe": "1"}, {"PID-99": "1"}, {"PID-3": "1", "PID-3.1": "2"}, {"MSH-10": "1"}])
def test_a_payload_that_names_no_place_is_refused_without_its_names(payload):
    with pytest.raises(errors.UnmappablePayload) as caught:
        written(None, payload)
    assert caught.value.code == "hl7_field"
    assert "Roe" not in str(caught.value)


@pytest.mark.parametrize(("text", "fate"), STRINGS, ids=[ascii(text)[:40] for text, _ in STRINGS])
def test_a_text_is_read_by_others_as_it_was_published_or_not_at_all(text, fate):
    """python-hl7 takes the message apart and undoes its escapes."""
    if fate == "unpublishable":
        return
    message = hl7.parse(adapter_at(1).preview(tenant({"case_id": "1", "name": text})))
    assert len(message) == 3
    field = message.segment("PID")(5) if len(message.segment("PID")) > 5 else ""
    assert message.unescape(str(field)) == text


@pytest.mark.parametrize(("text", "kind"), [("09:30", "0930"), ("0930", "0930"), ("09:30:00.5Z", "093000.5+0000")])
def test_a_time_of_day(text, kind):
    assert hl7_values.written(text, "TM") == kind
    with pytest.raises(ValueError, match="calendar"):
        hl7_values.written("25:00", "TM")
