"""Which hosts a job may name."""

from __future__ import annotations

import pytest

from hms_syn.domain import addresses

PRIVATE = ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "fd00::1",
           "localhost", "LOCALHOST.", "a.localhost", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]  # fmt: skip
ODD = ["127.1", "2130706433", "0177.0.0.1", "0x7f000001", "0", "127.0.0.1.5", "a.0x7f", "1.2.3.4.0"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_needs_allow_private(host: str) -> None:
    """Whatever the spelling, nothing inside is reached by default."""
    assert addresses.refusal(host) is not None


@pytest.mark.parametrize("host", PRIVATE)
def test_allow_private_opens_what_it_names(host: str) -> None:
    """All of private, loopback and link-local space can be opened."""
    assert addresses.refusal(host, [str(network) for network in addresses.PRIVATE_SPACE]) is None


@pytest.mark.parametrize("host", [*ODD, "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "192.0.2.1", "ff02::1"])
def test_some_addresses_are_never_a_vendor(host: str) -> None:
    """Odd spellings, broadcast, multicast and reserved addresses stay closed."""
    assert addresses.refusal(host, [str(network) for network in addresses.PRIVATE_SPACE]) is not None


@pytest.mark.parametrize("host", ["court.example.gov", "8.8.8.8", "2606:4700::1111", "[2606:4700::1111]", "x1.2b"])
def test_public_hosts_are_fine(host: str) -> None:
    """A name is judged again by what it resolves to."""
    assert addresses.refusal(host) is None


@pytest.mark.parametrize("network", ["0.0.0.0/0", "8.8.8.0/24", "10.0.0.0/7", "::/0", "x", "10.0.0.1/8", ""])
def test_allow_private_cannot_open_the_world(network: str) -> None:
    """Only networks within private space can be named."""
    assert addresses.network_refusal(network) is not None
