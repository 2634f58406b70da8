"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ["domain.durations", "domain.addresses", "domain.topics", "job_files.findings", "job_files.nodes",
           "job_files.report", "job_files.secrecy"]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    """Each example prints what it says."""
    result = doctest.testmod(importlib.import_module(f"hms_syn.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
