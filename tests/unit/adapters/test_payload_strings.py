"""Whatever a publisher writes: the vendor reads exactly that, or not a byte of it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

import pytest
from lxml import etree
from tests.unit.adapters.liar import COURT, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.wsdls import element, shape

from hms_syn import errors
from hms_syn.adapters.soap import soap_values
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event

LINES = [
    line.partition(" ")
    for line in Path(__file__).with_name("strings.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("# ")
]
STRINGS = [(text.encode("ascii").decode("unicode_escape"), fate) for fate, _, text in LINES]
LONG = [
    ("x" * 1_000_000, "carried"),
    ("\u6cd5" * 300_000, "carried"),
    ("&" * 500_000, "carried"),
    ("]]>" * 100_000, "carried"),
]
LONG += [("x" * 2_000_000, "unpublishable"), (" " * 65_536, "carried"), ("\r\n" * 100_000, "carried")]
FATES = {"unmappable": errors.UnmappablePayload, "unpublishable": errors.InvalidEvent}
CASE = f"{{{COURT}}}CaseID"


def published(text: str):
    """Give what the queue hands to a worker: the payload as it was stored."""
    event = new_event("hud.hearing.created", {"case_id": text, "date": "2024-09-02"}, agency="hud")
    return json.loads(event.body)


def read_by_expat(body: bytes) -> str:
    """Read the case as a stream of events, as Perl, PHP and Python do."""
    heard, inside = [], [False]
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, _: inside.__setitem__(0, name == f"{COURT} CaseID")
    parser.EndElementHandler = lambda _: inside.__setitem__(0, False)
    parser.CharacterDataHandler = lambda text: heard.append(text) if inside[0] else None
    parser.Parse(body, True)
    return "".join(heard)


def pushed(text: str, **changes: object) -> tuple[str, list[bytes]]:
    """Publish and push; return what became of it, and what the vendor received."""
    with liar(http(scheduled())) as peer:
        try:
            court(court_job(peer.origin, **changes)).send(hearing(**published(text)))
        except (errors.UnmappablePayload, errors.InvalidEvent) as error:
            return f"{type(error).__name__}: {error}", peer.requests
    return "carried", peer.requests


def expect(text: str, fate: str, **changes: object) -> None:
    said, requests = pushed(text, **changes)
    if fate != "carried":
        assert said.startswith(FATES[fate].__name__)
        assert requests == []
        assert not text.strip() or text not in said
        return
    assert said == "carried"
    body = requests[0].partition(b"\r\n\r\n")[2]
    assert etree.fromstring(body).findtext(f".//{CASE}") == text
    assert ET.fromstring(body).findtext(f".//{CASE}") == text
    assert read_by_expat(body) == text


@pytest.mark.parametrize(("text", "fate"), STRINGS + LONG, ids=[ascii(text)[:40] for text, _ in STRINGS + LONG])
def test_a_text_arrives_as_it_was_published_or_not_at_all(text, fate):
    """F31: three XML parsers read what was written, to the last blank and line end; the rest is refused by name."""
    expect(text, fate)


@pytest.mark.parametrize("text", ["{{ conn.get('x').password }}", "a\r\nb", "\x1b", "&amp;", " x "])
def test_a_declared_mapping_changes_no_text(text):
    """JMESPath moves a text, and leaves it as it is."""
    push = Push(request={"wsdl": "court.wsdl"}, timeout=0.6, mapping={"CaseID": "case_id", "DateOfHearing": "date"})
    expect(text, "unmappable" if text == "\x1b" else "carried", push=push)


@pytest.mark.parametrize("text", [text for text, fate in STRINGS if fate != "unpublishable"])
def test_a_text_comes_back_from_its_canonical_form(text):
    """What is hashed and stored is the text itself: no normal form, no folding, no trimming."""
    assert published(text)["case_id"] == text


@pytest.mark.parametrize("name", [text for text, fate in STRINGS if fate == "carried"][::5])
def test_a_field_of_a_strange_name_has_no_place_and_is_not_repeated_raw(name):
    """A name that the vendor's form lacks sets the message aside; what is shown of it is printable."""
    with liar(http(scheduled())) as peer, pytest.raises(errors.UnmappablePayload) as caught:
        court(court_job(peer.origin)).send(hearing(case_id="x", date="2024-09-02", **{name: "1"}))
    assert peer.requests == []
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("xs:normalizedString", "a\tb"),
        ("xs:normalizedString", "a\r\nb"),
        ("xs:token", " a"),
        ("xs:token", "a "),
        ("xs:token", "a  b"),
        ("xs:token", "a\nb"),
        ("xs:NMTOKEN", " a"),
        ("xs:language", "en "),
        ("xs:anyURI", " http://a/"),
        ("xs:hexBinary", " 00"),
    ],
)
def test_blanks_that_the_vendors_type_would_fold_are_refused(type_, text):
    """A type that collapses white space would make another text of this one, and nobody would know."""
    inputs = shape(element("V", type_) + element("W", low=0)).inputs
    with pytest.raises(errors.UnmappablePayload, match="'V'"):
        soap_values.to_xml(inputs, {"V": text})


@pytest.mark.parametrize(
    ("type_", "text"),
    [("xs:normalizedString", " a  b "), ("xs:token", "a b"), ("xs:anyURI", "http://a/b"), ("xs:string", " a\r\n")],
)
def test_blanks_that_the_vendors_type_keeps_are_carried(type_, text):
    """Only what would change is refused."""
    inputs = shape(element("V", type_) + element("W", low=0)).inputs
    assert soap_values.to_xml(inputs, {"V": text})["V"] == text
