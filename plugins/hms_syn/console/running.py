"""A job's file as Airflow last parsed it soundly: its text is in the bundle's DAG file, and Airflow keeps that."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Annotated, TypeAlias

from airflow.models.dagcode import DagCode
from fastapi import Depends

Running: TypeAlias = Callable[[str], str | None]


def text_of(job: str) -> str | None:
    """Return the text of a job's file as it runs; None where Airflow keeps none, as with the plain DAG file."""
    for side in ("push", "pull"):
        code = DagCode.get_latest_dagcode(f"syn.{job}.{side}")
        if code is not None:
            return text_in(code.source_code)
    return None


def text_in(source: str) -> str | None:
    """Return the job file's text in a DAG file of the bundle; None for any other, and where the bundle shows none."""
    try:
        said = ast.get_docstring(ast.parse(source), clean=False)
    except SyntaxError:
        return None
    first, _, text = (said or "").partition("\n\n")
    is_ours = first.startswith("An Airflow DAG file written from ") and "job:" in text
    return text.removesuffix("\n") if is_ours else None


def reader() -> Running:
    """Return what reads the text of a job as it runs."""
    return text_of


RunningDep = Annotated[Running, Depends(reader)]
