"""Values between JSON and XML Schema: checked before a byte leaves, plain JSON when they come back."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep import xsd
from zeep.xsd.const import Nil
from zeep.xsd.types import builtins
from zeep.xsd.valueobjects import CompoundValue

from hms_syn import errors
from hms_syn.adapters import words

if TYPE_CHECKING:
    from collections.abc import Collection

    from hms_syn.adapters.soap.soap_shape import Field

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_ZONE = r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?"
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})" + _ZONE)
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?" + _ZONE)
_LINES = re.compile(r"[\t\r\n]")
_BLANKS = re.compile(r"\A | \Z|  ")
_TRIMMED = (builtins.Token, builtins.AnyURI, builtins.QName, builtins.HexBinary)
_ON_ONE_LINE = (builtins.NormalizedString, *_TRIMMED)
"""Types that make other white space of some: what the vendor reads would not be what was published."""
_RANGES: tuple[tuple[type, int | None, int | None], ...] = (
    (builtins.Byte, -(2**7), 2**7 - 1),
    (builtins.Short, -(2**15), 2**15 - 1),
    (builtins.Int, -(2**31), 2**31 - 1),
    (builtins.Long, -(2**63), 2**63 - 1),
    (builtins.UnsignedByte, 0, 2**8 - 1),
    (builtins.UnsignedShort, 0, 2**16 - 1),
    (builtins.UnsignedInt, 0, 2**32 - 1),
    (builtins.UnsignedLong, 0, 2**64 - 1),
    (builtins.PositiveInteger, 1, None),
    (builtins.NonNegativeInteger, 0, None),
    (builtins.NegativeInteger, None, -1),
    (builtins.NonPositiveInteger, None, 0),
)


class Fit:
    """How the fields of a payload fall on the fields of an input; each has one partner, or none."""

    def __init__(self, fields: tuple[Field, ...], values: Collection[str], noun: Collection[str]) -> None:
        self.pairs = words.pair([field.name for field in fields], values, noun)
        self.missing = [field.name for field in fields if field.required and field.name not in self.pairs]
        self.extra = [name for name in values if name not in self.pairs.values()]

    @property
    def is_whole(self) -> bool:
        """True when every payload field is used and no required input is left empty."""
        return not self.missing and not self.extra


def to_xml(
    fields: tuple[Field, ...], values: Mapping[str, Any], *, noun: Collection[str] = (), where: str = ""
) -> dict[str, Any]:
    """Return the values under the vendor's names, each checked against its XML Schema type.

    :raises errors.UnmappablePayload: naming the field and the rule, never the value
    """
    fit = Fit(fields, values, noun)
    if fit.missing:
        raise errors.UnmappablePayload(f"Field {where + fit.missing[0]!r} is required by the vendor and not there.")
    if fit.extra:
        raise errors.UnmappablePayload(f"Field {where + fit.extra[0]!r} has no place in the vendor's form.")
    result: dict[str, Any] = {}
    for field in fields:
        if field.name in fit.pairs:
            value = _element(field, values[fit.pairs[field.name]], noun=noun, where=where + field.name)
            if value is not None:
                result[field.name] = value
    return result


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Return what zeep read as plain JSON: dates as ISO 8601 text, decimals as text, unknown elements left out."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, CompoundValue):
        return {name: to_json(item) for name, item in value.__values__.items() if not etree.iselement(item)}
    if isinstance(value, Mapping):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value if not etree.iselement(item)]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)


def is_xml_text(text: str) -> bool:
    """Return True if XML 1.0 can hold every character of the text."""
    return _NOT_XML.search(text) is None


def _element(field: Field, value: Any, *, noun: Collection[str], where: str) -> Any:
    if value is None:
        if field.nillable:
            return Nil
        if field.required:
            raise errors.UnmappablePayload(f"Field {where!r} is required by the vendor and is null.")
        return None
    if field.repeated:
        items = value if isinstance(value, list) else [value]
        return [_single(field, item, noun=noun, where=f"{where}[{index}]") for index, item in enumerate(items)]
    return _single(field, value, noun=noun, where=where)


def _single(field: Field, value: Any, *, noun: Collection[str], where: str) -> Any:
    if isinstance(field.type, xsd.ComplexType):
        if not isinstance(value, Mapping):
            raise _unfit(where, "must be an object")
        return to_xml(field.fields, value, noun=noun, where=f"{where}.")
    if isinstance(value, Mapping | list):
        raise _unfit(where, "must be one plain value")
    for kinds, convert in _CONVERTERS:
        if isinstance(field.type, kinds):
            return convert(field.type, value, where)
    return _other(field.type, value, where)


def _boolean(_type: Any, value: Any, where: str) -> bool:
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise _unfit(where, "must be true or false")


def _integer(type_: Any, value: Any, where: str) -> int:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else value
    if isinstance(text, bool) or not _INTEGER.fullmatch(str(text)):
        raise _unfit(where, "must be a whole number")
    number = int(text)
    for kind, least, most in _RANGES:
        if isinstance(type_, kind) and ((least is not None and number < least) or (most is not None and number > most)):
            raise _unfit(where, f"is out of the range of xsd:{kind.__name__}")
    return number


def _decimal(_type: Any, value: Any, where: str) -> Decimal:
    text = f"{Decimal(repr(value)):f}" if isinstance(value, float) and math.isfinite(value) else str(value)
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise _unfit(where, "must be a decimal number")
    return Decimal(text)


def _floating(_type: Any, value: Any, where: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _unfit(where, "must be a number")
    return number


def _date(_type: Any, value: Any, where: str) -> str:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not _is_real(dt.date.fromisoformat, match[1]):
        raise _unfit(where, "must be a date like 2024-09-02")
    return match[0]


def _time(_type: Any, value: Any, where: str) -> str:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None or not _is_real(dt.time.fromisoformat, match[1]):
        raise _unfit(where, "must be a time like 09:30:00")
    return match[0]


def _date_time(_type: Any, value: Any, where: str) -> str:
    day, _, clock = value.partition("T") if isinstance(value, str) else ("", "", "")
    try:
        if _DATE.fullmatch(day) and len(day) == len("2024-09-02"):
            return f"{_date(_type, day, where)}T{_time(_type, clock, where)}"
    except errors.UnmappablePayload:
        pass
    raise _unfit(where, "must be a date and time like 2024-09-02T09:30:00Z")


def _binary(_type: Any, value: Any, where: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _unfit(where, "must be base64 text") from None
    return str(value)


def _string(type_: Any, value: Any, where: str) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not is_xml_text(text):
        raise _unfit(where, "holds a character that XML cannot carry")
    is_folded = isinstance(type_, _TRIMMED) and _BLANKS.search(text)
    if is_folded or (isinstance(type_, _ON_ONE_LINE) and _LINES.search(text)):
        raise _unfit(where, "holds blanks that its type would fold")
    return text


def _other(type_: Any, value: Any, where: str) -> Any:
    """Check a rare type (durations, parts of dates, unions) by letting zeep read the text once."""
    text = _string(type_, value, where)
    try:
        parsed = type_.pythonvalue(text)
        type_.xmlvalue(parsed)
    except (ValueError, TypeError, ArithmeticError, AttributeError, NotImplementedError):
        raise _unfit(where, f"must be a valid xsd:{type(type_).__name__}") from None
    return parsed


def _is_real(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _unfit(where: str, rule: str) -> errors.UnmappablePayload:
    return errors.UnmappablePayload(f"Field {where!r} {rule}.")


_CONVERTERS: tuple[tuple[tuple[type, ...], Callable[[Any, Any, str], Any]], ...] = (
    ((builtins.Boolean,), _boolean),
    ((builtins.Integer,), _integer),
    ((builtins.Decimal,), _decimal),
    ((builtins.Float, builtins.Double), _floating),
    ((builtins.Date,), _date),
    ((builtins.DateTime,), _date_time),
    ((builtins.Time,), _time),
    ((builtins.Base64Binary,), _binary),
    ((builtins.String, builtins.AnyURI, builtins.QName, builtins.HexBinary), _string),
)
