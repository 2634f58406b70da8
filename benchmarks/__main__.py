"""``make bench``: run the experiments, print tables, and end with one line a goal."""

from __future__ import annotations

import argparse
import sys

from benchmarks import page, plan, server
from benchmarks.bench import Bench
from benchmarks.goals import GOALS


def main(words: list[str]) -> int:
    """Run what was asked for; the exit code says nothing of goals, because a busy machine is no failure."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--goals",
        default="",
        help="queue, delivery, heartbeat, console, jobs, or beginnings of goals' names, with commas",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender is run")
    parser.add_argument("--quick", action="store_true", help="a short run: fewer messages, smaller backlogs")
    parser.add_argument("--write", action="store_true", help="renew docs/benchmarks.md, or what of it these goals are")
    options = parser.parse_args(words)
    wanted = plan.chosen(options.goals)
    if not wanted:
        parser.error(f"no goal begins with {options.goals!r}; there are {', '.join(goal.name for goal in GOALS)}")
    with server.running() as running:
        bench = Bench(running, rounds=options.rounds, scale=0.2 if options.quick else 1.0)
        settings = running.settings()
        bench.say(", ".join(f"{name} {value}" for name, value in settings.items()))
        plan.run(bench, wanted)
    if options.write and len(wanted) < len(GOALS):
        page.renew(bench)
    elif options.write:
        page.write(bench, settings)
    for goal in wanted:
        print(goal.verdict(bench.measured.get(goal.name, {})))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
