"""Adapters by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hms_syn import errors
from hms_syn.adapters.registry import known_adapters, load_adapter


def test_an_adapter_is_found_by_its_id():
    """The id in a job file leads to the class."""
    assert load_adapter("oracle.soap.v1").__name__ == "OracleSoapV1"
    assert load_adapter("in_memory.v1").__name__ == "InMemoryV1"


def test_an_unknown_id_names_the_nearest_and_lists_the_known():
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(errors.UnknownAdapter, match=r"did you mean 'oracle\.soap\.v1'.*in_memory\.v1"):
        load_adapter("oracle.soap.v2")


def test_a_third_party_adds_its_own(tmp_path, monkeypatch):
    """The entry point group is all it takes."""
    (tmp_path / "their_adapter.py").write_text("class Theirs: ...\n")
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hms_syn.adapters]\ntheirs.v1 = their_adapter:Theirs\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "theirs.v1" in known_adapters()
    assert load_adapter("theirs.v1").__name__ == "Theirs"


def test_listing_the_adapters_imports_none():
    """A scheduler that reads a thousand job files does not load an XML stack."""
    code = (
        "import sys; from hms_syn.adapters.registry import known_adapters; import hms_syn.ports; known_adapters();"
        "import hms_syn.adapters.http_client; sys.exit('zeep' in sys.modules or 'lxml' in sys.modules)"
    )
    plugins = Path(__file__).parents[3] / "plugins"
    assert subprocess.run([sys.executable, "-c", code], cwd=plugins, check=False).returncode == 0
