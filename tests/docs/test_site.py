"""The documentation as a site: nothing is warned of, nothing leads nowhere, nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
from tests.docs import pages

CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
LOADS = re.compile(r"<(?:script|img|iframe|source|embed|object)\b[^>]*?(?:src|data)=|<link\b[^>]*?href=")
AWAY = re.compile(r"""["']?(?:[a-z]+:)?//""")
HREF = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"')
ID = re.compile(r'\bid="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build it as 'make docs' does, and return its folder."""
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", place],
        cwd=pages.ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.fixture(scope="module")
def html(site):
    return {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_page_of_the_documentation_is_on_the_site_and_no_program(site):
    shown = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")}
    assert {page.relative_to(pages.DOCS) for page in pages.DOCS.rglob("*.md")} <= shown
    assert [path for path in site.rglob("*") if path.suffix in {".py", ".pyc"}] == []


def test_the_menu_has_the_sections_of_the_index(site, html):
    wanted = re.findall(r"^\*\*(.+?)\*\*", pages.text_of(pages.DOCS / "index.md"), re.MULTILINE)
    tabs = html[site / "index.html"].partition('class="md-tabs__list"')[2].partition("</ul>")[0]
    assert re.findall(r"^\s*(\w[\w ]+)$", tabs, re.MULTILINE) == ["Home", *wanted]


def test_every_link_leads_to_a_page_and_a_place_on_it(html):
    places = {page: set(ID.findall(text)) for page, text in html.items()}
    broken = []
    for page, text in html.items():
        for link in HREF.findall(text):
            place, _, anchor = unquote(link).partition("#")
            if re.match(r"[a-z]+:", place):
                continue
            target = (page.parent / place).resolve() if place else page
            if not target.is_file() or (anchor and anchor not in places[target]):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_a_link_into_the_repository_shows_that_file(site):
    changelog = (site / "repository" / "CHANGELOG.html").read_text(encoding="utf-8")
    assert 'href="../alerts.html"' in changelog
    schema = (site / "repository" / "schemas" / "hms-syn-job.schema.json.html").read_text(encoding="utf-8")
    assert "json-schema.org" in schema


def test_nothing_is_loaded_from_elsewhere(site, html):
    for page, text in html.items():
        assert "Content-Security-Policy" in text, page
        found = [text[tag.start() : tag.end() + 80] for tag in LOADS.finditer(text) if AWAY.match(text, tag.end())]
        assert found == [], page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == [], sheet


def test_every_table_and_list_is_one(html):
    """What git forges take for a table is one on the site too."""
    left = [page for page, text in html.items() if re.search(r"\|\s*---|^- ", CODE.sub("", text), re.MULTILINE)]
    assert left == []
