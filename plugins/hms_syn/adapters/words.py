"""Names taken apart into words, so that ``case_id``, ``CaseID`` and ``caseId`` are one thing."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

READING = frozenset({"list", "get", "find", "search", "query", "fetch", "read", "poll", "retrieve", "lookup", "select"})
_CREATING = frozenset({
    "create", "add", "new", "insert", "register", "schedule", "submit", "file", "book", "lodge", "post",
    "record", "send", "issue", "open", "enter", "make", "report", "receive", "notify",
})  # fmt: skip
_UPDATING = frozenset({
    "update", "change", "modify", "amend", "edit", "correct", "revise", "adjust", "reschedule", "replace",
    "alter", "move", "put",
})  # fmt: skip
_CANCELLING = frozenset({
    "cancel", "withdraw", "void", "revoke", "annul", "vacate", "delete", "remove", "erase", "purge", "drop",
    "strike",
})  # fmt: skip
_GROUPS = (_CREATING, _UPDATING, _CANCELLING)
_VERBS = READING.union(*_GROUPS)

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LONG_FORMS = {
    "dt": "date", "nbr": "number", "num": "number", "cd": "code", "ident": "id", "identifier": "id", "amt": "amount",
}  # fmt: skip
_FILLERS = frozenset({"of", "the", "a", "an", "for"})


def meant(name: str, choices: Iterable[str]) -> str:
    """Return the question that names the choice which was probably meant; empty where none is near.

    >>> meant("caseid", ["CaseID", "DateOfHearing"]), meant("room", ["CaseID"])
    ("; did you mean 'CaseID'?", '')
    """
    near = nearest(name, choices)
    return "" if near is None else f"; did you mean {near!r}?"


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice which was probably meant, whatever its capitals, or None."""
    known = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(name.casefold(), list(known), n=1, cutoff=0.7)
    return known[near[0]] if near else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a topic is about: ``hud.hearing.created`` is the noun ``hearing`` and the verb ``created``."""

    noun: frozenset[str]
    verb: str

    @classmethod
    def parse(cls, topic: str) -> Topic | None:
        """Return the topic's noun and verb, or None where it is too short or a pattern."""
        noun, _, verb = topic.rpartition(".")
        noun = noun.rpartition(".")[2]
        if not noun or "*" in noun or "*" in verb:
            return None
        return cls(noun=frozenset(singular(word) for word in split(noun)), verb=verb.lower())


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, common abbreviations written out.

    >>> split("DateOfHearing"), split("case_id"), split("DispositionCd")
    (('date', 'of', 'hearing'), ('case', 'id'), ('disposition', 'code'))
    """
    return tuple(_LONG_FORMS.get(word.lower(), word.lower()) for word in _WORD.findall(name))


def singular(word: str) -> str:
    """Return a word without its plural ending."""
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def stems(verb: str) -> frozenset[str]:
    """Return what a past form may come from: ``submitted`` is ``submit``, ``filed`` is ``file``."""
    found = {verb}
    if verb.endswith("ied"):
        found.add(verb[:-3] + "y")
    elif verb.endswith("ed"):
        found |= {verb[:-1], verb[:-2]}
        if verb[-4:-3] == verb[-3:-2]:
            found.add(verb[:-3])
    return frozenset(found)


def synonyms(verb: str) -> frozenset[str]:
    """Return the verbs a vendor may use for the same act."""
    roots = stems(verb)
    return roots.union(*(group for group in _GROUPS if group & roots))


def has_noun(name: str, noun: Collection[str]) -> bool:
    """Return True if the name holds every word of the noun, in the singular or plural."""
    return frozenset(noun) <= {singular(word) for word in split(name)}


def verb_of(name: str) -> str | None:
    """Return the verb in an operation's name: its first word, else its last, else the only known one."""
    words = split(name)
    for word in (*words[:1], *words[-1:], *words):
        if word in _VERBS:
            return word
    return words[0] if words else None


def pair(targets: Iterable[str], sources: Iterable[str], noun: Collection[str]) -> dict[str, str]:
    """Return target → source for all names that mean the same and have one partner only.

    Whole names are compared first; what is left is compared without the noun's words, so ``date`` finds
    ``hearingDate``.
    """
    return dict(_pair(tuple(targets), tuple(sources), frozenset(noun)))


@lru_cache(maxsize=1024)
def _pair(targets: tuple[str, ...], sources: tuple[str, ...], noun: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Do it once for each form and kind of payload."""
    pairs: dict[str, str] = {}
    left_targets, left_sources = list(targets), list(sources)
    for without in (frozenset[str](), noun):
        source_keys = {name: _keys(name, without) for name in left_sources}
        target_keys = {name: _keys(name, without) for name in left_targets}
        for target, keys in target_keys.items():
            partners = [name for name, other in source_keys.items() if keys & other]
            rivals = [name for name, other in target_keys.items() if partners and other & source_keys[partners[0]]]
            if len(partners) == 1 and len(rivals) == 1:
                pairs[target] = partners[0]
        left_targets = [name for name in left_targets if name not in pairs]
        left_sources = [name for name in left_sources if name not in pairs.values()]
    return tuple(pairs.items())


@lru_cache(maxsize=4096)
def _keys(name: str, without: frozenset[str]) -> frozenset[str]:
    words = [word for word in split(name) if word not in _FILLERS and singular(word) not in without]
    words = words or list(split(name)) or [name]
    return frozenset({"".join(words), "".join(sorted(words))})
