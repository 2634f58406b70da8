"""What goes wrong is told in our words: no password, no payload, no word of the vendor's in any error or log."""

from __future__ import annotations

import logging
import traceback

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar, say, scheduled, soap

from hms_syn import errors
from hms_syn.domain.job_spec import Push
from hms_syn.ports import Credentials

PASSWORD, LOGIN, PAYLOAD, VENDOR = "hunter2-horse", "hud-login", "HUD-22-109-Doe", "Jane-Doe-Parole"
WORDS = (PASSWORD, LOGIN, PAYLOAD, VENDOR)
REPLIES = {
    "a receipt": http(scheduled(VENDOR)),
    "a fault": http(soap(f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{VENDOR}</faultstring></s:Fault>")),
    "a refusal": http(soap(f"<s:Fault><faultcode>s:Client</faultcode><detail>{VENDOR}</detail></s:Fault>")),
    "a code": http(soap(f"<s:Fault><faultcode>{VENDOR}</faultcode></s:Fault>"), status=f"500 {VENDOR}"),
    "a page": http(f"<html><title>{VENDOR}</html>", status=f"502 {VENDOR}"),
    "bad XML": http(f"<{VENDOR}><{VENDOR}/>"),
    "a foreign body": http(soap(f'<{VENDOR} xmlns="urn:{VENDOR}">{PAYLOAD}</{VENDOR}>')),
    "a field too many": http(scheduled().replace("</r:Sch", f"<r:{VENDOR}>{VENDOR}</r:{VENDOR}></r:Sch")),
    "a status": http(scheduled(disposition=VENDOR)),
    "a redirect": http(status="302 Found", headers=f"Location: http://{VENDOR}/\r\n"),
    "a login page": http(VENDOR, status="401 Who", headers=f"WWW-Authenticate: Basic realm={VENDOR}\r\n"),
    "a wait": http(VENDOR, status="503 Busy", headers=f"Retry-After: {VENDOR}\r\n"),
    "bad HTTP": say(f"HTTP/1.1 200 OK\r\n{VENDOR}\r\n\r\n".encode()),
    "half an answer": say(http(VENDOR, length=999)),
    "too much": http(VENDOR * 100_000),
    "silence": lambda conn: conn.recv(1),
}


def everything(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + str(error.args)


@pytest.mark.parametrize("wsse", ["username_token", "username_token_digest", "basic"])
@pytest.mark.parametrize("name", REPLIES)
def test_neither_an_error_nor_a_log_repeats_what_was_said(caplog, capfd, name, wsse):
    """At DEBUG, with every kind of login and for every kind of answer."""
    caplog.set_level(logging.DEBUG)
    secrets = Credentials(login=LOGIN, password=PASSWORD, extra={"wsse": wsse})
    said = ""
    with liar(REPLIES[name]) as peer:
        adapter = court(
            court_job(peer.origin, push=Push(request={"wsdl": "court.wsdl"}, timeout=0.4, max_response_bytes=100_000)),
            credentials=secrets,
        )
        for payload in ({"case_id": PAYLOAD, "date": "2024-09-02"}, {"case_id": f"{PAYLOAD}\0", "date": PAYLOAD}):
            try:
                adapter.send(hearing(**payload))
            except errors.SynError as error:
                said += everything(error)
    printed = capfd.readouterr()
    for word in WORDS:
        assert word not in said + caplog.text + printed.out + printed.err


def test_an_error_about_an_answer_says_its_code_length_and_digest():
    """Enough to find the answer in the vendor's own log, and nothing to read in ours."""
    with liar(REPLIES["a foreign body"]) as peer, pytest.raises(errors.OutcomeUnknown) as caught:
        court(court_job(peer.origin)).send(hearing())
    assert caught.value.code == "foreign_body"
    assert "HTTP 200" in str(caught.value)
    assert "bytes, sha256 " in str(caught.value)
