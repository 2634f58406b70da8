"""Names that lead elsewhere: what counts is the address at the moment of connecting."""

from __future__ import annotations

import socket
import time

import pytest
from tests.unit.adapters.liar import LOOPBACK
from tests.unit.adapters.other_names import told

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient


def test_a_name_is_judged_again_at_every_connection(tmp_path):
    """F28: a name that led to the vendor and now leads inside is refused, and is good again when it leads back."""
    assert told("rebinding", tmp_path) == ["200", "NotSent address_refused", "200", "canary silent"]


def test_of_several_addresses_only_allowed_ones_are_tried(tmp_path):
    """F28: the address that is not allowed does not even see a connection."""
    assert told("two_addresses", tmp_path) == ["200", "canary silent"]


def test_a_public_name_with_an_inside_address_is_refused_by_every_way_out(tmp_path):
    """F28: the WSDL, the message and the health page are all fetched through the same guard."""
    said = told("inward_names", tmp_path)
    assert len(said) == 13
    assert {text for pair in said.values() for text in pair} == {"NotSent address_refused"}


def test_a_network_that_is_down_has_not_carried_the_message(tmp_path):
    """F26: no route is no doubt."""
    assert told("unreachable", tmp_path) == "NotSent connect"


def test_a_resolver_that_says_nothing_is_cut_off_at_the_deadline(tmp_path):
    """F26: the resolver's own patience is not ours."""
    said, took = told("silent_resolver", tmp_path)
    assert said == "NotSent dns"
    assert took < 10


def test_a_peer_that_never_accepts_is_cut_off_at_the_deadline():
    """F26: a connection that is never answered has carried nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        started = time.monotonic()
        with pytest.raises(errors.NotSent) as caught:
            GuardedClient(url, allow_private=LOOPBACK, timeout=0.5, max_response_bytes=9).request(
                "POST", url, headers={}, body=b"hello"
            )
        assert time.monotonic() - started < 10
        for each in waiting:
            each.close()
    assert caught.value.code == "connect"
