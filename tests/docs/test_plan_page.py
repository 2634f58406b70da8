"""The page about plans: its edit, made to the sample job, shows what stands there."""

from __future__ import annotations

import shutil
from contextlib import closing

import yaml
from tests.docs import pages

from hms_syn.cli.main import main
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.store.sql_store import SqlStore

PAGE = pages.DOCS / "plan-an-edit.md"
NAME = "state_payments_sync.yaml"
ORDER = {"case_id": "HUD-22-109", "subsidy_id": "S-1", "reason": "no heat", "hearing_date": "2024-09-02"}


def test_the_pages_edit_shows_what_stands_there(tmp_path, monkeypatch, capsys):
    [edit], [shown] = ([block.text for block in pages.blocks(PAGE, kind)] for kind in ("yaml", "text"))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    running = shutil.copy(pages.ROOT / "jobs" / NAME, tmp_path / "jobs")
    sample, changed = yaml.safe_load(pages.text_of(pages.ROOT / "jobs" / NAME)), yaml.safe_load(edit)
    push = {**sample["job"]["push"], "mapping": changed["push"]["mapping"]}
    (tmp_path / NAME).write_text(yaml.safe_dump({**sample, "job": {**sample["job"], **changed, "push": push}}))
    with closing(SqlStore(f"sqlite:///{tmp_path}/airflow.db")) as store:
        store.create()
        store.register(load_job(running))
        publish(store, [new_event("hud.eviction.ordered", ORDER, agency="hud", message_id="order-1")])
    assert main(["plan", NAME]) == 0
    assert capsys.readouterr().out.splitlines()[: len(shown.splitlines())] == shown.splitlines()
