"""Signed notes, as C2SP's ``signed-note`` writes them: a text, an empty line, and a line for each signature.

A signature line is an em dash, the key's name, and the base64 of four bytes that tell keys of one name apart followed
by the Ed25519 signature of the text. Keys are one line each: ``name+hash+base64`` for whoever verifies, and the same
behind ``PRIVATE+KEY+`` for whoever signs, as the Go tools for transparency logs have them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

ED25519 = b"\x01"
PRIVATE = "PRIVATE+KEY+"
NAME = re.compile(r"[^\s+\x00-\x1f]{1,200}")
SIZE = 32
"""Bytes of a public key, and of the seed of a private one."""
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name."""

    name: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        """Return the four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{_base64(ED25519 + self.public)}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Tell whether this key has signed this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name; never printed."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """Return what others check our signatures with."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Verifier(self.name, public.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def written(self) -> str:
        """Return the line that the key's file holds: a secret."""
        return f"{PRIVATE}{self.name}+{self.verifier.key_hash.hex()}+{_base64(ED25519 + self.seed)}"

    def sign(self, text: str) -> str:
        """Return the text as a signed note; the same text is signed the same way each time."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n— {self.name} {_base64(self.verifier.key_hash + signature)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_hash: bytes
    signature: bytes


def new_signer(name: str) -> Signer:
    """Make a key.

    :raises ValueError: the name is empty or holds white space or a plus sign
    """
    if NAME.fullmatch(name) is None:
        raise ValueError("a key's name holds neither white space nor '+'")
    return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw())


def signer(line: str) -> Signer:
    """Read a private key's line.

    :raises ValueError: it is none; the message holds nothing of it
    """
    if not line.startswith(PRIVATE):
        raise ValueError("not a private key")
    name, key_hash, seed = _parts(line.removeprefix(PRIVATE))
    found = Signer(name, seed)
    if found.verifier.key_hash != key_hash:
        raise ValueError("the key's hash is not its own")
    return found


def verifier(line: str) -> Verifier:
    """Read a verifier's line.

    :raises ValueError: it is none
    """
    if line.startswith(PRIVATE):
        raise ValueError("a private key, which is for nobody else to see")
    name, key_hash, public = _parts(line)
    found = Verifier(name, public)
    if found.key_hash != key_hash:
        raise ValueError("the key's hash is not its own")
    return found


def parts(note: str) -> tuple[str, Sequence[Signature]]:
    """Return a note's text and its signatures; a text without any has none.

    :raises ValueError: it is no note
    """
    text, gap, rest = note.rpartition("\n\n")
    if not gap:
        raise ValueError("no empty line behind the text")
    found = []
    for line in rest.splitlines():
        match = _LINE.fullmatch(line)
        blob = _bytes(match["blob"]) if match else b""
        if match is None or len(blob) <= len(ED25519) * 4:
            raise ValueError("a line behind the text is no signature")
        found.append(Signature(match["name"], blob[:4], blob[4:]))
    return text + "\n", found


def is_signed_by(note: str, key: Verifier) -> bool:
    """Tell whether a note bears this key's signature, and each that claims to be is genuine.

    :raises ValueError: it is no note
    """
    text, signatures = parts(note)
    claimed = [one for one in signatures if (one.name, one.key_hash) == (key.name, key.key_hash)]
    return bool(claimed) and all(key.accepts(text, one.signature) for one in claimed)


def _parts(line: str) -> tuple[str, bytes, bytes]:
    found = line.strip().split("+", 2)
    if len(found) != len(("name", "hash", "key")) or NAME.fullmatch(found[0]) is None:
        raise ValueError("not of the form name+hash+base64")
    key = _bytes(found[2])
    if re.fullmatch("[0-9a-f]{8}", found[1]) is None or key[:1] != ED25519 or len(key) != 1 + SIZE:
        raise ValueError("not an Ed25519 key")
    return found[0], bytes.fromhex(found[1]), key[1:]


def _base64(given: bytes) -> str:
    return base64.b64encode(given).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
