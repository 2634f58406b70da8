"""The page about databases: its table and its job work as they stand there, and its list of keys is whole."""

from __future__ import annotations

import contextlib
import re

from tests.docs import pages
from tests.harness.sql_court import NoPins, message, postgresql_court

from hms_syn import job_files
from hms_syn.adapters.sql import sql_place
from hms_syn.adapters.sql.sql_table_v1 import SqlTableV1
from hms_syn.job_files import vendor_requests
from hms_syn.ports import Credentials

PAGE = pages.DOCS / "adapters" / "sql.md"


def test_the_pages_job_delivers_into_the_pages_table_and_reads_it_back(tmp_path):
    [table], [written] = ([block.text for block in pages.blocks(PAGE, kind)] for kind in ("sql", "yaml"))
    with postgresql_court() as court:
        court.sql("DROP TABLE hearing", table)
        text = written.replace("postgresql://court-db.example.gov/court", court.endpoint)
        file = tmp_path / "court_db.yaml"
        file.write_text(f'{text}  allow_private: ["127.0.0.0/8"]\n', encoding="utf-8")
        adapter = SqlTableV1(job_files.load_job(file), Credentials(login="postgres"), NoPins())
        with contextlib.closing(adapter):
            assert adapter.check() == []
            sent = message()
            assert [adapter.send(sent).status for _ in range(2)] == ["", "duplicate"]
            [page] = adapter.pull(None)
            assert [record["case_id"] for record in page.records] == ["HUD-22-109"]


def test_the_table_of_keys_is_the_codes_own():
    rows = re.findall(r"^\| (push|pull) \| `(\w+)` \|", pages.text_of(PAGE), re.MULTILINE)
    known = vendor_requests._KEYS
    assert sorted(rows) == sorted((way, key) for way in ("push", "pull") for key in known["sql.table.v1", way])


def test_the_options_a_connection_may_have_are_listed():
    text = pages.text_of(PAGE)
    assert [name for names in sql_place._OPTIONS.values() for name in names if f"`{name}`" not in text] == []
