"""The Merkle tree of RFC 9162, against known roots, a reference straight from the RFC, and lies."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain import merkle_tree
from hms_syn.domain.merkle_tree import GrowingTree

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""The eight leaves that implementations of Certificate Transparency test with, and the root of each first few."""


def leaf(number):
    return hashlib.sha256(b"\x00%d" % number).digest()


def leaves(size):
    return [leaf(number) for number in range(size)]


def split(size):
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(given):
    """MTH of RFC 9162 section 2.1.1, as it stands there."""
    if not given:
        return hashlib.sha256(b"").digest()
    if len(given) == 1:
        return given[0]
    k = split(len(given))
    return hashlib.sha256(b"\x01" + mth(given[:k]) + mth(given[k:])).digest()


def path(index, given):
    """PATH of section 2.1.3.1."""
    if len(given) == 1:
        return []
    k = split(len(given))
    if index < k:
        return [*path(index, given[:k]), mth(given[k:])]
    return [*path(index - k, given[k:]), mth(given[:k])]


def subproof(m, given, whole):
    """SUBPROOF of section 2.1.4.1."""
    if m == len(given):
        return [] if whole else [mth(given)]
    k = split(len(given))
    if m <= k:
        return [*subproof(m, given[:k], whole), mth(given[k:])]
    return [*subproof(m - k, given[k:], False), mth(given[:k])]


def grown(given, tree=None):
    tree = tree or GrowingTree()
    for one in given:
        tree.append(one)
    return tree


def proven(ranges, given):
    found = merkle_tree.roots(given, ranges)
    return [found[one] for one in ranges]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_everybody_finds(size):
    given = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS[:size]]
    assert grown(given).root().hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(70))
def test_every_root_and_every_proof_is_the_one_the_rfc_spells_out(size):
    given = leaves(size)
    root = grown(given).root()
    assert root == mth(given)
    for index in range(size):
        proof = proven(merkle_tree.inclusion(index, size), given)
        assert proof == path(index, given)
        assert merkle_tree.is_included(given[index], index, size, proof, root)
    for old in range(1, size + 1):
        proof = proven(merkle_tree.consistency(old, size), given)
        assert proof == subproof(old, given, True)
        assert merkle_tree.is_consistent(old, size, mth(given[:old]), root, proof)
    assert merkle_tree.is_consistent(0, size, merkle_tree.EMPTY, root, [])


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_tree_goes_on_from_its_peaks_alone(first, more):
    begun = grown(leaves(first))
    kept = GrowingTree(begun.size, begun.peaks)
    assert grown(leaves(first + more)[first:], kept).root() == mth(leaves(first + more))
    assert len(kept.peaks) == (first + more).bit_count()


@given(st.data())
def test_a_proof_that_is_changed_anywhere_proves_nothing(data):
    size = data.draw(st.integers(2, 200))
    index = data.draw(st.integers(0, size - 1))
    given, root = leaves(size), mth(leaves(size))
    proof = proven(merkle_tree.inclusion(index, size), given)
    at = data.draw(st.integers(0, len(proof) - 1))
    lie = [*proof[:at], leaf(-1), *proof[at + 1 :]]
    assert not merkle_tree.is_included(given[index], index, size, lie, root)
    assert not merkle_tree.is_included(given[index], index, size, [*proof, leaf(-1)], root)
    assert not merkle_tree.is_included(given[index], index, size, proof[:-1], root)
    assert not merkle_tree.is_included(leaf(-1), index, size, proof, root)
    assert not merkle_tree.is_included(given[index], size, size, proof, root)
    assert not merkle_tree.is_included(given[index], -1, size, proof, root)


@given(st.data())
def test_a_tree_that_was_rewritten_is_consistent_with_no_older_one(data):
    size = data.draw(st.integers(2, 200))
    old = data.draw(st.integers(1, size - 1))
    given, other = leaves(size), leaves(size)
    other[data.draw(st.integers(0, old - 1))] = leaf(-1)
    proof = proven(merkle_tree.consistency(old, size), other)
    assert merkle_tree.is_consistent(old, size, mth(other[:old]), mth(other), proof)
    assert not merkle_tree.is_consistent(old, size, mth(given[:old]), mth(other), proof)
    assert not merkle_tree.is_consistent(old, size, mth(other[:old]), mth(given), proof)
    assert not merkle_tree.is_consistent(old, size, mth(other[:old]), mth(other), [*proof, leaf(-1)])
    assert not merkle_tree.is_consistent(old, size, mth(other[:old]), mth(other), [])
    assert not merkle_tree.is_consistent(size, old, mth(other), mth(other[:old]), proof)


def test_a_tree_of_its_own_size_is_the_same_tree():
    assert merkle_tree.is_consistent(5, 5, mth(leaves(5)), mth(leaves(5)), [])
    assert not merkle_tree.is_consistent(5, 5, leaf(-1), mth(leaves(5)), [])
    assert not merkle_tree.is_consistent(0, 5, leaf(-1), mth(leaves(5)), [])


def test_what_the_leaves_do_not_reach_has_no_root():
    assert merkle_tree.roots(leaves(3), [(0, 2), (2, 4)]) == {(0, 2): mth(leaves(2))}


def test_peaks_that_do_not_fit_a_size_are_refused():
    with pytest.raises(ValueError, match="a tree of 3 leaves does not have 1 peaks"):
        GrowingTree(3, [leaf(1)])
