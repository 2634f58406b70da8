"""The pictures of the documentation: each is shown somewhere, is there, and is small enough to be looked at."""

from __future__ import annotations

import re

from tests.docs import pages

MOST = 120_000
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+\.png)\)")


def shown():
    return [
        (page, words, (page.parent / place).resolve())
        for page in pages.PAGES
        for words, place in PICTURE.findall(pages.text_of(page))
    ]


def test_every_picture_is_there_and_says_in_words_what_it_shows():
    assert [(page.name, path.name) for page, words, path in shown() if not path.is_file() or len(words) < 10] == []


def test_every_picture_is_shown_and_small():
    kept = sorted((pages.DOCS / "screenshots").glob("*.png"))
    assert kept
    assert set(kept) == {path for _, _, path in shown()}, "run: .venv/bin/python docs/take_screenshots.py"
    assert [path.name for path in kept if path.stat().st_size > MOST] == []
