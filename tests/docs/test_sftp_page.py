"""The page about SFTP: its job works as it stands there, and makes the file that it shows."""

from __future__ import annotations

import contextlib

from tests.docs import pages
from tests.harness.sftp_server import County, message

from hms_syn import job_files
from hms_syn.adapters.sftp import sftp_errors, sftp_pages
from hms_syn.adapters.sftp.sftp_csv_v1 import SftpCsvV1

PAGE = pages.DOCS / "adapters" / "sftp.md"


def test_the_pages_job_delivers_the_pages_file_and_reads_the_countys(tmp_path):
    [written], [shown] = ([block.text for block in pages.blocks(PAGE, kind)] for kind in ("yaml", "csv"))
    with contextlib.closing(County()) as county:
        for folder in ("hud", "hud/in", "hud/out"):
            (county.folder / folder).mkdir()
        (county.folder / "hud/out/status-1.csv").write_text("case_number,state\nHUD-22-109,LODGED\n")
        text = written.replace("sftp://files.county.example.gov/", county.endpoint)
        file = tmp_path / "county.yaml"
        file.write_text(f'{text.rstrip()}\n  allow_private: ["127.0.0.0/8"]\n', encoding="utf-8")
        adapter = SftpCsvV1(job_files.load_job(file), county.credentials(), pins=None)
        with contextlib.closing(adapter):
            assert adapter.check() == []
            sent = message()
            assert [adapter.send(sent).status for _ in range(2)] == ["", "duplicate"]
            [made] = (county.folder / "hud/in").iterdir()
            assert made.name == f"hearing-HUD-22-109-{sent.idempotency_key}.csv"
            assert made.read_bytes().decode() == shown.strip().replace("\n", "\r\n") + "\r\n"
            assert adapter.where(sent).endswith(f"/hud/in/{made.name}")
            [page] = adapter.pull(None)
            assert page.records == ({"case_number": "HUD-22-109", "state": "LODGED"},)


def test_the_page_names_every_ending_that_is_left_alone_and_every_code():
    text = pages.text_of(PAGE)
    assert [ending for ending in sftp_pages.UNFINISHED if f"`{ending}`" not in text] == []
    assert f"`sftp_{sftp_errors.FAILURE}`" in text
