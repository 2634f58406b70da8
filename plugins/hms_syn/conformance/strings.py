"""Promises about texts: what a publisher writes arrives exactly, or is refused; it is never quietly another text."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from hms_syn import errors
from hms_syn.conformance.bench import Bench
from hms_syn.conformance.pushing import made_of
from hms_syn.conformance.violation import Violation, require

if TYPE_CHECKING:
    from hms_syn.conformance.bench import Workshop
    from hms_syn.conformance.pretend_vendor import PretendVendor
    from hms_syn.ports import Adapter

HOSTILE = MappingProxyType(
    {
        "quotes": 'O\'Brien said "no" \\ `maybe`',
        "sql": "x'); DROP TABLE hearings; --",
        "markup": "<b>&amp;]]><!-- & --></caseId>",
        "entity": "&xxe; &#0; %xxe;",
        "holes": "{key} {{ ds }} ${HOME} %(name)s %s {0}",
        "path": "../../etc/passwd?x=1&y=2#z",
        "header": "HUD\r\nX-Admin: yes\r\n\r\nGET / HTTP/1.1",
        "line feed": "line 1\nline 2",
        "tab": "a\tb",
        "spaces": "  HUD  22  ",
        "empty": "",
        "null": "null",
        "number": "007",
        "exponent": "1e5",
        "date": "2024-09-02",
        "nul": "HUD\x0022",
        "control": "HUD\x1b[31m\x07",
        "accents": "Zo\u00eb e\u0301 \ufb01",
        "chinese": "\u6cd5\u9662",
        "emoji": "\U0001f3db\ufe0f\U0001f468\u200d\u2696\ufe0f",
        "right to left": "\u202eHUD\u202c \u05d1\u05d9\u05ea",
        "separators": "a\u2028b\u2029c\u0085d\ufeff",
        "delimiters": 'MSH|^~\\&,;\t"x"',
        "long": "HUD-22-109 " * 2000,
    }
)


class Strings(Bench):
    """Each text that some dialect has broken on before."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_text_arrives_exactly_or_is_refused(
        self, vendor: PretendVendor, workshop: Workshop, adapter: Adapter, name: str
    ) -> None:
        """The vendor understands the very text, or it has nothing and the message is set aside."""
        message = workshop.message(HOSTILE[name])
        try:
            adapter.send(message)
        except errors.Refused:
            require(not made_of(vendor, message), "a message that was refused is at the vendor")
        except errors.SynError as error:
            raise Violation(f"a text is {type(error).__name__}; it arrives, or it is Refused") from error
        else:
            [thing] = made_of(vendor, message)
            require(thing.text == HOSTILE[name], "the vendor has another text than the payload")
