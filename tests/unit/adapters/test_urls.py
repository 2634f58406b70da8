"""Where a job's bytes may go, as far as the URL's text can say: one judgement, of the job file and of the client."""

from __future__ import annotations

from pathlib import Path

import pytest

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient, check_url
from hms_syn.domain import addresses, vendor_urls
from hms_syn.job_files import load_job

ASTRAY = [
    line.encode("latin-1", "backslashreplace").decode("unicode_escape")
    for line in Path(__file__).with_name("astray.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("# ")
]
PLAIN = {
    "https://court.example.gov/soap?wsdl": "court.example.gov",
    "https://court.example.gov.:8443/": "court.example.gov.:8443",
    "HTTPS://Court.Example.GOV:443": "court.example.gov",
    "http://a_b.gov:80/": "a_b.gov",
    "https://xn--bcher-kva.example/": "xn--bcher-kva.example",
    "https://8.8.8.8:8443/": "8.8.8.8:8443",
    "http://[2606:4700::1111]:65535/": "[2606:4700::1111]:65535",
    "http://[64:ff9b::8.8.8.8]/": "[64:ff9b::8.8.8.8]",
    "http://court.gov/%0d%0aX:%20y": "court.gov",
}
JOB = "job:\n  name: C\n  push_adapter: a\n  source_topic: t.x\n  allow_private: {}\n  target_endpoint: {!r}\n"


def loaded(tmp_path, url: str, *allow: str):
    path = tmp_path / "court.yaml"
    escaped = "".join(char if " " < char < "\x7f" and char not in '"\\' else f"\\U{ord(char):08x}" for char in url)
    path.write_text(JOB.format(list(allow), "URL").replace("'URL'", f'"{escaped}"'), encoding="utf-8")
    return load_job(path, adapters=["a"])


@pytest.mark.parametrize("url", ASTRAY)
def test_a_url_that_leads_astray_is_refused_twice(tmp_path, url):
    """F28: the job file is not taken, and the client would not go there; neither repeats what may be a secret."""
    with pytest.raises(errors.JobFileInvalid) as unread:
        loaded(tmp_path, url)
    with pytest.raises(errors.ContractMismatch) as unsent:
        check_url(url)
    assert [problem.key for problem in unread.value.problems] == ["job.target_endpoint"]
    assert unsent.value.code in {"url_refused", "address_refused"}
    assert "secret" not in f"{unread.value}{unsent.value}"


@pytest.mark.parametrize("url", PLAIN)
def test_a_plain_public_url_is_taken_twice(tmp_path, url):
    """A plain name and a public address are what a vendor has, and its Host header is their plainest form."""
    assert loaded(tmp_path, url).target_endpoint == url
    check_url(url)
    assert vendor_urls.origin(url).authority == PLAIN[url]


@pytest.mark.parametrize("url", ASTRAY)
def test_opening_private_space_opens_nothing_else(url):
    """With all of private space allowed, what is still refused is not a matter of privacy, and the rest is in it."""
    everything = [str(network) for network in addresses.PRIVATE_SPACE]
    try:
        check_url(url, everything)
    except errors.ContractMismatch:
        return
    with pytest.raises(errors.ContractMismatch, match="allow_private"):
        check_url(url)


def test_a_listed_network_opens_its_addresses_only():
    """F28: ``allow_private`` opens what it names and nothing else."""
    check_url("http://127.0.0.1:8080/", ["127.0.0.0/8"])
    check_url("http://localhost:8080/", ["127.0.0.0/8"])
    with pytest.raises(errors.ContractMismatch):
        check_url("http://10.0.0.1/", ["127.0.0.0/8"])


def test_a_url_of_another_spelling_is_the_same_origin():
    """Case and a port that goes without saying make no other origin; anything else does."""
    one = GuardedClient("https://Court.example.gov/soap", timeout=0.001, max_response_bytes=1)
    with pytest.raises(errors.NotSent):
        one.request("GET", "HTTPS://court.EXAMPLE.gov:443/health", headers={})
    for url in ("http://court.example.gov/", "https://court.example.gov:444/", "https://court.example.gov./"):
        with pytest.raises(errors.ContractMismatch, match="leads away"):
            one.request("GET", url, headers={})
