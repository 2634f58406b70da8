"""Problems as people and programs read them: lines of text, JSON, annotations on a pull request."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from hms_syn.domain.problem import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hms_syn.domain.problem import Problem


def as_text(problems: Iterable[Problem]) -> str:
    """One line a problem, ``file:line:col: error: key: what; what to do``, which editors can jump to."""
    return "\n".join(str(problem) for problem in problems)


def as_json(problems: Iterable[Problem]) -> str:
    """Return a JSON list of objects with file, line, column, key, text and severity."""
    return json.dumps([dataclasses.asdict(problem) for problem in problems], ensure_ascii=False, indent=2)


def as_github(problems: Iterable[Problem]) -> str:
    """One GitHub workflow command a problem, shown beside the line in a pull request."""
    return "\n".join(_annotation(problem) for problem in problems)


def summary(problems: Sequence[Problem], *, files: int) -> str:
    """Return the last line of a lint run over ``files`` files.

    >>> summary([], files=2)
    '2 files, no problems'
    >>> from hms_syn.domain.problem import Problem
    >>> summary([Problem(file="a.yaml", text="is empty")], files=2)
    '1 problem in 1 of 2 files'
    >>> summary([Problem(file="a.yaml", text="is odd", severity=Severity.WARNING)], files=2)
    '2 files, no problems, 1 warning'
    """
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    wrong = len({problem.file for problem in errors})
    said = f"{counted(files, 'file')}, no problems"
    if errors:
        said = f"{counted(len(errors), 'problem')} in {wrong} of {counted(files, 'file')}"
    warnings = len(problems) - len(errors)
    return f"{said}, {counted(warnings, 'warning')}" if warnings else said


def _annotation(problem: Problem) -> str:
    text = f"{problem.key}: {problem.text}" if problem.key else problem.text
    place = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
    return f"::{problem.severity.value} {place}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def counted(count: int, word: str) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
