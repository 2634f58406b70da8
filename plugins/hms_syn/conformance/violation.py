"""How a test of the suite fails: with a sentence that says which promise is broken."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Violation(AssertionError):
    """The adapter does not keep a promise of the port."""


def require(kept: object, sentence: str) -> None:
    """Return if this holds. No ``assert``: a suite must not fall silent under ``python -O``.

    :raises Violation: with the sentence
    """
    __tracebackhide__ = True
    if not kept:
        raise Violation(sentence)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Let this happen without an error.

    :raises Violation: saying what did not work, and the kind of error
    """
    try:
        yield
    except Exception as error:
        raise Violation(f"{what} does not work: it raised {type(error).__name__}") from error
