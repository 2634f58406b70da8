"""A message as one file: put in place in one step, once, and proved."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
import uuid
from dataclasses import replace

import asyncssh
import pytest
from tests.harness.sftp_server import PASSWORD, message

from hms_syn import errors

BODY = b"case_id,hearing_on\r\nHUD-22-109,2024-09-02\r\n"
WORKER = """
import sys
from tests.harness.sftp_server import County, message
from hms_syn.ports import Credentials
from hms_syn.adapters.sftp.sftp_csv_v1 import SftpCsvV1
port, key, host_key, password = sys.argv[1:]
county = object.__new__(County)
county.port = int(port)
credentials = Credentials(login="hud", password=password, extra={"host_key": host_key})
county.adapter({"timeout": 60.0}, credentials=credentials).send(message(key))
"""


def test_the_receipt_is_the_files_name_and_nothing_else_is_left(county, adapters):
    """Name, columns and bytes are the job's; no temporary file stays."""
    sent = message()
    ack = adapters().send(sent)
    assert (ack.reference, ack.status) == (f"{sent.idempotency_key}.csv", "")
    assert county.files() == {ack.reference: BODY}


def test_the_job_may_name_files_and_receipts(county, adapters):
    """Fields of the mapping stand in the name; the digest can be the receipt."""
    push = {
        "request": {"file_name": "hearing-{case_id}-{key}.csv"},
        "ack": {"reference": "sha256", "status": "to_string(size)"},
        "success": {"size": "present"},
    }
    sent = message()
    ack = adapters(push).send(sent)
    assert ack.reference == hashlib.sha256(BODY).hexdigest()
    assert ack.status == str(len(BODY))
    assert list(county.files()) == [f"hearing-HUD-22-109-{sent.idempotency_key}.csv"]


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "x\n", "", "a" * 300])
def test_no_payload_leads_out_of_the_folder(county, adapters, name):
    """A field that cannot be part of a name is refused before anything is sent."""
    adapter = adapters({"request": {"file_name": "{case_id}-{key}.csv"}})
    with pytest.raises(errors.UnmappablePayload):
        adapter.send(message(case_id=name))
    assert county.files() == {}


def test_a_repeat_is_the_same_file_also_for_another_worker(county, adapters):
    """Known by its bytes."""
    sent = message()
    assert [adapters().send(sent).status for _ in range(2)] == ["", "duplicate"]
    assert list(county.files().values()) == [BODY]


def test_another_file_of_that_name_is_never_written_over(county, adapters):
    """Same size or not: the message is refused, and says of the file only that it is another."""
    sent = message()
    for content in (b"X" * len(BODY), b"short"):
        (county.folder / f"{sent.idempotency_key}.csv").write_bytes(content)
        with pytest.raises(errors.VendorRefused) as caught:
            adapters().send(sent)
        assert caught.value.code == "name_taken"
        with pytest.raises(errors.OutcomeUnknown, match="other content"):
            adapters().find(sent)
        assert list(county.files().values()) == [content]


def test_a_program_that_takes_files_away_at_once_has_them(county, adapters):
    """The rename was done: neither name is there any more."""
    county.mood = "taking"
    assert adapters().send(message()).status == "taken"
    assert county.taken == [BODY]


def test_a_server_without_openssh_extensions_is_spoken_to_plainly(county, adapters):
    """The rename of version 3 is the next best."""
    county.posix = False
    adapter = adapters()
    for _ in range(2):
        adapter.send(message())
    assert len(county.files()) == 2


def test_a_full_disk_leaves_nothing_and_waits(county, adapters):
    """Its status code says failure; its words are not repeated."""
    county.mood = "full"
    with pytest.raises(errors.VendorBusy) as caught:
        adapters().send(message())
    assert caught.value.code == "sftp_4"
    assert "Quillfeather" not in str(caught.value)
    assert county.files() == {}


def test_a_file_that_is_not_accepted_is_refused_and_taken_back(county, adapters):
    """Denied at the rename it concerns this message; denied at the folder it concerns the job."""
    county.mood = "refusing"
    with pytest.raises(errors.VendorRefused) as caught:
        adapters().send(message())
    assert caught.value.code == "file_refused"
    assert county.files() == {}


def test_a_folder_that_is_not_there_is_for_an_officer(adapters):
    """Nothing is sent anywhere else."""
    with pytest.raises(errors.ContractMismatch) as caught:
        adapters({"request": {"folder": "no/where"}}).send(message())
    assert caught.value.code == "no_folder"


def test_a_lost_rename_is_in_doubt_and_found(county, adapters):
    """The server did it and never said so."""
    adapter, sent = adapters({"timeout": 0.7}), message()
    adapter.send(message())
    county.mood = "silent"
    with pytest.raises(errors.OutcomeUnknown) as caught:
        adapter.send(sent)
    assert caught.value.code == "rename_lost"
    county.mood = "well"
    found = adapter.find(sent)
    assert found is not None
    assert (found.reference, found.status) == (f"{sent.idempotency_key}.csv", "found")


def test_a_rename_that_is_said_and_not_done_is_in_doubt(county, adapters):
    """The temporary name is still there; the next attempt puts it right."""
    sent = message()
    county.mood = "unproved"
    with pytest.raises(errors.OutcomeUnknown) as caught:
        adapters().send(sent)
    assert caught.value.code == "unnamed"
    assert adapters().find(sent) is None
    county.mood = "well"
    adapters().send(sent)
    assert county.files() == {f"{sent.idempotency_key}.csv": BODY}


@pytest.mark.parametrize(("mood", "asked"), [("stalling", "write"), ("hanging", "rename")])
def test_a_worker_killed_between_the_temporary_file_and_the_rename_leaves_no_message(county, adapters, mood, asked):
    """kill -9; the next worker writes over what was left, and the vendor gets one whole file."""
    key = str(uuid.uuid4())
    county.mood = mood
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(county.port), key, county.host_key, PASSWORD], env=_paths()
    )
    try:
        deadline = time.monotonic() + 30
        while asked not in county.asked:
            assert time.monotonic() < deadline
            assert worker.poll() is None
            time.sleep(0.01)
    finally:
        worker.kill()
        worker.wait()
    assert list(county.files()) == [f".{key}.csv.part"]
    county.mood = "well"
    assert adapters().find(message(key)) is None
    adapters().send(message(key))
    assert county.files() == {f"{key}.csv": BODY}


def test_another_host_key_gets_neither_login_nor_file(county, adapters):
    """Also of another kind; the right one among several will do."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key().decode().strip()
    for known in (other, rsa):
        with pytest.raises(errors.NotSent):
            adapters(credentials=county.credentials(extra={"host_key": known})).send(message())
    assert county.files() == {}
    both = county.credentials(extra={"host_key": f"{other},{county.host_key}"})
    assert adapters(credentials=both).send(message()).reference


@pytest.mark.filterwarnings("ignore:.*bcrypt")  # a passphrase that is quickly tried is quickly tested
@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_private_key_logs_in(county, adapters, kind):
    """With a passphrase, as the connection's form holds it: on one line."""
    key = asyncssh.generate_private_key(kind)
    county.client_keys.append(key.convert_to_public())
    text = key.export_private_key("openssh", passphrase="open sesame", rounds=1).decode().replace("\n", "\\n")
    extra = {"host_key": county.host_key, "private_key": text}
    adapters(credentials=county.credentials(password="open sesame", extra=extra)).send(message())
    assert len(county.files()) == 1
    with pytest.raises(errors.ContractMismatch, match="private_key"):
        adapters(credentials=county.credentials(password="wrong", extra=extra)).send(message())


def test_a_login_that_is_not_accepted_is_told_from_a_line_that_is_lost(county, adapters):
    """The first waits for a corrected connection."""
    with pytest.raises(errors.LoginRefused):
        adapters(credentials=county.credentials(password="hunter2")).send(message())
    with pytest.raises(errors.LoginRefused):
        adapters(credentials=county.credentials(login="nobody")).send(message())
    county.shut()
    with pytest.raises(errors.NotSent):
        adapters().send(message())


def test_an_address_that_is_not_allowed_hears_nothing(county, adapters):
    """Neither named nor found by a name."""
    for endpoint in (county.endpoint, f"sftp://localhost:{county.port}"):
        with pytest.raises(errors.SynError) as caught:
            adapters(target_endpoint=endpoint, allow_private=()).send(message())
        assert caught.value.code == "address_refused"


def test_a_server_that_never_greets_is_given_up_at_the_deadline(county, adapters):
    """The port is open and nobody speaks."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        adapter = adapters({"timeout": 0.5}, target_endpoint=f"sftp://127.0.0.1:{mute.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(errors.NotSent):
            adapter.send(message())
        assert time.monotonic() - began < 10


def test_a_connection_is_kept_and_made_anew_after_it_was_lost(county, adapters):
    """Two messages, one login; a server that hung up in between is called again."""
    adapter = adapters()
    adapter.send(message())
    [first] = county.connections
    adapter.send(message())
    assert county.connections == {first}
    county.shut(listening=True)
    transport = adapter._sessions["push"]._transport
    transport.join(5)
    adapter.send(message())
    assert len(county.files()) == 3


@pytest.mark.parametrize(
    ("push", "key", "said"),
    [
        ({"request": {"file_name": "hearing.csv"}}, "request.file_name", "must hold {key}"),
        ({"request": {"file_name": "{key.csv"}}, "request.file_name", "must hold {key}"),
        ({"request": {"file_name": "{room}-{key}.csv"}}, "request.file_name", "{room} is no field"),
        ({"request": {"file_name": "in/{key}.csv"}}, "request.file_name", "that is 'folder'"),
        ({"find": {"request": {}, "match": "@"}}, "find", "leave 'find' out"),
        ({"mapping": {"case": {"id": "case_id"}}}, "mapping.case", "is a map"),
        ({"request": {"folder": "no/where"}}, "request.folder", "no such folder"),
    ],
)
def test_a_check_says_what_does_not_fit(adapters, push, key, said):
    """By its key."""
    problems = adapters(push).check()
    assert f"job.push.{key}" in [found for found, _ in problems]
    assert any(said in text for _, text in problems)


def test_a_check_says_what_is_wrong_with_the_connection(county, adapters):
    """The login, the server's key, a field."""
    for credentials in (
        county.credentials(password="hunter2"),
        county.credentials(extra={}),
        county.credentials(extra={"host_key": "ssh-ed25519 AAAA"}),
        county.credentials(
            extra={"host_key": asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()}
        ),
    ):
        [(key, text)] = adapters(credentials=credentials).check()
        assert key == "job.connection_id"
        assert "hunter2" not in text


def test_without_the_extra_an_error_says_what_to_install(county, monkeypatch):
    """paramiko is only needed by jobs that name this adapter."""
    monkeypatch.setitem(sys.modules, "paramiko", None)
    monkeypatch.delitem(sys.modules, "hms_syn.adapters.sftp.sftp_wire", raising=False)
    with contextlib.closing(county.adapter()) as adapter, pytest.raises(errors.ContractMismatch) as caught:
        adapter.send(message())
    assert "pip install hms-syn[sftp]" in str(caught.value)


def test_every_attempt_is_the_same_file(county, adapters):
    """Whatever its number."""
    sent = message()
    adapters().send(sent)
    adapters().send(replace(sent, attempt=7))
    assert len(set(county.arrivals)) == 1


def _paths():
    import os

    return {**os.environ, "PYTHONPATH": ".:plugins"}
