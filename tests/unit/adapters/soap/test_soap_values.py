"""Values between JSON and XML Schema."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from tests.unit.adapters.wsdls import element, shape, wrapped

from hms_syn import errors
from hms_syn.adapters.soap import soap_values


def typed(type_: str, value: object) -> object:
    return soap_values.to_xml(shape(element("V", type_) + element("W", low=0)).inputs, {"V": value})["V"]


@pytest.mark.parametrize(
    ("type_", "value", "result"),
    [
        ("xs:string", "a\nb", "a\nb"),
        ("xs:string", 7, "7"),
        ("xs:string", True, "true"),
        ("xs:date", "2024-09-02", "2024-09-02"),
        ("xs:dateTime", "2024-09-02T09:30:00.5Z", "2024-09-02T09:30:00.5Z"),
        ("xs:time", "09:30:00", "09:30:00"),
        ("xs:int", "12", 12),
        ("xs:long", 2**62, 2**62),
        ("xs:decimal", 0.1, Decimal("0.1")),
        ("xs:decimal", "12.50", Decimal("12.50")),
        ("xs:boolean", False, False),
        ("xs:boolean", "true", True),
        ("xs:double", 1.5, 1.5),
        ("xs:base64Binary", "aGk=", "aGk="),
    ],
)
def test_a_value_of_the_right_kind_passes(type_, value, result):
    """JSON has few types; the schema says what each text or number is."""
    assert typed(type_, value) == result


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("xs:string", "nul\0"),
        ("xs:string", "tab\x0b"),
        ("xs:string", "half \ud800"),
        ("xs:string", "end\ufffe"),
        ("xs:string", {"a": 1}),
        ("xs:string", ["a"]),
        ("xs:date", "2024-13-02"),
        ("xs:date", "02.09.2024"),
        ("xs:date", 20240902),
        ("xs:dateTime", "2024-09-02"),
        ("xs:dateTime", "2024-09-02T25:00:00"),
        ("xs:int", 2**31),
        ("xs:int", "1e3"),
        ("xs:int", True),
        ("xs:int", 1.5),
        ("xs:positiveInteger", 0),
        ("xs:decimal", "1e3"),
        ("xs:boolean", "yes"),
        ("xs:double", "NaN"),
        ("xs:base64Binary", "!"),
        ("xs:duration", "tomorrow"),
        ("xs:string", None),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(type_, value):
    """A poison message is set aside before a byte leaves, and its value is not repeated."""
    with pytest.raises(errors.UnmappablePayload, match="'V'") as caught:
        typed(type_, value)
    assert repr(value) not in str(caught.value)


def test_a_missing_and_an_extra_field_are_named():
    """A message that does not fit the form says where."""
    inputs = shape(element("A") + element("B", low=0)).inputs
    with pytest.raises(errors.UnmappablePayload, match=r"'A' is required"):
        soap_values.to_xml(inputs, {"B": "1"})
    with pytest.raises(errors.UnmappablePayload, match=r"'z' has no place"):
        soap_values.to_xml(inputs, {"A": "1", "z": "2"})


def test_nested_and_repeated_fields_are_filled():
    """Objects and lists find their elements."""
    inputs = shape(element("Id") + wrapped("Party", element("PartyName"), high="unbounded")).inputs
    assert soap_values.to_xml(inputs, {"id": "1", "party": [{"party_name": "A"}, {"party_name": "B"}]}) == {
        "Id": "1",
        "Party": [{"PartyName": "A"}, {"PartyName": "B"}],
    }


def test_answers_become_plain_json():
    """Dates are ISO 8601, decimals keep their digits."""
    moment = dt.datetime(2024, 9, 2, 9, 30, tzinfo=dt.timezone.utc)
    plain = soap_values.to_json({"at": moment, "fee": Decimal("12.50"), "raw": b"hi", "n": [1, None, True]})
    assert plain == {"at": "2024-09-02T09:30:00Z", "fee": "12.50", "raw": "aGk=", "n": [1, None, True]}
