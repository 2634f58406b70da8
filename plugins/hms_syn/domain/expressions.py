"""JMESPath expressions of job files, each compiled once a process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import jmespath

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


@lru_cache(maxsize=4096)
def compiled(expression: str) -> ParsedResult:
    """Return an expression ready to search.

    :raises jmespath.exceptions.JMESPathError: it is none
    """
    return jmespath.compile(expression)
