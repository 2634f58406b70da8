"""Sees every use of the network by Python code in this process, as the interpreter itself reports it (PEP 578)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVENTS = frozenset({"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "sqlite3.connect"})
_SEEN: list[list[str]] = []


@contextmanager
def watching() -> Iterator[list[str]]:
    """Collect what is used while the context lasts: the interpreter's names of the events."""
    _hook()
    seen: list[str] = []
    _SEEN.append(seen)
    try:
        yield seen
    finally:
        _SEEN.remove(seen)


@cache
def _hook() -> None:
    """Begin to listen, once: a hook cannot be taken away again."""

    def hear(event: str, _arguments: tuple[Any, ...]) -> None:
        if _SEEN and event in _EVENTS:
            for seen in _SEEN:
                seen.append(event)

    sys.addaudithook(hear)
