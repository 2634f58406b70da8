"""The same commands under ``airflow hms-syn``. Imported by every airflow command, so it stays light."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

from hms_syn import settings
from hms_syn.cli.commands import COMMANDS, GROUPS
from hms_syn.cli.main import guarded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from airflow.cli.cli_config import CLICommand

    from hms_syn.cli.command import Command
    from hms_syn.ports import Credentials


def get_provider_cli_commands() -> list[CLICommand]:
    """Return one group of commands, made from the table."""
    top = [_action(command, command.name) for command in COMMANDS if " " not in command.name]
    groups = [
        GroupCommand(
            name=name,
            help=text,
            subcommands=tuple(
                _action(command, command.name.partition(" ")[2])
                for command in COMMANDS
                if command.name.startswith(f"{name} ")
            ),
        )
        for name, text in GROUPS.items()
    ]
    return [
        GroupCommand(
            name="hms-syn",
            help="The External System Synchronizer",
            subcommands=(*top, *groups),
        )
    ]


def _action(command: Command, name: str) -> ActionCommand:
    return ActionCommand(
        name=name,
        help=command.help,
        func=_runner(command),
        args=tuple(Arg(flags=argument.flags, **argument.options) for argument in command.arguments),
    )


def _runner(command: Command) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        os.environ.setdefault(*settings.AS_A_SERVER)
        with settings.connections_from(_airflows):
            sys.exit(guarded(lambda: command.run(arguments)))

    return run


def _airflows(connection_id: str) -> Credentials | None:
    """Return a connection as Airflow finds it: by secrets backends, in the environment, in its database."""
    from hms_syn.hooks.audit import find_credentials  # noqa: PLC0415 - every airflow command imports this module

    return find_credentials(connection_id)
