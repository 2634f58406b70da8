"""Where a WSDL comes from, and how it stays what it was."""

from __future__ import annotations

import re

import pytest
from tests.unit.adapters.liar import PEERS, MemoryPins, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.wsdls import element, wsdl

from hms_syn import errors, job_files
from hms_syn.domain.job_spec import Pull, Push

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


def test_what_is_no_wsdl_is_not_pinned():
    """A page that says "closed today" is forgotten; when the vendor is back, its messages go out."""
    pins = MemoryPins()
    with liar(http("<html><body>Closed today.</body></html>"), http(COURT_WSDL), http(scheduled())) as peer:
        with pytest.raises(errors.ContractMismatch) as caught:
            court(served(peer.origin), pins=pins).send(hearing())
        assert (caught.value.code, pins.kept) == ("wsdl_invalid", {})
        assert court(served(peer.origin), pins=pins).send(hearing()).reference == "COURT-1"


def test_documents_it_imports_are_pinned_with_it():
    """A schema from the same origin becomes a part of the contract."""
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more"/>'
    text = wsdl(imports='<xs:import namespace="urn:more" schemaLocation="more.xsd"/>', CreateHearing=(ASK, ANSWER))
    pins = MemoryPins()
    with liar(http(text), http(schema)) as peer:
        assert court(served(peer.origin, pull_adapter=None), pins=pins).check() == []
    assert b"GET /more.xsd " in peer.requests[1]
    assert b"more.xsd" in next(iter(pins.kept.values()))


def test_two_addresses_of_one_job_keep_a_pin_each():
    """Push and pull may have a WSDL each; neither is fetched a second time because of the other."""
    pins = MemoryPins()
    with liar(http(COURT_WSDL)) as peer:
        sides = {"push": Push(timeout=0.6), "pull": Pull(publish_topic="t", request={"wsdl": f"{peer.origin}/in?wsdl"})}
        job = court_job(peer.origin, pull_adapter="oracle.soap.v1", **sides)
        for _ in range(3):
            assert court(job, pins=pins).check() == []
    assert sorted(request.split()[1] for request in peer.requests) == [b"/in?wsdl", b"/soap?wsdl"]


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
        (http(status="401 Unauthorized"), errors.LoginRefused),
        (http(b"half", length=99), errors.NotSent),
    ],
)
def test_without_a_wsdl_nothing_is_sent(raw, kind):
    """A contract that cannot be read keeps the message here, for the queue or for an officer."""
    with liar(raw) as peer, pytest.raises(kind):
        court(served(peer.origin)).send(hearing())
    assert not any(request.startswith(b"POST") for request in peer.requests)


def test_a_login_refused_at_the_wsdl_is_said_of_the_connection():
    """The address is right; what has to be corrected is the login."""
    with liar(http(status="403 Forbidden")) as peer:
        ((key, text),) = court(served(peer.origin)).check()
    assert key == "job.connection_id"
    assert "HTTP 403" in text


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


def test_of_several_services_each_side_of_a_job_names_its_own(tmp_path):
    """The error has the keys to add, and the job file takes them on the way in too."""
    text = wsdl(CreateHearing=(ASK, ANSWER), ListHearings=("", element("change", high="unbounded")))
    parts = re.sub(r'name="(P|B|S)"|"t:(P|B)"', lambda found: found[0][:-1] + '2"', text[text.index("<portType") :])
    tmp_path.joinpath("court.wsdl").write_text(text.replace("</definitions>", parts), encoding="utf-8")
    job = """
job:
  name: Court
  push_adapter: oracle.soap.v1
  pull_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: https://court.example.gov/soap
  push: {request: {wsdl: court.wsdl%s}}
  pull: {request: {wsdl: court.wsdl%s}}
"""
    found = {}
    for given in ("", ", service: S2", ", service: S2, port: P2", ", port: P3"):
        file = tmp_path / "court.yaml"
        file.write_text(job % (given, given), encoding="utf-8")
        found[given] = {key for key, _ in court(job_files.load_job(file)).check()}
    both = {"job.push.request", "job.pull.request"}
    assert found == {"": both, ", service: S2": set(), ", service: S2, port: P2": set(), ", port: P3": both}
