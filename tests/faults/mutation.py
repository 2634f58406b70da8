"""Taking a guard out of a copy of the package, and running the one test that must miss it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutation:
    """One guard taken out: in this file, this text becomes that, and this test must see it."""

    guard: str
    file: str
    old: str
    new: str
    test: str


def copy_package(folder: Path) -> Path:
    """Copy the package with what Python has compiled of it, so that a mutation touches nobody else's."""
    return Path(shutil.copytree(ROOT / "plugins", folder / "plugins"))


def run(package: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run tests against a copy of the package, in a process of their own."""
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist",
        "-o", f"pythonpath={package} {ROOT}", "-o", "addopts=--import-mode=importlib", *tests,
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)


def is_missed(mutation: Mutation, package: Path) -> None:
    """Assert that the mutation's test fails without the guard, and not for want of being run."""
    file = package / "hms_syn" / mutation.file
    sound = file.read_text(encoding="utf-8")
    assert sound.count(mutation.old) >= 1, f"{mutation.file} no longer holds {mutation.old!r}"
    broken = sound.replace(mutation.old, mutation.new)
    compile(broken, mutation.file, "exec")
    file.write_text(broken, encoding="utf-8")
    try:
        done = run(package, [mutation.test])
    finally:
        file.write_text(sound, encoding="utf-8")
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    assert "failed" in done.stdout
