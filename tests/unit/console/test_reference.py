"""The page about the console's JSON is what the code says today."""

from __future__ import annotations

import importlib.util

from tests.docs import pages


def test_the_page_is_what_the_code_says_today(auth):
    spec = importlib.util.spec_from_file_location("generate_console_api", pages.DOCS / "generate_console_api.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    kept = pages.text_of(pages.DOCS / "console-api.md")
    assert kept == generator.page(), "run: .venv/bin/python docs/generate_console_api.py"
