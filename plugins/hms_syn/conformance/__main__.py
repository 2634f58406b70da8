"""Runs the suite on one vendor: ``python -m hms_syn.conformance letterbox.pretend:Letterbox [pytest's options]``."""

from __future__ import annotations

import sys

import pytest

SUITE = ("-p", "hms_syn.conformance.option", "--pyargs", "hms_syn.conformance.suite")
_USAGE = 2


def main(arguments: list[str]) -> int:
    """Return 0 when every promise is kept, 1 when one is not, 2 for wrong usage; the rest is as pytest's."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return _USAGE
    vendor, *options = arguments
    return int(pytest.main([*SUITE, "--vendor", vendor, *options]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
