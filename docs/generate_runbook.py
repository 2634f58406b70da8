"""Writes the console's copy of the runbook: ``python docs/generate_runbook.py``. It is plain HTML, without a script.

The documentation is not installed with the package, and whoever is called at night has the console. Links to other
pages of the documentation become plain words there.
"""
# ruff: noqa: INP001 - a script of the documentation, not a package

from __future__ import annotations

import re
from pathlib import Path

import markdown

DOCS = Path(__file__).parent
PLACE = DOCS.parent / "plugins" / "hms_syn" / "console" / "static" / "runbook.html"
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Runbook · Synchronizer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="tokens.css">
<link rel="stylesheet" href="style.css">
<script src="theme.js"></script>
</head>
<body>
<main id="main" class="runbook">
<p><a href="index.html">Board</a></p>
{body}
</main>
</body>
</html>
"""
ELSEWHERE = re.compile(r"\[([^\]]+)\]\((?!#)[^)]+\)")


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as the readers of Markdown make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def text() -> str:
    """Return the page."""
    source = ELSEWHERE.sub(r"\1", (DOCS / "runbook.md").read_text(encoding="utf-8"))
    body = markdown.markdown(source, output_format="html")
    return FRAME.format(body=re.sub(r"<h2>(.+?)</h2>", lambda h: f'<h2 id="{anchor(h[1])}">{h[1]}</h2>', body))


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
