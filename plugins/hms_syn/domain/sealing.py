"""Sealing a message's words: AES-256-GCM with a data key of the message's own, wrapped by a key kept elsewhere.

Payload, headers and the salt of the audit trail's commitment stand in one sealed text: a copy of the database alone is
no help in guessing a payload against its commitment. Both seals are bound to the message's id: moved to another row,
neither opens. Every key and nonce is random: a data key seals one text only, and a wrapping key must be changed before
2**32 messages (NIST SP 800-38D section 8.3).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hms_syn.errors import CannotOpen, KeysNotReady

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Words:
    """What of a message is secret: its payload and headers as canonical JSON, and the salt of its commitment in hex."""

    body: str
    headers: str
    salt: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message's words as they are stored: which key wraps the data key, the data key, and the text it seals."""

    key_id: str
    data_key: str
    text: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The wrapping keys, newest first: the first seals, all open."""

    by_id: Mapping[str, AESGCM] = field(repr=False)

    @property
    def newest(self) -> str:
        """Return the id of the key that seals."""
        return next(iter(self.by_id))

    def seal(self, message_id: str, words: Words) -> Sealed:
        """Seal a message's words with a new data key, wrapped by the newest key."""
        randoms = os.urandom(KEY_BYTES + 2 * NONCE_BYTES)
        data_key, nonce, wrap_nonce = randoms[:32], randoms[32:44], randoms[44:]
        clear = f"{words.salt}\n{words.headers}\n{words.body}".encode()  # canonical JSON holds no line end
        key_id, wrapping = next(iter(self.by_id.items()))
        return Sealed(
            key_id=key_id,
            data_key=_text(wrap_nonce + wrapping.encrypt(wrap_nonce, data_key, _bound("key", message_id))),
            text=_text(nonce + AESGCM(data_key).encrypt(nonce, clear, _bound("words", message_id))),
        )

    def open(self, message_id: str, sealed: Sealed) -> Words:
        """Return what was sealed.

        :raises CannotOpen: the key is not here, or the text was altered or belongs to another message
        """
        data_key = self._data_key(message_id, sealed.key_id, sealed.data_key)
        try:
            clear = _opened(AESGCM(data_key), sealed.text, _bound("words", message_id)).decode()
            salt, headers, body = clear.split("\n", 2)
        except (InvalidTag, ValueError):
            raise _altered(message_id, sealed.key_id) from None
        return Words(body=body, headers=headers, salt=salt)

    def rewrap(self, message_id: str, key_id: str, data_key: str) -> tuple[str, str]:
        """Return the newest key's id, and the data key as that wraps it; what it seals stays as it is.

        :raises CannotOpen: as ``open``
        """
        nonce = os.urandom(NONCE_BYTES)
        clear = self._data_key(message_id, key_id, data_key)
        newest, wrapping = next(iter(self.by_id.items()))
        return newest, _text(nonce + wrapping.encrypt(nonce, clear, _bound("key", message_id)))

    def _data_key(self, message_id: str, key_id: str, data_key: str) -> bytes:
        wrapping = self.by_id.get(key_id)
        if wrapping is None:
            raise CannotOpen(
                f"{message_id}: sealed with the key '{key_id}', which is not in the keys file; put its line back there "
                "from where you keep copies, then replay what blocks",
                code="key_missing",
            )
        try:
            return _opened(wrapping, data_key, _bound("key", message_id))
        except (InvalidTag, ValueError):
            raise _altered(message_id, key_id) from None


def parse(text: str, *, name: str) -> Keys:
    """Read a keys file: ``<key id> <base64 of 32 bytes>`` a line, newest first; ``name`` is the file's, for errors.

    :raises KeysNotReady: naming the line at fault, never what stands in it
    """
    found: dict[str, AESGCM] = {}
    for number, key_id, key in _lines(text, name):
        if key_id in found:
            raise KeysNotReady(f"{name}:{number}: the key id '{key_id}' stands there twice; give every key its own")
        found[key_id] = AESGCM(key)
    if not found:
        raise KeysNotReady(f"{name}: holds no key; make one with 'hms-syn keys new'")
    return Keys(found)


def new_line(key_id: str) -> str:
    """Return the line of a new key, as a keys file has it.

    :raises KeysNotReady: the id cannot be one
    """
    if not KEY_ID.fullmatch(key_id):
        raise KeysNotReady("a key's id is 1 to 40 letters, digits, '.', '_' and '-', e.g. 2026-11")
    return f"{key_id} {_text(os.urandom(KEY_BYTES))}\n"


def _lines(text: str, name: str) -> Iterator[tuple[int, str, bytes]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = line.split()
        wrong = f"{name}:{number}: write '<key id> <base64 of 32 bytes>'"
        if len(parts) != 2 or not KEY_ID.fullmatch(parts[0]):  # noqa: PLR2004 - an id and a key
            raise KeysNotReady(f"{wrong}; the id is 1 to 40 letters, digits, '.', '_' and '-'")
        try:
            key = base64.b64decode(parts[1], validate=True)
        except (binascii.Error, ValueError):
            raise KeysNotReady(f"{wrong}; what follows the id is no base64") from None
        if len(key) != KEY_BYTES:
            raise KeysNotReady(f"{wrong}; the key has {len(key)} bytes")
        yield number, parts[0], key


def _bound(what: str, message_id: str) -> bytes:
    return f"hms-syn {what} {message_id}".encode()


def _opened(key: AESGCM, text: str, bound: bytes) -> bytes:
    raw = base64.b64decode(text, validate=True)
    return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _altered(message_id: str, key_id: str) -> CannotOpen:
    return CannotOpen(
        f"{message_id}: does not open with the key '{key_id}': the row was altered, or another key has that id; "
        "compare the database and the keys file with their backups"
    )
