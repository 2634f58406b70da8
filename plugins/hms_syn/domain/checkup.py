"""What an examination of a deployment finds: one sentence a check, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """How much a finding matters."""

    OK = "ok"
    UNSEEN = "unseen"
    """It cannot be seen from here, which says nothing about it."""
    WARNING = "warning"
    """It works, and should be otherwise."""
    PROBLEM = "problem"
    """Something does not work until somebody mends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check has found. ``todo`` says what to do; it is empty where nothing is to be done."""

    check: str
    verdict: Verdict
    text: str
    todo: str = ""


def ok(check: str, text: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(check=check, verdict=Verdict.OK, text=text)


def unseen(check: str, text: str, todo: str = "") -> Finding:
    """Return that something cannot be seen from here."""
    return Finding(check=check, verdict=Verdict.UNSEEN, text=text, todo=todo)


def warning(check: str, text: str, todo: str) -> Finding:
    """Return something that works and should be otherwise."""
    return Finding(check=check, verdict=Verdict.WARNING, text=text, todo=todo)


def problem(check: str, text: str, todo: str) -> Finding:
    """Return something that does not work."""
    return Finding(check=check, verdict=Verdict.PROBLEM, text=text, todo=todo)
