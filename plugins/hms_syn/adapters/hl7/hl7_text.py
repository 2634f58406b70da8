"""Text inside a message: what HL7 would read as structure is escaped, and comes out as it went in (HL7 v2.5.1, 2.7)."""

from __future__ import annotations

import re
from typing import NamedTuple

_LETTERS = "FSRET"
"""How an escape calls each delimiter, in the order in which a header names them."""
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_DIFFERENT = 5


class Delimiters(NamedTuple):
    """The five characters by which a message is read; MSH-1 and MSH-2 of each message say which."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @classmethod
    def of(cls, header: str) -> Delimiters:
        """Return those of a message by its MSH segment.

        :raises ValueError: they are not five different signs
        """
        found = header[3:8]
        signs = {sign for sign in found if sign.isprintable() and not sign.isalnum() and sign != " "}
        if len(signs) < _DIFFERENT:
            raise ValueError("the delimiters are not five different signs")
        return cls(*found)


OURS = Delimiters()
_ESCAPED = {
    **{ord(sign): f"\\{letter}\\" for letter, sign in zip(_LETTERS, OURS, strict=True)},
    **{code: f"\\X{code:02X}\\" for code in (*range(0x20), 0x7F)},
}


def escaped(text: str) -> str:
    r"""Return a text as it stands between our delimiters; a control character is written by its number.

    >>> print(escaped("O|Brien & Söhne\r"))
    O\F\Brien \T\ Söhne\X0D\
    """
    return text.translate(_ESCAPED)


def plain(text: str, delimiters: Delimiters = OURS) -> str:
    r"""Return the text that was escaped; an escape that says how text looks, such as ``\.br\``, is left as it is.

    >>> plain(r"O\F\Brien \T\ S\X0D\ \.br\ \x")
    'O|Brien & S\r \\.br\\ \\x'
    """
    sign = delimiters.escape
    if sign not in text:
        return text
    signs = dict(zip(_LETTERS, delimiters, strict=True))
    return re.sub(rf"{re.escape(sign)}([^{re.escape(sign)}]+){re.escape(sign)}", lambda found: _one(found, signs), text)


def _one(found: re.Match[str], signs: dict[str, str]) -> str:
    if found[1] in signs:
        return signs[found[1]]
    by_number = _HEX.fullmatch(found[1])
    return bytes.fromhex(by_number[1]).decode("utf-8", "replace") if by_number else found[0]
