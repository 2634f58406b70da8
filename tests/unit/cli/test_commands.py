"""The command line: help, usage errors, exit codes, JSON."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import make_job

from hms_syn.cli.commands import COMMANDS
from hms_syn.cli.main import main, parser
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def home(monkeypatch, tmp_path):
    """An Airflow home of its own with the queue's tables in it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "airflow.sdk", raising=False)  # a command of ours runs outside Airflow
    monkeypatch.chdir(tmp_path)
    store = SqlStore(f"sqlite:///{tmp_path}/airflow.db")
    store.create()
    store.close()
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself(command, capsys):
    """--help ends with 0 and says what the table says."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*command.name.split(), "--help"])
    assert ended.value.code == 0
    assert command.help.split()[0] in capsys.readouterr().out


def test_no_command_is_wrong_usage(capsys):
    """Alone it shows the menu and exits with 2."""
    assert main([]) == 2
    assert "hms-syn demo" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage():
    """argparse's own exit code is 2."""
    with pytest.raises(SystemExit) as ended:
        main(["pubish"])
    assert ended.value.code == 2


def test_publish_prints_the_id_and_what_to_type_next(home, capsys):
    """The id alone is on standard output, so that scripts can take it."""
    assert main(["publish", "hud.hearing.created", '{"case_id": "1"}', "--id", "m1"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "m1\n"
    assert printed.err == "next: hms-syn trace m1\n"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1, "a": 2}', "a key appears twice"),
        ('{"a": 9007199254740993}', "send it as text"),
    ],
)
def test_a_payload_that_is_no_json_object_is_refused(home, capsys, payload, reason):
    """What cannot be published is refused with the reason, and exit code 1."""
    assert main(["publish", "hud.hearing.created", payload]) == 1
    assert reason in capsys.readouterr().err


def test_a_conflicting_payload_is_refused(home, capsys):
    """One id stands for one fact."""
    main(["publish", "hud.hearing.created", '{"a": 1}', "--id", "m1"])
    assert main(["publish", "hud.hearing.created", '{"a": 2}', "--id", "m1"]) == 1
    assert "published before" in capsys.readouterr().err


def test_reading_commands_speak_json(home, capsys):
    """status, trace and audit verify print JSON when asked."""
    main(["publish", "hud.hearing.created", '{"case_id": "HUD-1"}', "--id", "m1"])
    capsys.readouterr()
    for words in (["status", "--json"], ["trace", "HUD-1", "--json"], ["audit", "verify", "--json"]):
        assert main(words) == 0
        json.loads(capsys.readouterr().out)


def test_a_trace_that_finds_nothing_exits_1(home, capsys):
    """An unknown key is a problem, said in a sentence."""
    assert main(["trace", "HUD-404"]) == 1
    assert "no message has the id" in capsys.readouterr().err


def test_missing_tables_are_named_with_the_cure(monkeypatch, tmp_path, capsys):
    """Without tables every command says which command makes them."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert f"not there yet in SQLite file {tmp_path}/airflow.db; run 'airflow db migrate'" in said
    assert not (tmp_path / "airflow.db").exists()  # a shell without its settings leaves nothing behind


def test_the_audit_trail_is_exported_as_it_was_hashed(home, capsys):
    """Each line is a row of the view, whose hash anybody can compute again; --after goes on where a copy ended."""
    for name in ("m0", "m1"):
        assert main(["publish", "hud.hearing.created", "{}", "--id", name]) == 0
    capsys.readouterr()
    assert main(["audit", "export"]) == 0
    printed = capsys.readouterr()
    rows = [json.loads(line) for line in printed.out.splitlines()]
    assert [row["message_id"] for row in rows] == ["m0", "m1"]
    assert [hashlib.sha256(b"\0" + row["body"].encode()).hexdigest() for row in rows] == [row["hash"] for row in rows]
    assert printed.err.startswith("2 row(s)")
    assert main(["audit", "export", "--after", str(rows[0]["seq"])]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows[1:]


def test_a_tampered_audit_row_is_found(home, capsys):
    """F36: verify names the first bad row and exits with 1."""
    main(["publish", "hud.hearing.created", '{"case_id": "HUD-1"}'])
    store = SqlStore(f"sqlite:///{home}/airflow.db")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER hms_syn_audit_update")
        connection.exec_driver_sql("UPDATE hms_syn_audit SET actor = 'somebody else' WHERE seq = 1")
    store.close()
    assert main(["audit", "verify"]) == 1
    assert "seq 1: its column 'actor' differs from what was hashed" in capsys.readouterr().err


def test_lint_of_a_missing_file_lists_those_there_are(home, capsys):
    """A wrong path is answered with the files beside it."""
    (home / "court.yaml").write_text("job: {}\n")
    assert main(["lint", str(home / "cuort.yaml")]) == 1
    assert "court.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["publish", "hud.hearing.created", "{}"], ["status"]])
def test_an_output_that_cannot_be_written_is_a_sentence(home, command):
    """On a full disk the exit code is 1 and the reason is said; what was done stays done."""
    script = Path(sys.executable).with_name("hms-syn")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([script, *command], cwd=home, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: the output cannot be written (No space left on device); what the command did is done"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["status", "replay m1 --reason x"])
def test_where_nobody_can_hear_the_exit_code_still_tells(home, command):
    """Both outputs full: the code is the command's own, or 1."""
    script = Path(sys.executable).with_name("hms-syn")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([script, *command.split()], cwd=home, stdout=full, stderr=full, check=False)
    assert done.returncode == 1


def test_a_replay_to_a_job_can_be_tried_and_taken_in_parts(home, capsys):
    """--dry-run lists and changes nothing; --limit ends it, and the same command goes on."""
    store = SqlStore(f"sqlite:///{home}/airflow.db")
    for name in ("m0", "m1", "m2"):
        assert main(["publish", "hud.hearing.created", "{}", "--id", name]) == 0
    store.register(make_job("late", source_topics=("hud.hearing.created",)))
    replay = ["replay", "--topic", "hud.*", "--to", "late", "--reason", "it was not there yet"]
    for extra, said in (
        (["--dry-run"], "m0\nm1\nm2\n3 message(s) would be queued for late; without --dry-run they are\n"),
        (["--limit", "2"], "2 message(s) queued for late\n"),
        ([], "1 message(s) queued for late\n"),
    ):
        capsys.readouterr()
        assert main([*replay, *extra]) == 0
        assert capsys.readouterr().out == said
    store.close()
