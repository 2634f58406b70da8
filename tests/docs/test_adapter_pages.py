"""The pages about adapters: their tables are the code's, and the job a page shows is run as it stands there."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pytest
from tests.docs import pages
from tests.peers.gateways import prism
from tests.unit.adapters.gateway import gateway, payment
from tests.unit.adapters.liar import LOOPBACK

from hms_syn.job_files import load_job
from hms_syn.ports import Credentials

REST = pages.DOCS / "adapters" / "rest.md"


def example(page, folder, origin):
    """Return the first job of a page as an author would lint it, its vendor moved to this machine."""
    text = next(block.text for block in pages.blocks(page, "yaml"))
    assert "https://payments.example.gov" in text
    text = text.replace("https://payments.example.gov", origin)
    shutil.copy(pages.ROOT / "tests" / "peers" / "payments.openapi.yaml", folder)
    file = folder / "state_payments.yaml"
    file.write_text(
        text.replace("  push:\n", f"  allow_private: {json.dumps(LOOPBACK)}\n  push:\n", 1), encoding="utf-8"
    )
    return load_job(file)


@pytest.mark.parametrize("page", sorted((pages.DOCS / "adapters").glob("*.md")), ids=lambda page: page.name)
def test_the_keys_of_a_request_are_what_the_code_knows(page):
    path = pages.DOCS / "generate_adapter_pages.py"
    spec = importlib.util.spec_from_file_location("generate_adapter_pages", path)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    text = pages.text_of(page)
    assert generator.BLOCK.search(text)
    assert text == generator.renewed(text), "run: .venv/bin/python docs/generate_adapter_pages.py"


def test_the_job_on_the_page_about_rest_keeps_to_the_gateways_document(tmp_path):
    """The one that Prism serves: what lint finds in it is nothing."""
    adapter = gateway(example(REST, tmp_path, "https://payments.example.gov/gateway"))
    assert adapter.check() == []
    (tmp_path / "payments.openapi.yaml").unlink()
    assert {key for key, _ in adapter.check()} == {"job.push.request.openapi", "job.pull.request.openapi"}


def test_the_findings_on_the_page_about_rest_are_what_lint_prints():
    """Those of a job among the goldens of lint, under another name."""
    golden = (pages.ROOT / "tests/unit/adapters/rest/openapi/expected.txt").read_text(encoding="utf-8").splitlines()
    [block] = [block for block in pages.blocks(REST, "text") if "error:" in block.text]
    assert [
        line for line in block.text.replace("payments.yaml", "mapping.yaml").splitlines() if line not in golden
    ] == []


@pytest.mark.peers
def test_the_job_on_the_page_about_rest_pushes_finds_and_pulls(tmp_path):
    """At a gateway nobody here wrote, which checks each request against an OpenAPI file."""
    with prism() as origin:
        adapter = gateway(
            example(REST, tmp_path, origin), credentials=Credentials(password="t", extra={"auth": "bearer"})
        )
        assert adapter.check() == []
        order = payment(case_id="HUD-22-109", cents=1250)
        assert adapter.send(order).reference == adapter.find(order).reference == "PAY-17"
        [page] = adapter.pull(None)
        assert [record["id"] for record in page.records] == ["PAY-17", "PAY-18"]
        adapter.close()
