"""Values between JSON and a database's columns: each exactly, or refused by the name of its field.

SQLite's columns have no types of their own, so there a value goes as it is, and comes back as it is stored. Times are
UTC where one side names no zone.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, types

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.domain.ack import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.sql.elements import KeyedColumnElement


_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6})0*)?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_WHOLE = re.compile(r"-?[0-9]{1,40}")
_NAME_CHARS = 100
_SINGLE_PRECISION = 1e-6
_UTC = dt.timezone.utc


class UnreadableError(Exception):
    """A value of the database that JSON cannot carry; holds the name of its type."""


def to_column(value: Any, target: KeyedColumnElement[Any], *, dialect: str) -> Any:
    """Return a JSON value as the type of its column takes it.

    :raises errors.UnmappablePayload: naming the column and the rule, never the value
    """
    if value is None:
        return None
    kind = target.type
    if isinstance(kind, types.JSON):
        return value
    if isinstance(value, dict | list):
        raise _misfit(target, "is a map or a list; map its parts to columns")
    if isinstance(kind, types.LargeBinary):
        raise _misfit(target, "goes into a column of bytes, which no JSON value fits")
    if isinstance(value, str) and "\x00" in value and dialect == "postgresql":
        raise _misfit(target, "holds a NUL character, which PostgreSQL cannot store")
    if dialect == "sqlite":
        return value
    reader = next((reader for sort, reader in _READERS if isinstance(kind, sort)), None)
    try:
        return value if reader is None else reader(value, kind)
    except (ValueError, OverflowError, InvalidOperation):
        raise _misfit(target, f"is no {_name(kind)} as the column has it") from None


def to_json(value: Any) -> Any:
    """Return a value of the database as JSON carries it: a number with decimals as text, to the last digit.

    :raises UnreadableError: JSON has nothing like it
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value.as_tuple().exponent == 0 else format(value, "f")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, uuid.UUID | _ADDRESSES):
        return str(value)
    raise UnreadableError(type(value).__name__)


def is_same(sent: Any, stored: Any, target: KeyedColumnElement[Any], *, dialect: str) -> bool:
    """Return True if what is stored is what was sent, as the column's type compares: padded, rounded to its bits."""
    if isinstance(sent, str) and isinstance(stored, str):
        return sent == stored or (isinstance(target.type, types.CHAR) and sent.rstrip(" ") == stored.rstrip(" "))
    if sent == "" and stored is None:
        return dialect == "oracle"  # where an empty text is no text
    if isinstance(sent, str) and stored is not None:
        try:
            return bool(sent == to_json(stored))  # a type of the database's own, such as an address
        except UnreadableError:
            return False
    if isinstance(sent, float | Decimal) and isinstance(stored, float):
        return math.isclose(sent, stored, rel_tol=_SINGLE_PRECISION)
    return bool(sent == stored)


def moment(text: str) -> dt.datetime:
    """Return a date and time, with its zone if it names one.

    :raises ValueError: it is none, or finer than a microsecond

    >>> moment("2024-09-02T10:00:00.5Z").isoformat()
    '2024-09-02T10:00:00.500000+00:00'
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time())
    day, minute, second, fraction, zone = match.groups()
    zone = (zone or "").replace("Z", "+00:00")
    return dt.datetime.fromisoformat(f"{day}T{minute}:{second or '00'}.{(fraction or '').ljust(6, '0')}{zone}")


def in_utc(found: dt.datetime) -> dt.datetime:
    """Return a date and time without a zone: in UTC, where it had one."""
    return found.astimezone(_UTC).replace(tzinfo=None) if found.tzinfo else found


def stand_in(name: str, kind: types.TypeEngine[Any]) -> KeyedColumnElement[Any]:
    """Return what a value can be read for that goes to an argument and not to a column."""
    return column(name, kind)


def _moment(value: Any, kind: types.TypeEngine[Any]) -> dt.datetime:
    found = moment(_text_only(value))
    if getattr(kind, "timezone", False):
        return found if found.tzinfo else found.replace(tzinfo=_UTC)
    return in_utc(found)


def _date(value: Any, _kind: types.TypeEngine[Any]) -> dt.date:
    return dt.date.fromisoformat(_text_only(value))


def _time(value: Any, _kind: types.TypeEngine[Any]) -> dt.time:
    return dt.time.fromisoformat(_text_only(value).replace("Z", "+00:00"))


def _integer(value: Any, _kind: types.TypeEngine[Any]) -> int:
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError
        return int(value)
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError
    return int(value)


def _decimal(value: Any, kind: types.TypeEngine[Any]) -> Decimal:
    number = Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError
    scale = getattr(kind, "scale", None)
    if scale is not None and number != round(number, scale):
        raise ValueError  # the database would round it, and nobody would know
    return number


def _float(value: Any, _kind: types.TypeEngine[Any]) -> float:
    return float(value)


def _boolean(value: Any, _kind: types.TypeEngine[Any]) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _uuid(value: Any, kind: types.TypeEngine[Any]) -> Any:
    found = uuid.UUID(_text_only(value))
    return found if getattr(kind, "as_uuid", True) else str(found)


def _text(value: Any, _kind: types.TypeEngine[Any]) -> str:
    return mapping.text(value)


def _text_only(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError


_READERS: tuple[tuple[type[types.TypeEngine[Any]], Callable[[Any, types.TypeEngine[Any]], Any]], ...] = (
    (types.DateTime, _moment),
    (types.Date, _date),
    (types.Time, _time),
    (types.Integer, _integer),
    (types.Float, _float),
    (types.Numeric, _decimal),
    (types.Boolean, _boolean),
    (types.Uuid, _uuid),
    (types.String, _text),
)
"""The first that fits: in SQLAlchemy a float is a kind of number, and a list of words a kind of text."""
_ADDRESSES = (
    ipaddress.IPv4Address | ipaddress.IPv6Address | ipaddress.IPv4Interface | ipaddress.IPv6Interface
    | ipaddress.IPv4Network | ipaddress.IPv6Network
)  # fmt: skip


def _misfit(target: KeyedColumnElement[Any], rule: str) -> errors.UnmappablePayload:
    return errors.UnmappablePayload(f"The field for column {shown(target.name)} {rule}.")


def _name(kind: types.TypeEngine[Any]) -> str:
    return kind.__visit_name__.replace("_", " ").lower()


def shown(name: str) -> str:
    """Return a column's or field's name as an error may repeat it."""
    return repr(printable(str(name))[:_NAME_CHARS])


def record(row: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Return a row as JSON carries it; not ``whole``, without the columns that it cannot.

    :raises errors.ContractMismatch: naming a column of a type that JSON has nothing for
    """
    found: dict[str, Any] = {}
    for name, value in row.items():
        try:
            found[str(name)] = to_json(value)
        except UnreadableError as error:
            if not whole:
                continue
            raise errors.ContractMismatch(
                f"Column {shown(name)} holds a value of the type {error}, which JSON cannot carry; read another one.",
                code="value_unreadable",
            ) from None
    return found
