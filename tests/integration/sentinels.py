"""Words that must be found nowhere, and every place in which to look for them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine


class Sentinels:
    """Makes words that occur nowhere else, each under a name that says where it was put."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def word(self, name: str) -> str:
        """Return a new word to be put into a text."""
        self.words[name] = f"zq{uuid4().hex[:16]}"
        return self.words[name]

    def number(self, name: str) -> int:
        """Return a new number of 15 digits, which JSON can carry exactly."""
        number = 10**14 + uuid4().int % 10**14
        self.words[name] = str(number)
        return number

    def payload(self, of: str, **more: Any) -> dict[str, Any]:
        """Return a payload with words of every kind, at every depth."""
        word = lambda name: self.word(f"{of}: {name}")  # noqa: E731 - only to say less below
        return {
            "text": word("text"),
            "number": self.number(f"{of}: number"),
            "decimal": float(f"{uuid4().int % 10**6}.5"),
            word("field name"): True,
            "deep": {"list": [{"leaf": word("leaf at depth 4")}, [word("list in a list")]]},
            "jinja": "{{ conn.get('secrecy_basic').password }} {{ var.value.x }} " + word("beside Jinja"),
            "ansi": f"\x1b[31m{word('between ANSI codes')}\x1b[0m\r\nINFO forged",
            "bidi": f"\u202e{word('behind a bidi override')}\u2066",
            "html": f"<script>alert('{word('in a script')}')</script>",
            "sql": f"'; DROP TABLE x; -- {word('in SQL')}",
            "format": f"%s %(x)s {{0}} {word('beside format codes')}",
            "long": "x" * 9000 + word("after 9,000 characters"),
            **more,
        }

    def hits(self, places: Iterable[tuple[str, bytes]]) -> list[str]:
        """Return where which word was found, in clear or in base64 as inside a login."""
        needles = [(name, needle) for name, word in self.words.items() for needle in _spellings(word)]
        return [f"{name} in {place}" for place, data in places for name, needle in needles if needle in data]


def _spellings(word: str) -> list[bytes]:
    """Return a word as it stands in a text, and as base64 has its inner characters at each of three offsets."""
    raw = word.encode()
    shifted = [base64.b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)]
    return [raw, raw.hex().encode(), *shifted]


def in_files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below these folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(folder)), path.read_bytes()


def in_tables(engine: Engine, fernet_key: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield every row of every table of a PostgreSQL database; what Airflow has encrypted also as it was before.

    Airflow's connections are left as they are stored: that is where secrets belong.
    """
    opened = Fernet(fernet_key) if fernet_key else None
    with engine.connect() as connection:
        names = "SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'"
        cursor = connection.connection.driver_connection.cursor()
        for (table,) in cursor.execute(names).fetchall():
            for (row,) in cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t").fetchall():
                yield f"table {table}", _unescaped(row)
                if opened is not None and table != "connection":
                    yield from ((f"table {table}, decrypted", clear) for clear in _decrypted(opened, row))


def _unescaped(row: str) -> bytes:
    return row.encode() + json.dumps(json.loads(row), ensure_ascii=False).encode()


def _decrypted(fernet: Fernet, row: str) -> Iterator[bytes]:
    for value in json.loads(row).values():
        if isinstance(value, str) and value.startswith("gAAAA"):
            try:
                yield fernet.decrypt(value.encode())
            except InvalidToken:
                continue
