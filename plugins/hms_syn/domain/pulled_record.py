"""A vendor's record on its way to the bus: what makes it itself, and whose message of ours it speaks of."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError

from hms_syn.domain import expressions
from hms_syn.domain.ack import RECEIPT_CHARS, printable
from hms_syn.domain.topic_event import MAX_PAYLOAD_BYTES, canonical, new_event
from hms_syn.errors import ContractMismatch, InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.domain.job_spec import JobSpec, Pull
    from hms_syn.domain.topic_event import TopicEvent

EXACT_INTEGER = 2**53
DISTINCT_CHARS = 6
"""A shorter receipt may stand in a record by chance; it counts only in a field that says what it is."""
MOST_WORDS = 100
KEY_CHARS = 36
SAYS_WHAT_IT_IS = frozenset({"id", "ref", "reference", "number", "receipt", "confirmation", "confirmationnumber"})
_OUR_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
"""An idempotency key of ours is a UUID of version 5, alone or inside something like ``urn:uuid:…``."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FOLDED = re.compile(r"[^a-z0-9]")


def event_of(job: JobSpec, record: Mapping[str, Any], source: Mapping[str, Any], own: Any = None) -> TopicEvent:
    """Return the event a record is published as; ``source`` is the same record as the vendor gave it.

    Its message id is the job's name and a digest of what ``pull.dedupe_key`` finds in the source, so that the same
    record is the same message for ever. Without a ``dedupe_key`` it is a digest of ``own``, what the adapter knows to
    make the record itself, or of the whole source.

    :raises ContractMismatch: it has no dedupe key, is too large, or holds what JSON cannot carry; never with a value
    """
    if job.pull is None:
        raise ContractMismatch(f"{job.id}: has no pull side")
    try:
        return _event(job.id, job.pull, record, source, own)
    except InvalidEvent:  # seldom: what JSON cannot carry exactly is looked for only where there is any
        pass
    try:
        return _event(job.id, job.pull, _exact(record), _exact(source), _exact(own))
    except InvalidEvent as error:
        text = str(error).removeprefix("payload: ").removeprefix("record: ")
        if text.startswith("larger than"):
            text = f"larger than {MAX_PAYLOAD_BYTES} bytes; take what you need of it with 'pull.mapping'"
        raise ContractMismatch(text) from None


def _event(job: str, pull: Pull, record: Mapping[str, Any], source: Mapping[str, Any], own: Any) -> TopicEvent:
    identity = _identity(source if pull.dedupe_key is not None or own is None else own, pull.dedupe_key)
    return new_event(pull.publish_topic, record, agency=job, message_id=f"{job}:{identity}")


def mentions(source: Mapping[str, Any], receipt: str) -> frozenset[str]:
    """Return the words of a record that may be the receipt or the key of a message of ours.

    Some vendors' receipts are short numbers, which stand in a record by chance. What is shorter than six characters
    counts only in a field whose name says what it is: that of ``receipt``, the job's ``ack.reference``, or ``id`` and
    the like.
    """
    names = SAYS_WHAT_IT_IS | {_folded(name) for name in _NAME.findall(receipt)[-1:]}
    found: set[str] = set()
    for name, text in _texts(source, ""):
        if len(text) >= KEY_CHARS:
            found.update(key.lower() for key in _OUR_KEY.findall(text))
        word = printable(text.strip()[:RECEIPT_CHARS])[:RECEIPT_CHARS]
        if word and (len(word) >= DISTINCT_CHARS or _folded(name) in names):
            found.add(word)
        if len(found) >= MOST_WORDS:
            break
    return frozenset(found)


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield (name of the field, text) for each text and whole number of a record, at any depth."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from _texts(item, str(inner))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, str(value)


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return _FOLDED.sub("", name.lower())


def _exact(value: Any) -> Any:
    """Return a vendor's value as JSON can carry it exactly: an integer beyond 2**53 travels as text."""
    if isinstance(value, dict):
        return {str(name): _exact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    if isinstance(value, int) and abs(value) > EXACT_INTEGER:
        return str(value)
    return value


def _is_nothing(identity: Any) -> bool:
    """Return whether this tells no record from another; of ``[id, version]`` only the version may be missing."""
    if isinstance(identity, list):
        return not identity or _is_nothing(identity[0])
    if isinstance(identity, dict):
        return all(_is_nothing(item) for item in identity.values())
    return identity is None or (isinstance(identity, str) and not identity.strip())


def _identity(record: Any, dedupe_key: str | None) -> str:
    """Digest of what makes a record itself: the declared key, or all that is given when none is declared."""
    identity: Any = record
    if dedupe_key is not None:
        try:
            identity = expressions.compiled(dedupe_key).search(record)
        except JMESPathError:
            raise ContractMismatch(
                f"'pull.dedupe_key': {dedupe_key!r} does not fit it; name the vendor's fields, e.g. '[id, version]'"
            ) from None
        if _is_nothing(identity):
            raise ContractMismatch(
                f"'pull.dedupe_key': it has nothing at {dedupe_key!r}; name a field that every record has"
            )
    return hashlib.sha256(canonical(identity, what="record").encode()).hexdigest()[:40]
