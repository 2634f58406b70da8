"""The console script ``hms-syn``."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from typing import TYPE_CHECKING

from hms_syn import __version__
from hms_syn.cli.commands import COMMANDS, GROUPS
from hms_syn.cli.output import remark
from hms_syn.errors import JobFileInvalid, SynError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCRIPTION = """HMS-SYN, the External System Synchronizer:
nothing leaves the queue until the other side has said yes."""
EPILOG = """exit codes: 0 done and fine, 1 a problem was found, 2 wrong usage
start here: hms-syn demo"""

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What a print fails with; what a file that a command reads or writes fails with comes with the file's name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = parser().parse_args(arguments)
    if not hasattr(chosen, "command"):
        chosen.show_help()
        return 2
    return guarded(lambda: chosen.command.run(chosen))


def guarded(work: Callable[[], int]) -> int:
    """Turn what went wrong into one sentence on standard error, and into the exit code."""
    try:
        code = work()
        _flush()  # while there is somebody to tell that it failed
    except JobFileInvalid as error:  # each of its lines begins with the place, where editors jump to
        remark(str(error))
        return 1
    except SynError as error:
        remark(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has gone
        _drop_output()
        return 1
    except OSError as error:
        if error.filename is not None:
            remark(f"error: {error.filename}: {error.strerror}")
            return 1
        if error.errno not in UNWRITABLE:
            raise
        _drop_output()
        remark(f"error: the output cannot be written ({error.strerror}); what the command did is done")
        return 1
    return code


def _flush() -> None:
    if sys.stdout is not None:  # closed by whoever started us
        sys.stdout.flush()


def _drop_output() -> None:
    """Let what is left of the output go nowhere, so that Python's own end does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """Build the parser from the table of commands."""
    top = argparse.ArgumentParser(
        prog="hms-syn",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"hms-syn {__version__}")
    top.set_defaults(show_help=top.print_help)
    places = {"": top.add_subparsers(title="commands", metavar="COMMAND")}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group not in places:
            of_group = places[""].add_parser(group, help=GROUPS[group], description=GROUPS[group])
            of_group.set_defaults(show_help=of_group.print_help)
            places[group] = of_group.add_subparsers(title="commands", metavar="COMMAND")
        one = places[group].add_parser(name, help=command.help, description=command.help)
        for argument in command.arguments:
            one.add_argument(*argument.flags, **argument.options)
        one.set_defaults(command=command)
    return top


if __name__ == "__main__":
    sys.exit(main())
