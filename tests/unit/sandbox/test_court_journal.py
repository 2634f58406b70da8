"""What outlives the pretend court."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from tests.harness.waiting import eventually
from tests.unit.sandbox.letters import create, fault, has_noted_a_visit, received, texts

from hms_syn.sandbox.court_soap import Court, serve


def test_a_restarted_court_knows_everything(tmp_path, clock):
    """Hearings, changes, arrivals and MessageIDs come back from the state file, and the numbers go on."""
    state = tmp_path / "court.jsonl"
    with serve(Court(clock=clock, state=state)) as url:
        create(url)
        clock.move(3)
        before = eventually(lambda: has_noted_a_visit(url), what="the court to note that the request is over")
    with serve(Court(clock=clock, state=state)) as url:
        assert received(url) == before
        assert texts(create(url)[2])["status"] == "ALREADY-ACCEPTED"
        assert texts(create(url, key="")[2])["reference"] == "COURT-000002"
        clock.move(60)
        assert [row["change_id"] for row in received(url)["changes"]] == [1, 2, 3, 4]


def test_half_a_line_is_not_believed(tmp_path):
    """What a crash left of a line is cut off, and the file is good to go on with."""
    state = tmp_path / "court.jsonl"
    with serve(Court(state=state)) as url:
        create(url)
    whole = state.read_bytes()
    state.write_bytes(whole + whole[: len(whole) // 2])
    with serve(Court(state=state)) as url:
        create(url, key="")
        assert len(received(url)["hearings"]) == 2
    assert len(Court(state=state).received()["arrivals"]) == 2


def test_a_foreign_state_file_is_named(tmp_path):
    """A file that is not a court's is refused with its line."""
    state = tmp_path / "notes.txt"
    state.write_text("milk\n")
    with pytest.raises(ValueError, match=r"notes\.txt:1: "):
        Court(state=state)


def test_a_hearing_that_cannot_be_written_is_not_accepted(tmp_path):
    """When the state file cannot be written, the answer is a Server fault and nothing is kept."""
    court = Court(state=tmp_path / "gone" / "court.jsonl")
    with serve(court) as url:
        assert fault(create(url))[1] == "soap:Server"
        assert received(url)["hearings"] == []


def test_a_stopped_court_is_gone_for_every_connection():
    """After the end no kept-alive connection is answered any more."""
    with serve() as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        connection.request("GET", "/health")
        connection.getresponse().read()
        kept = connection.sock
    kept.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        http.client.HTTPResponse(kept).begin()
    connection.close()
