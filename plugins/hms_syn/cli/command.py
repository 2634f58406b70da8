"""What a command is: its words, its arguments, and where its work is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, in argparse's own words."""

    flags: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. ``module`` under hms_syn.cli has a ``run(arguments) -> exit code``, imported when it is called.

    A name of two words is a command in a group.
    """

    name: str
    help: str
    module: str
    arguments: tuple[Argument, ...] = ()

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; return 0 when it is done and fine, 1 when a problem was found."""
        code: int = import_module(f"hms_syn.cli.{self.module}").run(arguments)
        return code
