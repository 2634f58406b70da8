"""Asking a SOAP vendor whether it has a message."""

from __future__ import annotations

import urllib.request
from contextlib import contextmanager

import pytest
from tests.peers.node import node_court
from tests.unit.adapters.liar import COURT, KEY, court, court_job, hearing, http, liar, soap
from tests.unit.adapters.wsdls import element, wrapped, wsdl

from hms_syn import errors
from hms_syn.domain.job_spec import Pull, Push
from hms_syn.sandbox.court_soap import Court, Login, Manners, serve

BY_KEY = {"operation": "FindHearing", "arguments": {"MessageID": "urn:uuid:{key}"}}
ASK, ANSWER = element("caseId") + element("date", "xs:date"), element("Reference")


def asking(origin, *, mapping=None, ack=None, wsdl_file="court.wsdl", **find):
    """Build a job that finds by key, against a court whose WSDL lies in a file."""
    wanted = {"request": BY_KEY, "match": "Hearing", **find}
    push = Push(request={"wsdl": wsdl_file}, mapping=mapping, ack=ack or {}, find=wanted, timeout=0.6)
    return court_job(origin, push=push, pull_adapter=None)


def found(*rows):
    """Build the court's answer to FindHearing."""
    return http(soap(f'<FindHearingResponse xmlns="{COURT}">{"".join(rows)}</FindHearingResponse>'))


def record(number="COURT-7"):
    return (
        f"<Hearing><ConfirmationNumber>{number}</ConfirmationNumber><CaseID>A</CaseID><DateOfHearing>2024-09-02"
        "</DateOfHearing><ChangedAt>2024-09-02T09:30:00Z</ChangedAt><Fee>1</Fee><Sealed>false</Sealed></Hearing>"
    )


def answered(raw, **find):
    with liar(raw) as peer:
        return court(asking(peer.origin, **find)).find(hearing()), peer.requests


@contextmanager
def sandbox(**options):
    """Serve the pretend court, and a job for it that asks by message id."""
    with serve(options.pop("court", None), **options) as origin:
        find = {
            "request": {"operation": "FindHearing", "arguments": {"messageId": "urn:uuid:{key}"}},
            "match": "hearing",
        }
        yield court_job(origin, push=Push(find=find, timeout=2), pull=Pull(publish_topic="t"))


def test_a_vendor_that_has_the_message_answers_with_its_receipt():
    """The operation, the key in its own form, and the record's own reference."""
    ack, (request,) = answered(found(record()))
    assert ack.reference == "COURT-7"
    assert f"MessageID>urn:uuid:{KEY}<".encode() in request.partition(b"Body")[2]


def test_the_question_is_no_repeat_of_the_message():
    """Under the message's own WS-Addressing id the vendor would take it for the message."""
    _, (request,) = answered(found(record()))
    header, _, body = request.partition(b":Header")[2].partition(b":Body>")
    assert b"MessageID>urn:uuid:" in header
    assert KEY.encode() not in header
    assert KEY.encode() in body


NIL = "<Hearing xsi:nil='true' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'/>"


@pytest.mark.parametrize("rows", [(), (NIL,), ("<Hearing/>",)])
def test_no_record_is_a_clear_no(rows):
    """Nothing where the record would be, however the vendor writes nothing."""
    assert answered(found(*rows))[0] is None


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (found(record("")), errors.OutcomeUnknown, "ack_missing"),
        (found(record("none")), errors.OutcomeUnknown, "ack_placeholder"),
        (http(soap("")), errors.OutcomeUnknown, "empty_body"),
        (http(), errors.OutcomeUnknown, "empty"),
        (http("<html><p>Log in<br></html>"), errors.OutcomeUnknown, "html"),
        (
            http(found(record()).partition(b"\r\n\r\n")[2].replace(b"FindH", b"LoseH")),
            errors.OutcomeUnknown,
            "foreign_body",
        ),
        (http(found(record()).partition(b"\r\n\r\n")[2], length=9999), errors.OutcomeUnknown, "timeout"),
        (
            http(soap("<s:Fault><faultcode>s:Client</faultcode><faultstring>Jane Doe</faultstring></s:Fault>")),
            errors.OutcomeUnknown,
            "soap_client_fault",
        ),
        (
            http(soap("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>")),
            errors.OutcomeUnknown,
            "soap_server_fault",
        ),
        (http(status="400 Bad Request"), errors.OutcomeUnknown, "http_400"),
        (http(status="503 Busy"), errors.VendorBusy, "http_503"),
        (http(status="401 Unauthorized"), errors.LoginRefused, "http_401"),
        (http(status="404 Not Found"), errors.ContractMismatch, "http_404"),
    ],
)
def test_everything_else_proves_neither(raw, kind, code):
    """Neither that the vendor has it nor that it has not; and no refusal of the question refuses the message."""
    with pytest.raises(kind) as caught:
        answered(raw)
    assert caught.value.code == code
    assert not isinstance(caught.value, errors.Refused)
    assert "Jane" not in repr(caught.value)


def test_a_vendor_that_is_not_there_was_not_asked():
    with pytest.raises(errors.NotSent):
        court(asking("http://127.0.0.1:1")).find(hearing())


def test_an_adapter_finds_exactly_where_its_job_says_how():
    assert court(asking("http://127.0.0.1:1")).finds
    silent = court(court_job("http://127.0.0.1:1"))
    assert not silent.finds
    with pytest.raises(errors.ContractMismatch, match=r"push\.find"):
        silent.find(hearing())


@pytest.mark.parametrize(
    ("success", "code"),
    [({"CaseID": "A"}, None), ({"CaseID": ["B"]}, "proof_failed"), ({"Room": "present"}, "proof_missing")],
)
def test_a_declared_proof_is_looked_for_in_the_record(success, code):
    """What is found without it is not known to be accepted."""
    if code is None:
        assert answered(found(record()), success=success)[0].reference == "COURT-7"
        return
    with pytest.raises(errors.OutcomeUnknown) as caught:
        answered(found(record()), success=success)
    assert caught.value.code == code


def test_a_match_may_give_the_records_fields_other_names():
    """The receipt is then read where push.ack says."""
    ack, _ = answered(found(record()), match="Hearing.{Number: ConfirmationNumber}", ack={"reference": "Number"})
    assert ack.reference == "COURT-7"


def test_a_renamed_status_is_still_looked_at():
    """A record that says no is no receipt, however its fields are called."""
    match = "Hearing.{Number: ConfirmationNumber, Status: Sealed}"
    with pytest.raises(errors.OutcomeUnknown) as caught:
        answered(found(record()), match=match, ack={"reference": "Number"})
    assert caught.value.code == "status_no"


# Lists, and other people's shapes


def listed(tmp_path, *rows, outputs=None, **find):
    """Ask a court whose answer is a list."""
    row = element("Reference") + element("Status", low=0)
    (tmp_path / "v.wsdl").write_text(
        wsdl(
            CreateHearing=(ASK, ANSWER),
            SearchHearings=(
                element("caseId") + element("limit", "xs:int", low=0),
                outputs or wrapped("row", row, high="9"),
            ),
        ).replace('<xs:element name="row" maxOccurs', '<xs:element name="row" minOccurs="0" maxOccurs')
    )
    request = {"operation": "SearchHearings", "arguments": {"caseId": "{caseId}", "limit": 5}}
    body = f'<SearchHearingsResponse xmlns="urn:test">{"".join(rows)}</SearchHearingsResponse>'
    with liar(http(soap(body))) as peer:
        wanted = {"request": request, "match": "row", **find}
        push = Push(request={"wsdl": "v.wsdl"}, find=wanted, timeout=0.6)
        job = court_job(peer.origin, push=push, pull_adapter=None, file=str(tmp_path / "j.yaml"))
        assert court(job).check() == []
        return court(job).find(hearing()), peer.requests[0]


def row(number, state="SCHEDULED"):
    return f"<row><Reference>{number}</Reference><Status>{state}</Status></row>"


def test_a_list_of_one_is_the_record_and_the_payloads_own_field_asks_for_it(tmp_path):
    """``{caseId}`` is what the vendor calls the payload's ``case_id``; numbers stay numbers."""
    ack, request = listed(tmp_path, row("R-1"))
    assert (ack.reference, ack.status) == ("R-1", "SCHEDULED")
    assert b"caseId>HUD-22-109<" in request
    assert b"limit>5<" in request


def test_an_empty_list_is_a_clear_no(tmp_path):
    assert listed(tmp_path)[0] is None


def test_several_records_prove_nothing(tmp_path):
    """A case may have two hearings, and one of them be ours."""
    with pytest.raises(errors.OutcomeUnknown) as caught:
        listed(tmp_path, row("R-1"), row("R-2"))
    assert caught.value.code == "find_ambiguous"


def test_a_filter_may_choose_between_records(tmp_path):
    """The match is JMESPath; where it filters, the job says where the receipt stands."""
    rows = (row("R-1", "WITHDRAWN"), row("R-2"))
    with pytest.raises(AssertionError, match=r"push\.ack"):
        listed(tmp_path, *rows, match="row[?Status=='SCHEDULED']")


@pytest.mark.parametrize("state", ["REJECTED", "PENDING"])
def test_a_record_whose_status_is_no_known_yes_proves_nothing(tmp_path, state):
    with pytest.raises(errors.OutcomeUnknown):
        listed(tmp_path, row("R-1", state))


def test_what_we_told_the_vendor_ourselves_is_no_receipt(tmp_path):
    """The case id comes back in the record because we sent it."""
    row_of = wrapped("row", element("caseId") + element("filedUnder"))
    with pytest.raises(AssertionError, match="looks like the vendor's reference"):
        listed(tmp_path, outputs=row_of)


# What is wrong with a job, said before anything is at stake


@pytest.mark.parametrize(
    ("find", "key", "says"),
    [
        ({"request": {**BY_KEY, "operation": "SeekHearing"}}, "request.operation", "no operation 'SeekHearing'"),
        ({"request": {"operation": "FindHearing", "arguments": {}}}, "request.arguments", "requires 'MessageID'"),
        (
            {"request": {**BY_KEY, "arguments": {"MessageID": "{key}", "Case": "{CaseID}"}}},
            "request.arguments",
            "no input 'Case'",
        ),
        ({"request": {**BY_KEY, "arguments": {"MessageID": "{kye}"}}}, "request.arguments", "{kye} is no field"),
        ({"request": {**BY_KEY, "arguments": {"MessageID": "{case_id}"}}}, "request.arguments", "{key}, {CaseID}"),
        ({"request": {**BY_KEY, "arguments": {"MessageID": "{key"}}}, "request.arguments", "has a brace"),
        ({"request": {**BY_KEY, "arguments": {"MessageID": "1"}}}, "request.arguments", "the same for every message"),
        ({"match": "hearing"}, "match", "leads nowhere"),
        ({"match": "Hearing.Docket"}, "match", "leads nowhere"),
        ({"match": "Hearing.CaseID"}, "match", "to a simple value"),
        ({"match": "Hearing["}, "match", "not a JMESPath"),
        ({"match": "Hearing.{n: CaseID}"}, "match", "push.ack.reference"),
        ({"ack": {"reference": "Receipt"}}, "match", "Hearing.{Receipt: <field>}"),
        (
            {
                "mapping": {"CaseID": "case_id", "DateOfHearing": "date"},
                "request": {**BY_KEY, "arguments": {"MessageID": "{Courtroom}"}},
            },
            "request.arguments",
            "{Courtroom} is no field",
        ),
    ],
)
def test_a_find_that_does_not_fit_the_contract_is_said_at_its_key(find, key, says):
    """By lint, and by the adapter before it asks."""
    adapter = court(asking("http://127.0.0.1:1", **find))
    problems = adapter.check()
    assert {found_key for found_key, _ in problems} == {f"job.push.find.{key}"}
    assert says in " ".join(text for _, text in problems)
    with pytest.raises(errors.ContractMismatch):
        adapter.find(hearing())


def test_a_message_without_what_the_question_needs_is_an_officers_matter():
    """An optional field that this message lacks cannot be asked for."""
    request = {**BY_KEY, "arguments": {"MessageID": "{Courtroom}"}}
    with pytest.raises(errors.ContractMismatch, match=r"nothing for \{Courtroom\}"):
        court(asking("http://127.0.0.1:1", request=request)).find(hearing())


# Whole courts


def test_the_pretend_court_finds_what_it_was_sent_and_nothing_else():
    """Sent, lost on the way back, found; and what was never sent is not there."""
    manners = Manners()
    with sandbox(manners=manners) as job:
        adapter = court(job)
        assert adapter.check() == []
        assert adapter.find(hearing()) is None
        manners.choose("drop", times=1)
        with pytest.raises(errors.OutcomeUnknown):
            adapter.send(hearing())
        ack = adapter.find(hearing())
        assert (ack.reference, ack.status) == ("COURT-000001", "ACCEPTED")
        adapter.close()


def test_a_cancelled_hearing_that_is_found_is_no_yes():
    """The court has it, but its word for it is not one that means yes."""
    book = Court()
    with sandbox(court=book) as job:
        adapter = court(job)
        adapter.send(hearing())
        cancel = (
            '<CancelHearing xmlns="urn:county-court:calendar:1998"><reference>COURT-000001</reference></CancelHearing>'
        )
        post = urllib.request.Request(job.target_endpoint, soap(cancel).encode(), {"Content-Type": "text/xml"})
        urllib.request.urlopen(post).close()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            adapter.find(hearing())
        adapter.close()
    assert caught.value.code == "status_unrecognised"


@pytest.mark.parametrize("mode", ["missing_ack", "empty_ack", "refuse", "garbage", "accepted_202_empty", "redirect"])
def test_a_court_that_misbehaves_when_asked_proves_nothing(mode):
    with sandbox(manners=Manners(mode)) as job, pytest.raises(errors.OutcomeUnknown):
        court(job).find(hearing())


def test_a_court_that_does_not_know_us_is_not_asked_again_at_once():
    with sandbox(login=Login("hud", "right")) as job, pytest.raises(errors.LoginRefused) as caught:
        court(job).find(hearing())
    assert caught.value.retry_after == 60


@pytest.mark.peers
def test_another_peoples_court_is_asked_the_same_way():
    """node-soap finds by the id it got in the WS-Addressing header."""
    with node_court() as origin:
        adapter = court(asking(origin))
        assert adapter.find(hearing()) is None
        sent = adapter.send(hearing())
        assert adapter.find(hearing()).reference == sent.reference
        adapter.close()


@pytest.mark.parametrize("rows", [[], [record()]], ids=["nothing", "a record"])
def test_an_answer_to_another_question_neither_finds_nor_misses(rows):
    """What WS-Addressing says of another message leaves the doubt as it was: no receipt, and no second sending."""
    other = (
        '<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:00000000-0000-4000-8000-0</a:RelatesTo>'
    )
    raw = found(*rows).partition(b"\r\n\r\n")[2].decode()
    with pytest.raises(errors.OutcomeUnknown) as caught:
        answered(http(raw.replace("<s:Body>", f"<s:Header>{other}</s:Header><s:Body>")))
    assert caught.value.code == "other_message"
