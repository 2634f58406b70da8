"""The pages' files: whole, without inline code, and with no way to read text as markup."""

from __future__ import annotations

import re

import pytest

from hms_syn.console import pages
from hms_syn.domain import audit_entry

STATIC = pages.STATIC
SCRIPTS = sorted(STATIC.glob("*.js"))
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML"
    r"|\beval\b|new Function|set(?:Timeout|Interval)\(\s*['\"`]|javascript:|dangerouslySetInnerHTML|srcdoc"
)
by_page = pytest.mark.parametrize("page", pages.TITLES)
by_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


def text_of(path):
    return path.read_text(encoding="utf-8")


@by_page
def test_a_page_holds_no_code_and_no_style_of_its_own(page):
    """The content security policy forbids both, and a page that tried would be broken."""
    text = pages.html(page)
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=", text) == []
    assert re.search(r"<html lang=\"en\">", text)
    assert re.search(r"<title>.+ · Synchronizer</title>", text)


@by_page
def test_what_a_page_names_is_there(page):
    """Nothing comes from another place, and nothing is missing."""
    named = re.findall(r"(?:src|href)=\"([^\"#]+)\"", pages.html(page))
    assert [name for name in named if name != "data:," and not (STATIC / name).is_file()] == []


@by_script
def test_what_a_script_imports_is_there(script):
    named = re.findall(r"from '\./([^']+)'|import '\./([^']+)'", text_of(script))
    assert [name for pair in named for name in pair if name and not (STATIC / name).is_file()] == []
    assert not re.search(r"from '(?!\./)", text_of(script))


@by_script
def test_a_script_never_reads_text_as_markup_or_code(script):
    """Whatever a vendor says becomes a text node: there is no other way in."""
    assert MARKUP.findall(text_of(script)) == []


def test_every_link_between_pages_leads_to_one():
    """A page that is renamed takes its links with it."""
    named = {name for script in SCRIPTS for name in re.findall(r"\blink\(\s*'([^']+)'", text_of(script))}
    named |= {name for script in SCRIPTS for name in re.findall(r"['`]([a-z-]+)\.html", text_of(script))}
    assert named
    assert named <= {*pages.TITLES, "runbook"}


def test_no_file_needs_a_table_of_contents():
    assert [path.name for path in SCRIPTS if text_of(path).count("\n") > 250] == []


def test_the_audit_page_offers_every_event():
    """An event that is new can be searched for."""
    listed = re.search(r"EVENTS = \[(.*?)\]", text_of(STATIC / "audit.js"), re.DOTALL)
    assert set(re.findall(r"'(\w+)'", listed[1])) == audit_entry.EVENTS
