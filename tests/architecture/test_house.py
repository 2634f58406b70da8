"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from importlib.metadata import metadata
from pathlib import Path

import pytest

import hms_syn
from hms_syn import errors

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
LARGEST = 300
SUPPRESSION = re.compile(r"#.*?(?P<what>noqa|type: ignore|pragma:)(?P<rest>.*)")
EXPLAINED = {
    "noqa": re.compile(r": [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* +- \S.{2,}|: [A-Z]+[0-9]+ +# \S.{2,}"),
    "type: ignore": re.compile(r"\[[a-z, -]+\]  ?# ?\S.{2,}|\[[a-z, -]+\]$"),
    "pragma:": re.compile(r" no cover - \S.{2,}"),
}
"""A code alone will do for ``type: ignore`` only: mypy's code is a word that says why."""
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt)/[\w.]")
REGISTRY = re.compile(
    r"pypi\.(?:org|python)|pythonhosted|npmjs\.(?:org|com)|index-url\s+http|/simple/|artifactory", re.IGNORECASE
)
WEB = {".css", ".html", ".js", ".mjs"}
TEXTS = WEB | {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".cfg", ".ini", ".mako", ".json", ".wsdl", ""}


@cache
def modules():
    return {path.relative_to(PLUGINS): path.read_text(encoding="utf-8") for path in sorted(PLUGINS.rglob("*.py"))}


def tracked():
    """Every file that is or could be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in found if path.suffix in TEXTS and path.is_file()]


def calls(tree, name):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name]


def error_classes(root=errors.SynError, depth=0):
    yield root, depth
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_classes(child, depth + 1)


def test_the_package_asserts_nothing_because_python_may_be_told_to_skip_asserts():
    found = [
        f"{path}:{node.lineno}"
        for path, text in modules().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_only_commands_and_pretend_vendors_print():
    found = [
        f"{path}:{call.lineno}"
        for path, text in modules().items()
        if not {"cli", "sandbox"} & set(path.parts)
        for call in calls(ast.parse(text), "print")
    ]
    assert found == []


def test_every_exception_to_a_rule_has_its_reason_on_the_line():
    found = []
    for path, text in modules().items():
        for number, line in enumerate(text.splitlines(), 1):
            told = SUPPRESSION.search(line)
            if told and not line.lstrip().startswith("# ruff:") and not EXPLAINED[told["what"]].match(told["rest"]):
                found.append(f"{path}:{number}: {line.strip()}")
    assert found == []


def test_no_file_needs_a_table_of_contents():
    assert [str(path) for path, text in modules().items() if text.count("\n") > LARGEST] == []


def test_every_error_is_a_sentence_fit_for_an_officer():
    for error, _ in error_classes():
        text = error.__doc__ or ""
        assert re.fullmatch(r"[A-Z][^\n]+\.", text), f"{error.__name__}: {text!r}"
        assert str(errors.JobFileInvalid([]) if error is errors.JobFileInvalid else error()) == text


def test_the_drawn_tree_of_errors_is_the_real_one():
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    assert [(name, len(lead) // 4) for lead, name in drawn] == [
        (error.__name__, depth) for error, depth in error_classes()
    ]


def test_every_error_has_a_code_of_its_own():
    codes = [error.code for error, _ in error_classes()]
    assert len(codes) == len(set(codes))


def test_no_tracked_file_names_a_machine_or_a_registry():
    own = Path(__file__).resolve()
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if path.resolve() != own
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line) or REGISTRY.search(line)
    ]
    assert found == []


def test_the_lock_has_no_addresses():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert re.findall(r"://|^-.*|@ .*", text, re.MULTILINE) == []


def test_the_version_stands_in_one_place_and_the_changelog_ends_with_it():
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == hms_syn.__version__
    assert re.search(r'^dynamic = \["version"\]$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_readmes_own_test_command_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_licence_is_said_once_and_is_there():
    facts = metadata("hms-syn")
    assert facts["License-Expression"] == "Apache-2.0"
    assert not [line for line in facts.get_all("Classifier") if line.startswith("License ::")]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
