"""The audit commands as an officer and an auditor use them, the auditor without the database."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path

import pytest
from tests.unit.cli.test_commands import home  # noqa: F401 - the fixture

from hms_syn.cli.main import main
from hms_syn.domain import signed_note
from hms_syn.domain.audit_entry import leaf_hash
from hms_syn.store.sql_store import SqlStore

NAME = "syn.example.gov/audit"


@pytest.fixture
def said(capsys):
    """Run a command; return its exit code, standard output and standard error."""

    def run(*arguments):
        code = main([str(one) for one in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def key(home, said, monkeypatch):  # noqa: F811 - the fixture of the other file
    """Make the key and let the settings name it; return the verifier's line."""
    code, line, _ = said("audit", "key", "audit.key", "--name", NAME)
    assert code == 0
    monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_KEY_FILE", str(home / "audit.key"))
    return line.strip()


@pytest.fixture
def sealed(key, said):
    """A trail of one message, sealed; its checkpoint in kept.txt and an export beside it."""
    said("publish", "hud.hearing.created", '{"case_id": "1"}', "--id", "m1")
    assert said("audit", "checkpoint", "--out", "kept.txt")[0] == 0
    Path("export.ndjson").write_text(said("audit", "export")[1], encoding="utf-8")
    return key


def by_hand(home, statement):  # noqa: F811 - the folder, not the fixture
    with contextlib.closing(SqlStore(f"sqlite:///{home}/airflow.db")) as store, store.engine.begin() as connection:
        for name in ("audit_update", "audit_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS hms_syn_{name}")
        connection.exec_driver_sql(statement)


def test_the_key_is_for_its_owner_alone_and_never_overwritten(key, home, said):  # noqa: F811 - the fixture
    assert stat.S_IMODE((home / "audit.key").stat().st_mode) == 0o600
    assert str(signed_note.signer((home / "audit.key").read_text()).verifier) == key
    assert said("audit", "key", "audit.key")[0] == 2
    assert said("audit", "key", "other.key", "--name", "a b")[0] == 2


def test_a_checkpoint_is_printed_signed_and_the_same_until_something_is_new(sealed, said):
    code, first, remarks = said("audit", "checkpoint")
    assert code == 0
    assert first.splitlines()[:2] == [NAME, "1"]
    assert signed_note.is_signed_by(first, signed_note.verifier(sealed))
    assert "not signed" not in remarks
    assert said("audit", "checkpoint")[1] == first


def test_without_a_key_it_is_said_plainly_that_nobody_signed(home, said):  # noqa: F811 - the fixture
    code, printed, remarks = said("audit", "checkpoint")
    assert (code, printed.splitlines()[:2]) == (0, ["hms-syn/audit", "0"])
    assert "warning: it is not signed" in remarks


def test_a_key_that_cannot_be_used_stops_the_seal_and_shows_nothing_of_itself(home, said, monkeypatch):  # noqa: F811 - the fixture
    (home / "bad.key").write_text("PRIVATE+KEY+secret-words", encoding="utf-8")
    for name, words in (("bad.key", "holds no key"), ("none.key", "cannot be read")):
        monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_KEY_FILE", str(home / name))
        code, _, remarks = said("audit", "checkpoint")
        assert code == 1
        assert words in remarks
        assert "secret-words" not in remarks


def test_the_trail_is_verified_with_its_heads_and_a_checkpoint(sealed, said):
    code, printed, _ = said("audit", "verify", "--checkpoint", "kept.txt")
    assert code == 0
    assert printed.splitlines()[1:] == [
        "It is what the 1 stored tree head(s) were made of; the last has 1 row(s).",
        f"Its first 1 row(s) are those of kept.txt, signed by {'+'.join(sealed.split('+')[:2])}.",
    ]
    told = json.loads(said("audit", "verify", "--checkpoint", "kept.txt", "--json")[1])
    assert (told["ok"], told["rows"], told["heads"]) == (True, 2, 1)


def test_an_auditor_needs_no_database(sealed, said, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", "/nonexistent")
    monkeypatch.delenv("AIRFLOW__HMS_SYN__AUDIT_KEY_FILE")
    asked = ("audit", "verify", "--export", "export.ndjson", "--checkpoint", "kept.txt")
    assert said(*asked, "--verifier", sealed)[0] == 0
    code, printed, _ = said(*asked)
    assert code == 0
    assert "whose signature was not checked" in printed


def test_an_export_that_was_changed_or_cut_is_refused(sealed, said):
    rows = Path("export.ndjson").read_text(encoding="utf-8").splitlines()
    asked = ("audit", "verify", "--export", "lie.ndjson", "--checkpoint", "kept.txt", "--verifier", sealed)
    for lie, words in (
        (rows[1:], "seq 2, or a row behind it up to seq 2, is not what the checkpoint kept.txt was made of"),
        ([rows[0].replace("hud", "hhs", 1), rows[1]], "seq 1: "),
        ([rows[0], rows[0]], "it does not come after the line before it"),
        ([], "had 1 rows and there are 0"),
        (["{}"], "lie.ndjson:1 is no row"),
        ([json.dumps({**json.loads(rows[0]), "body": 7})], "lie.ndjson:1 is no row"),
        ([json.dumps({**json.loads(rows[0]), "message_id": ["m1"]})], "lie.ndjson:1 is no row"),
        ([json.dumps({**json.loads(rows[0]), "body": "[]", "hash": leaf_hash("[]")})], "its body is not JSON"),
    ):
        Path("lie.ndjson").write_text("".join(f"{line}\n" for line in lie), encoding="utf-8")
        code, _, remarks = said(*asked)
        assert code == 1
        assert words in remarks


def test_a_row_changed_in_the_database_is_named(sealed, said, home):  # noqa: F811 - the fixture
    by_hand(home, "UPDATE hms_syn_audit SET actor = 'x' WHERE seq = 1")
    code, printed, _ = said("audit", "verify", "--json")
    assert (code, json.loads(printed)["seq"]) == (1, 1)


@pytest.mark.parametrize("who", ["another key", "another name", "nobody", "a changed size"])
def test_a_checkpoint_that_our_key_did_not_sign_is_refused(sealed, said, who):
    given = Path("kept.txt").read_text(encoding="utf-8")
    text, _ = signed_note.parts(given)
    lie = {
        "another key": signed_note.new_signer(NAME).sign(text),
        "another name": signed_note.new_signer("elsewhere").sign(text.replace(NAME, "elsewhere")),
        "nobody": text + "\n",
        "a changed size": given.replace("\n1\n", "\n2\n"),
    }[who]
    Path("lie.txt").write_text(lie, encoding="utf-8")
    code, _, remarks = said("audit", "verify", "--checkpoint", "lie.txt", "--verifier", sealed)
    assert code == 1
    assert "is not signed by" in remarks or "is of the trail 'elsewhere'" in remarks


def test_what_cannot_be_read_is_wrong_usage_and_what_is_something_else_is_a_problem(sealed, said):
    assert said("audit", "verify", "--checkpoint", "none.txt")[0] == 2
    assert said("audit", "verify", "--export", "none.ndjson")[0] == 2
    assert said("audit", "verify", "--verifier", "none.key")[0] == 2
    assert said("audit", "verify", "--checkpoint", "export.ndjson")[0] == 1
    assert said("audit", "check", "none.json")[0] == 2
    assert said("audit", "prove")[0] == 2


def test_a_messages_rows_are_proved_without_the_database(sealed, said, monkeypatch):
    for number in range(5):
        said("publish", "hud.hearing.created", '{"case_id": "2"}', "--id", f"n{number}")
    code, _, remarks = said("audit", "prove", "n3")
    assert code == 1
    assert "not sealed yet" in remarks
    said("audit", "checkpoint", "--out", "later.txt")
    code, printed, _ = said("audit", "prove", "n3")
    assert code == 0
    Path("proof.json").write_text(printed, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW_HOME", "/nonexistent")
    assert said("audit", "check", "proof.json", "--verifier", sealed)[0] == 0
    assert said("audit", "check", "proof.json", "--checkpoint", "later.txt")[0] == 0
    assert said("audit", "check", "proof.json", "--checkpoint", "kept.txt")[0] == 1
    assert "by the checkpoint that came with it only" in said("audit", "check", "proof.json")[2]
    document = json.loads(printed)
    document["rows"][0]["body"] = document["rows"][0]["body"].replace("hud", "hhs")
    Path("proof.json").write_text(json.dumps(document), encoding="utf-8")
    code, _, remarks = said("audit", "check", "proof.json", "--verifier", sealed)
    assert (code, "proves nothing" in remarks) == (1, True)


def test_it_is_proved_that_the_trail_only_grew(sealed, said):
    said("publish", "hud.hearing.created", '{"case_id": "2"}', "--id", "m2")
    said("audit", "checkpoint")
    code, printed, _ = said("audit", "prove", "--since", "kept.txt")
    assert code == 0
    Path("proof.json").write_text(printed, encoding="utf-8")
    code, told, _ = said("audit", "check", "proof.json", "--verifier", sealed)
    assert (code, told) == (0, "It is proved that the trail of 3 row(s) begins with the 1 of the older checkpoint.\n")


def test_a_kept_checkpoint_is_never_replaced_by_a_smaller_or_another_tree(sealed, said, home):  # noqa: F811 - the fixture
    said("publish", "hud.hearing.created", '{"case_id": "2"}', "--id", "m2")
    assert said("audit", "checkpoint", "--out", "kept.txt")[0] == 0
    kept = (home / "kept.txt").read_text()
    assert kept.splitlines()[1] == "3"
    bigger = signed_note.signer((home / "audit.key").read_text()).sign(
        signed_note.parts(kept)[0].replace("\n3\n", "\n9\n")
    )
    for file, words in ((bigger, "rows were cut off"), ("my diary\n", "is no checkpoint")):
        (home / "kept.txt").write_text(file)
        code, _, remarks = said("audit", "checkpoint", "--out", "kept.txt")
        assert code == 1
        assert words in remarks
        assert (home / "kept.txt").read_text() == file
    assert [path.name for path in home.iterdir() if path.name.startswith(".kept")] == []
