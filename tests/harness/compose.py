"""What Docker Compose itself makes of our files: the real program, which needs no engine to read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.docs import pages

FILES = ("docker-compose.yaml", "docker-compose.small.yaml", ".env.example", "demo.env", "Dockerfile")
SECRETS = "FERNET_KEY"
"""Stands in the command of docs/deploy.md that makes every secret."""


class Project:
    """A copy of the project's files for Compose, where a test may break some."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configs: dict[str, str] = {}
        for name in FILES:
            shutil.copy(pages.ROOT / name, folder / name)
        for name in ("jobs", "dags"):
            shutil.copytree(pages.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))

    def make_secrets(self) -> dict[str, str]:
        """Do what docs/deploy.md tells people to do; return what .env holds then."""
        [block] = [each for each in pages.blocks(pages.DOCS / "deploy.md", "sh") if SECRETS in each.text]
        subprocess.run(["sh", "-euc", block.text], cwd=self.folder, check=True)
        lines = (self.folder / ".env").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def compose(self, *words: str, small: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the program itself: the console script beside it ends with 0 whatever happens."""
        import compose

        program = Path(compose.__file__).parent / "docker-compose"
        files = ["docker-compose.yaml", *(["docker-compose.small.yaml"] if small else [])]
        return subprocess.run(
            [program, *(part for name in files for part in ("--file", name)), *words],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def configured(self, *profiles: str, small: bool = False) -> dict[str, Any]:
        """Return the services, with every default, variable and merge carried out."""
        chosen = [part for profile in profiles for part in ("--profile", profile)]
        done = self.compose(*chosen, "config", "--format", "json", small=small)
        assert done.returncode == 0, done.stderr
        whole: dict[str, Any] = json.loads(done.stdout.replace("$$", "$"))
        self.configs = {name: each["content"] for name, each in whole["configs"].items()}
        services: dict[str, Any] = whole["services"]
        return services
