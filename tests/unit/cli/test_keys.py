"""``hms-syn keys``: new, rewrap, status, and what an officer who makes a mistake is told."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from hms_syn import wiring
from hms_syn.cli.main import main
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def home(monkeypatch, tmp_path):
    """An Airflow home of its own with the queue's tables, and a setting that names a keys file not made yet."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HMS_SYN__PAYLOAD_KEYS_FILE", str(tmp_path / "secrets" / "payload.keys"))
    monkeypatch.delitem(sys.modules, "airflow.sdk", raising=False)  # a command of ours runs outside Airflow
    wiring._store.cache_clear()
    store = SqlStore(f"sqlite:///{tmp_path}/airflow.db")
    store.create()
    store.close()
    return tmp_path


def test_a_key_is_made_used_changed_and_thrown_away(home, capsys):
    keys = home / "secrets" / "payload.keys"
    assert main(["keys", "new", "--id", "2026-11"]) == 0
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    secret = keys.read_text(encoding="utf-8").split()[1]
    for name in ("m1", "m2", "m3"):
        assert main(["publish", "hud.hearing.created", '{"case_id": "HUD-22-109"}', "--id", name]) == 0
    assert main(["keys", "new", "--id", "2027-11"]) == 0
    capsys.readouterr()
    assert main(["keys", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "keys": [
            {"key": "2027-11", "in_file": True, "seals": True, "messages": 0},
            {"key": "2026-11", "in_file": True, "seals": False, "messages": 3},
        ],
        "in_clear": 0,
    }
    assert main(["keys", "rewrap", "--batch", "2"]) == 0
    printed = capsys.readouterr()
    assert "3 message(s) rewrapped with the key '2027-11'" in printed.out
    assert "2026-11: 2 rewrapped so far" in printed.err
    assert main(["keys", "status"]) == 0
    assert "No message needs '2026-11'" in (printed := capsys.readouterr()).out
    assert secret not in printed.out + printed.err
    keys.write_text(keys.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    assert main(["trace", "HUD-22-109"]) == 0


def test_a_needed_key_that_is_not_in_the_file_is_named_with_exit_1(home, capsys):
    assert main(["keys", "new", "--id", "lost"]) == 0
    assert main(["publish", "hud.hearing.created", "{}", "--id", "m1"]) == 0
    (home / "secrets" / "payload.keys").unlink()
    assert main(["keys", "new", "--id", "other"]) == 0
    assert main(["keys", "status"]) == 1
    assert "messages need keys that are not in the file: lost" in capsys.readouterr().err


def test_a_key_is_never_replaced_under_its_own_id_and_a_wrong_file_is_left_alone(home, capsys):
    keys = home / "secrets" / "payload.keys"
    assert main(["keys", "new", "--id", "one"]) == 0
    before = keys.read_text(encoding="utf-8")
    assert main(["keys", "new", "--id", "one"]) == 1
    assert "has a key 'one' already" in capsys.readouterr().err
    assert main(["keys", "new", "--id", "a b"]) == 1
    assert keys.read_text(encoding="utf-8") == before
    keys.write_text(before + "nonsense\n", encoding="utf-8")
    assert main(["keys", "new"]) == 1
    assert "payload.keys:2" in capsys.readouterr().err
    assert keys.read_text(encoding="utf-8") == before + "nonsense\n"


def test_publishing_without_the_file_is_a_sentence_and_stores_nothing(home, capsys):
    assert main(["publish", "hud.hearing.created", "{}"]) == 1
    assert "the keys file cannot be read (No such file or directory)" in capsys.readouterr().err
    with SqlStore(f"sqlite:///{home}/airflow.db").engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM hms_syn_event").scalar() == 0


def test_without_setting_and_file_it_says_which_are_missing(home, capsys, monkeypatch):
    monkeypatch.delenv("AIRFLOW__HMS_SYN__PAYLOAD_KEYS_FILE")
    assert main(["keys", "new"]) == 1
    assert "payload_keys_file" in capsys.readouterr().err
    assert main(["keys", "new", "--file", str(home / "k")]) == 0
    assert "set [hms_syn] payload_keys_file" in capsys.readouterr().err
