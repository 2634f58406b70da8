"""Where a job's bytes may go, as far as the URL's text can say."""

from __future__ import annotations

import pytest

from hms_syn import errors
from hms_syn.adapters.http_client import check_url


@pytest.mark.parametrize(
    "url",
    [
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://0/",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest",
        "http://224.0.0.1/",
        "http://evil\\@127.0.0.1/",
        "http://user:secret@court.example.gov/",
        "ftp://court.example.gov/",
        "file:///etc/passwd",
        "http:///soap",
        "http://court.example.gov:99999/",
        "http://court.example.gov/a b",
        "http://\uff11\uff12\uff17.0.0.1/",
    ],
)
def test_a_url_that_leads_astray_is_refused(url):
    """Odd spellings, private addresses, other schemes and credentials in a URL never pass."""
    with pytest.raises(errors.ContractMismatch) as caught:
        check_url(url, [])
    assert "secret" not in str(caught.value)


def test_a_public_url_passes():
    """A plain name and a public address are what a vendor has."""
    check_url("https://court.example.gov/soap?wsdl", [])
    check_url("https://8.8.8.8:8443/", [])


def test_a_listed_network_opens_its_addresses_only():
    """``allow_private`` opens what it names and nothing else."""
    check_url("http://127.0.0.1:8080/", ["127.0.0.0/8"])
    check_url("http://localhost:8080/", ["127.0.0.0/8"])
    with pytest.raises(errors.ContractMismatch):
        check_url("http://10.0.0.1/", ["127.0.0.0/8"])
