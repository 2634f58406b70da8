"""Which addresses a job may reach: everything public, and of the rest only what its file names."""

from __future__ import annotations

import ipaddress
import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PRIVATE_SPACE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""What ``allow_private`` may open. Broadcast, multicast and reserved addresses stay closed whatever a file says."""

_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is routed of IPv6. Python calls more of it global: IPv4 in disguise (``::7f00:1``), site-local, SRv6."""

_NOBODY = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")  # protocols, 6to4 relays, examples
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOOPBACK = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def refusal(host: str, allow_private: Iterable[str] = ()) -> str | None:
    """Why a job must not connect to ``host``, or None if it may.

    A name is judged only when it says by itself where it leads (``localhost``); any other name is None here and must
    be judged again by the address it resolves to. Numbers that are not a written-out address (``127.1``,
    ``0x7f000001``) are always refused, because programs disagree on what they mean.

    >>> refusal("court.example.gov")
    >>> refusal("127.0.0.1", ["127.0.0.0/8"])
    >>> refusal("10.1.2.3")
    '10.1.2.3 is a private address; if this job may reach it, add "10.1.2.3/32" or its network to allow_private'
    >>> refusal("127.1")
    "'127.1' is an unusual spelling of an address; write 127.0.0.1"
    """
    name = host.strip("[]").rstrip(".").lower()
    networks = [ipaddress.ip_network(network) for network in allow_private]
    if name == "localhost" or name.endswith(".localhost"):
        if any(_within(address, networks) for address in _LOOPBACK):
            return None
        return f'{name} is this machine; if this job may reach it, add "127.0.0.0/8" to allow_private'
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _odd_spelling(name)
    return _address_refusal(_innermost(address), networks)


def network_refusal(text: str) -> str | None:
    """Why ``text`` cannot stand in ``allow_private``, or None if it can.

    >>> network_refusal("127.0.0.0/8")
    >>> network_refusal("0.0.0.0/0")
    "'0.0.0.0/0' reaches beyond private, loopback and link-local space; name a smaller network"
    """
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return f"{text!r} is not a network; write an address and its prefix, such as '10.20.0.0/16'"
    if any(_subnet(network, space) for space in PRIVATE_SPACE):
        return None
    return f"{text!r} reaches beyond private, loopback and link-local space; name a smaller network"


def _address_refusal(address: IPv4Address | IPv6Address, networks: list[IPv4Network | IPv6Network]) -> str | None:
    is_unicast = isinstance(address, IPv4Address) or address in _UNICAST
    if address.is_global and is_unicast and not address.is_multicast and not _within(address, _NOBODY):
        return None
    if not _within(address, PRIVATE_SPACE):
        return f"{address} is not an address of a vendor; write the vendor's public name"
    if _within(address, networks):
        return None
    kind = "this machine" if address.is_loopback else "a link-local" if address.is_link_local else "a private"
    noun = "" if address.is_loopback else " address"
    own = f"{address}/{address.max_prefixlen}"
    return f'{address} is {kind}{noun}; if this job may reach it, add "{own}" or its network to allow_private'


def _innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address leads to, where it carries one; without a zone."""
    if isinstance(address, IPv4Address):
        return address
    plain = IPv6Address(int(address))
    if plain in _NAT64:
        return IPv4Address(int(plain) & 0xFFFFFFFF)
    return plain.ipv4_mapped or plain.sixtofour or plain


def _odd_spelling(name: str) -> str | None:
    if _NUMBER.fullmatch(name.rsplit(".", maxsplit=1)[-1]) is None:
        return None
    try:
        meant = socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        return f"{name!r} is neither a name nor an address"
    return f"{name!r} is an unusual spelling of an address; write {meant}"


def _within(address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def _subnet(network: IPv4Network | IPv6Network, space: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(space, IPv4Network) and network.subnet_of(space)
    return isinstance(space, IPv6Network) and network.subnet_of(space)
