"""What people see stands on the page about trouble: each sentence, each code, and in the product's own words."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from tests.docs import pages

from hms_syn import errors
from hms_syn.store import views, why

PAGE = pages.DOCS / "troubleshooting.md"
FIRST_CELL = re.compile(r"^\| (`.+?`|[^|]+?) \|", re.MULTILINE)
MOMENT = 1_900_000_000_000_000


def section(title):
    return pages.text_of(PAGE).partition(f"## {title}\n")[2].partition("\n## ")[0]


def shown_first(title):
    """Return the texts in code type in the first column of a section's table."""
    return [cell.strip("`") for cell in FIRST_CELL.findall(section(title)) if cell.startswith("`")]


def codes():
    text = pages.text_of(pages.DOCS / "reference" / "errors.md")
    branches, _, attempts = text.partition("## Codes of an attempt")
    needing = re.findall(r"^\| `\w+` \| `([^`]+)` \|", branches, re.MULTILINE)
    return sorted({*needing, *re.findall(r"^\| `([^`]+)` \|", attempts, re.MULTILINE)})


def test_every_code_has_its_answer():
    """The reference lists the codes from the code itself; a new one needs a row here, or a place in one."""
    told = set(re.findall(r"`([^`\s]+)`", pages.text_of(PAGE)))
    assert [code for code in codes() if code not in told] == [], f"say in {PAGE.name} what to do"


def test_no_code_is_told_of_that_is_not_ours():
    """Codes with a number in them stand in the reference with dots."""
    rows = re.findall(r"^\| (`[^|]*`) \|", section("Codes of an attempt"), re.MULTILINE)
    named = {code for row in rows for code in re.findall(r"`([^`]+)`", row)}
    assert {re.sub(r"^http_\d{3}$", "http_…", code) for code in named} - set(codes()) == set()


@pytest.mark.parametrize(
    ("cause", "wait", "is_parked"),
    [
        *((cause, 5.0, False) for cause in sorted(set(re.findall(r"(?:THEN|ELSE) '(\w+)'", views.HEAD)))),
        ("in_doubt", None, False),
        ("off", None, True),
    ],
)
def test_every_sentence_of_why_nothing_moves_is_on_the_page(cause, wait, is_parked):
    head = SimpleNamespace(
        cause=cause, message_id="m-1", ordering_key="k-1", attempts=2, wait_s=wait, code="http_503", failures=5, job="j"
    )
    job = SimpleNamespace(
        maintenance=None, now=MOMENT, paused_until=MOMENT, paused_by="ada", paused_reason="lunch", is_parked=is_parked
    )
    said = why.nothing_moves(head, job, {"since": "2030-01-01T00:00:00", "code": "timeout"})
    assert [row for row in shown_first("Why nothing moves") if pages.looks_like(row, said)], said


def test_what_commands_say_is_said_by_them():
    """Each quoted sentence stands in the code, or is an error's own."""
    sources = [path.read_text(encoding="utf-8") for path in (pages.ROOT / "plugins").rglob("*.py")]
    said = "\n".join(re.sub(r'"\s*f?"', "", text) for text in sources)
    assert [words for words in shown_first("What commands say") if words not in said] == []


def test_every_error_that_needs_a_person_is_among_what_commands_say():
    told = re.findall(r"\| `(\w+)` \|", section("What commands say"))
    assert {error.code for error in errors.NeedsOfficer.__subclasses__()} - set(told) == set()
