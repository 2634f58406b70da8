"""Bytes for a vendor as lines that people can compare: XML and JSON indented, HL7 a segment a line."""

from __future__ import annotations

import json
import re

from lxml import etree

from hms_syn.domain.ack import printable

_LINE_END = re.compile(r"\r\n|\r|\n")


def legible(body: bytes) -> list[str]:
    r"""Return the lines of a body; what cannot be printed becomes a visible escape.

    >>> legible(b'{"a": [1]}')
    ['{', '  "a": [', '    1', '  ]', '}']
    >>> legible(b"<a><b>1</b></a>")
    ['<a>', '  <b>1</b>', '</a>']
    >>> legible(b"MSH|1\rPID|2\r")
    ['MSH|1', 'PID|2']
    """
    text = body.decode("utf-8", "backslashreplace")
    return [printable(line) for line in _LINE_END.split(_indented(text, body).rstrip("\r\n"))]


def _indented(text: str, body: bytes) -> str:
    start = text.lstrip()[:1]
    try:
        if start in ("{", "["):
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        if start == "<":
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            tree = etree.fromstring(body, parser)
            etree.indent(tree)
            return etree.tostring(tree, encoding="unicode")
    except (ValueError, etree.LxmlError):
        pass  # it is shown as it is
    return text
