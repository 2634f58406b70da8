"""A procedure or function of a database, as its catalog describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument, its type as the catalog writes it; ``optional`` where the routine has a default for it."""

    name: str
    type: str
    goes_in: bool
    comes_out: bool
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """A function or procedure: its name in parts, as the catalog spells them, and what it takes and gives."""

    name: tuple[str, ...]
    is_function: bool
    arguments: tuple[Argument, ...]

    def argument(self, name: str) -> Argument | None:
        """Return what goes in under a name; where none is spelled so, the only one that differs in case."""
        inputs = [each for each in self.arguments if each.goes_in]
        exact = [each for each in inputs if each.name == name]
        near = exact or [each for each in inputs if each.name.casefold() == name.casefold()]
        return near[0] if len(near) == 1 else None

    def takes(self, names: Iterable[str]) -> bool:
        """Return True if these are arguments, and none that it needs is left out."""
        found = {self.argument(name) for name in names}
        return None not in found and {each for each in self.arguments if each.goes_in and not each.optional} <= found
