"""Who acts, and why; and acting on several messages, each in a transaction of its own."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from hms_syn.cli.output import remark
from hms_syn.errors import ActRefused, UnknownMessage
from hms_syn.ports import Act

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def act_of(arguments: argparse.Namespace) -> Act:
    """Return the act these arguments describe; the actor is the login name unless another is named.

    :raises ActRefused: the reason is empty, too long or not printable
    """
    return Act(actor=arguments.by or getpass.getuser(), reason=arguments.reason)


def on_each(arguments: argparse.Namespace, word: str, do: Callable[[str], list[str]]) -> int:
    """Act on every message named; one that refuses stops no other. Return 1 when one did."""
    refused = 0
    for message_id in arguments.ids:
        try:
            jobs = do(message_id)
        except (ActRefused, UnknownMessage) as error:
            remark(f"error: {error}")
            refused += 1
            continue
        print(f"{message_id} {word} at {', '.join(jobs)}")
    return 1 if refused else 0
