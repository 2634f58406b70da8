"""Where a WSDL comes from, and how it stays what it was."""

from __future__ import annotations

import pytest
from tests.unit.adapters.liar import PEERS, MemoryPins, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.wsdls import element, wsdl

from hms_syn import errors
from hms_syn.domain.job_spec import Push

COURT_WSDL = (PEERS / "court.wsdl").read_bytes()
ASK = element("caseId") + element("date")
ANSWER = element("reference")


def served(origin: str, **changes: object):
    return court_job(origin, push=Push(timeout=0.6), **changes)


def test_a_wsdl_is_fetched_once_and_then_read_from_the_pin():
    """Another adapter of the same job makes no second request for it."""
    pins = MemoryPins()
    with liar(http(COURT_WSDL), http(scheduled())) as peer:
        for _ in range(2):
            court(served(peer.origin), pins=pins).send(hearing())
    assert [request.split()[0] for request in peer.requests] == [b"GET", b"POST", b"POST"]
    assert b"GET /soap?wsdl " in peer.requests[0]


def test_the_address_in_the_wsdl_is_ignored():
    """The message goes to target_endpoint, whatever the vendor's document says."""
    with liar(http(COURT_WSDL), http(scheduled())) as peer:
        court(served(peer.origin)).send(hearing())
    assert b"198.51.100.9" in COURT_WSDL
    assert peer.requests[1].startswith(b"POST /soap ")


def test_documents_it_imports_are_pinned_with_it():
    """A schema from the same origin becomes a part of the contract."""
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more"/>'
    text = wsdl(imports='<xs:import namespace="urn:more" schemaLocation="more.xsd"/>', CreateHearing=(ASK, ANSWER))
    pins = MemoryPins()
    with liar(http(text), http(schema)) as peer:
        assert court(served(peer.origin, pull_adapter=None), pins=pins).check() == []
    assert b"GET /more.xsd " in peer.requests[1]
    assert b"more.xsd" in pins.kept["court", "wsdl"]


@pytest.mark.parametrize("place", ["http://127.0.0.1:1/x.xsd", "file:///etc/passwd", "https://elsewhere.example/x.xsd"])
def test_a_document_from_elsewhere_is_refused(place):
    """An import is no way to reach a file or another host."""
    text = wsdl(imports=f'<xs:import namespace="urn:more" schemaLocation="{place}"/>', CreateHearing=(ASK, ANSWER))
    with liar(http(text)) as peer, pytest.raises(errors.NeedsOfficer):
        court(served(peer.origin)).send(hearing())
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (http(status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), errors.ContractMismatch),
        (http(status="404 Not Found"), errors.ContractMismatch),
        (http("<html/>"), errors.ContractMismatch),
        (http('<!DOCTYPE a [<!ENTITY b "c">]>' + COURT_WSDL.decode().partition("?>")[2]), errors.ContractMismatch),
        (http(status="503 Busy"), errors.NotSent),
        (http(b"half", length=99), errors.NotSent),
    ],
)
def test_without_a_wsdl_nothing_is_sent(raw, kind):
    """A contract that cannot be read keeps the message here, for the queue or for an officer."""
    with liar(raw) as peer, pytest.raises(kind):
        court(served(peer.origin)).send(hearing())
    assert not any(request.startswith(b"POST") for request in peer.requests)


def test_a_file_is_read_fresh(tmp_path):
    """A WSDL under version control changes when its file does."""
    path = tmp_path / "v.wsdl"
    job = court_job(
        "http://127.0.0.1:1", file=str(tmp_path / "j.yaml"), pull_adapter=None, push=Push(request={"wsdl": "v.wsdl"})
    )
    path.write_text(wsdl(CreateHearing=(ASK, ANSWER)))
    assert court(job).check() == []
    path.write_text(wsdl(CreateCase=(ASK, ANSWER)))
    assert [key for key, _ in court(job).check()] == ["job.push.request"]


def test_a_file_from_outside_the_folder_is_refused(tmp_path):
    """A WSDL in a file imports from its own folder tree only."""
    (tmp_path / "secret.xsd").write_text("<x/>")
    (tmp_path / "jobs").mkdir()
    text = wsdl(imports='<xs:import namespace="urn:m" schemaLocation="../secret.xsd"/>', CreateHearing=(ASK, ANSWER))
    (tmp_path / "jobs" / "v.wsdl").write_text(text)
    job = court_job("http://127.0.0.1:1", file=str(tmp_path / "jobs" / "j.yaml"), push=Push(request={"wsdl": "v.wsdl"}))
    with pytest.raises(errors.ContractMismatch, match="outside its own folder"):
        court(job).send(hearing())
