"""A thousand jobs: the board shows them page by page, and looks again only at those on the screen."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hms_syn.store import tables

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
MANY = 1000


@pytest.fixture
def thousand(place, scene):
    """Make a thousand jobs known, and forget them again."""
    columns = ", ".join(each.name for each in tables.job.columns if each.name not in ("job", "name", "endpoint"))
    with place.store.engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO hms_syn_job (job, name, endpoint, {columns}) SELECT 'many_' || lpad(n::text, 4, '0'), "
                f"'Agency ' || n, 'https://many.example.gov/' || n, {columns} "
                f"FROM hms_syn_job, generate_series(1, {MANY}) n WHERE job = 'records_office'"
            )
        )
    yield
    with place.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM hms_syn_job WHERE job LIKE 'many_%'"))


def test_a_thousand_jobs_are_usable(visit, thousand):
    """All can be had; a poll then asks for what is on the screen, and a search finds one of them at once."""
    page = visit("paula", "/hms-syn/")
    rows = page.locator(".board tbody")
    rows.first.wait_for()
    while (more := page.get_by_role("button", name="More jobs")).count():
        shown = rows.count()
        more.click()
        page.wait_for_function("n => document.querySelectorAll('.board tbody').length > n", arg=shown)
    assert rows.count() >= MANY
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/jobs?" in request.url else None)
    page.wait_for_timeout(7000)
    assert 1 <= len(asked) <= 9, asked
    page.get_by_role("searchbox", name="Find a job").fill("many_0777")
    page.wait_for_function("() => document.querySelectorAll('.board tbody').length === 1")
