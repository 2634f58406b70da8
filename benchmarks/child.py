"""Work in a process of its own: it says when it is ready, begins when it is told to, and answers in JSON."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.meter import own_cpu

if TYPE_CHECKING:
    from collections.abc import Callable


class Child:
    """A process that runs one function: ``prepare(**arguments)`` returns the work, and the work returns its answer."""

    def __init__(self, prepare: Callable[..., Callable[[], Any]], **arguments: Any) -> None:
        name = f"{prepare.__module__}:{prepare.__qualname__}"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.child", name, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def go(self) -> Child:
        """Let it begin."""
        self._tell("go")
        return self

    def stop(self) -> Child:
        """Tell it that nothing more will come: work that waits looks at ``told_to_stop``."""
        self._tell("stop")
        return self

    def answer(self) -> Any:
        """Wait for its end and return what it found."""
        line = self._read()
        self._process.wait(30)
        return json.loads(line)

    def _tell(self, word: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()

    def _expect(self, word: str) -> None:
        if (line := self._read()).strip() != word:
            self._process.kill()
            raise RuntimeError(f"the process did not get ready: {line!r}")

    def _read(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"the process ended with {self._process.wait(30)}")
        return line


def timed(work: Callable[[], Any]) -> Callable[[], dict[str, float]]:
    """Measure a piece of work from within: when it began and ended by the machine's clock, and its CPU."""

    def run() -> dict[str, float]:
        cpu, began = own_cpu(), time.monotonic()
        work()
        return {"began": began, "ended": time.monotonic(), "cpu": own_cpu() - cpu}

    return run


def _main(name: str, arguments: str) -> None:
    module, _, function = name.partition(":")
    work = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(work()), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
