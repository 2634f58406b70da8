"""Nothing leaves but the request itself, to the one place it is for: not through a proxy, a netrc, or a contract."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.adapters.liar import LOOPBACK, MemoryPins, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.wsdls import element, wsdl

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient
from hms_syn.adapters.soap import soap_contract
from hms_syn.domain.job_spec import Push

ROOT = Path(__file__).parents[3]
TEXT = wsdl(CreateHearing=(element("caseId") + element("date"), element("reference")))
NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "ftp_proxy")
SENDS = """
import sys
from tests.unit.adapters.liar import court, court_job, hearing
adapter = court(court_job(sys.argv[1]))
adapter.ping()
print(adapter.send(hearing()).reference)
"""


def test_neither_proxies_nor_a_netrc_of_the_environment_are_looked_at(tmp_path):
    """A real process, told by every variable and file there is to go another way, goes to the vendor."""
    with liar(http(scheduled("STOLEN-1"))) as proxy, liar(http(scheduled())) as vendor:
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login hud password hunter2\ndefault login hud password hunter2\n")
        netrc.chmod(0o600)
        environment = dict.fromkeys(NAMES, proxy.origin) | {"HOME": str(tmp_path), "NETRC": str(netrc)}
        done = subprocess.run(
            [sys.executable, "-c", SENDS, vendor.origin],
            cwd=ROOT,
            env={**os.environ, **environment, "no_proxy": "", "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert done.stdout.strip() == "COURT-1"
    assert proxy.connections == 0
    assert [request.split()[0] for request in vendor.requests] == [b"GET", b"POST"]
    assert not any(b"uthorization" in request for request in vendor.requests)


@pytest.mark.parametrize(
    "import_",
    [
        '<xs:import namespace="urn:m" schemaLocation="{place}"/>',
        '<xs:include schemaLocation="{place}"/>',
        '<xs:redefine schemaLocation="{place}"/>',
    ],
)
@pytest.mark.parametrize("way", ["pinned", "fetched", "file"])
def test_a_contract_never_leads_to_a_document_elsewhere(tmp_path, import_, way):
    """What a WSDL imports comes from its pin, its own origin or its own folder; the canary hears nothing."""
    with liar(http("<x/>")) as canary, liar(http(scheduled())) as vendor:
        text = TEXT.replace("<xs:schema", "<xs:schema", 1).replace(
            'elementFormDefault="qualified">',
            f'elementFormDefault="qualified">{import_.format(place=f"{canary.origin}/x.xsd")}',
        )
        job = court_job(vendor.origin, pull_adapter=None, push=Push(timeout=0.6))
        pins = MemoryPins()
        if way == "pinned":
            entry = f"{vendor.origin}/soap?wsdl"
            bundle = soap_contract.Bundle(entry=entry, documents={entry: text.encode()})
            pins.pin(job.id, soap_contract.PIN_NAME, bundle.to_bytes())
        elif way == "file":
            (tmp_path / "v.wsdl").write_text(text, encoding="utf-8")
            push = Push(request={"wsdl": "v.wsdl"}, timeout=0.6)
            job = court_job(vendor.origin, file=str(tmp_path / "j.yaml"), pull_adapter=None, push=push)
        else:
            pins.pin("another", soap_contract.PIN_NAME, b"{}")
        with pytest.raises(errors.SynError) as caught:
            court(job, pins=pins).send(hearing())
    assert isinstance(caught.value, errors.ContractMismatch)
    assert canary.connections == 0
    assert not any(request.startswith(b"POST") for request in vendor.requests)


@pytest.mark.parametrize(
    "place", ["file:///etc/hostname", "/etc/hostname", "../../etc/hostname", "ftp://x/y", "http://["]
)
def test_a_fetched_contract_never_leads_to_a_file_of_ours(place):
    """A vendor's document has no business on our disk."""
    import_ = f'<xs:import namespace="urn:m" schemaLocation="{place}"/>'
    text = TEXT.replace('elementFormDefault="qualified">', f'elementFormDefault="qualified">{import_}')
    with liar(http(text), http(status="404 Not Found")) as vendor, pytest.raises(errors.NeedsOfficer):
        court(court_job(vendor.origin, push=Push(timeout=0.6))).send(hearing())
    assert len(vendor.requests) <= 2
    assert not any(request.startswith(b"POST") for request in vendor.requests)


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb", "a\rb", "a\0b", "\u6cd5"])
def test_a_header_that_would_be_two_is_no_header(value):
    """What a contract or connection puts into a header stays one header, or nothing is sent."""
    with liar(http()) as peer:
        one = GuardedClient(peer.origin, allow_private=LOOPBACK, timeout=1, max_response_bytes=9)
        for headers in ({"SOAPAction": value}, {value: "x"}):
            with pytest.raises(errors.ContractMismatch) as caught:
                one.request("POST", f"{peer.origin}/", headers=headers)
            assert caught.value.code == "bad_header"
    assert peer.connections == 0


def test_all_documents_of_a_contract_share_one_deadline():
    """A vendor that hands its documents out slowly, one importing the next, does not hold a worker for ever."""
    asked = itertools.count()

    def hand_out(conn) -> None:
        time.sleep(0.5)
        import_ = f'<xs:import namespace="urn:m" schemaLocation="{next(asked)}.xsd"/>'
        schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:m">{import_}</xs:schema>'
        first = TEXT.replace('elementFormDefault="qualified">', f'elementFormDefault="qualified">{import_}')
        said = first if import_.endswith('"0.xsd"/>') else schema
        conn.sendall(http(said, headers="Connection: close\r\n"))  # it is closed now; not said, that is a race

    with liar(hand_out) as vendor, pytest.raises(errors.NotSent):
        court(court_job(vendor.origin, push=Push(timeout=6.0))).send(hearing())
    assert 1 < len(vendor.requests) <= 12
