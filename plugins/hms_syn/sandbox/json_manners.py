"""Bad habits that every vendor with JSON over HTTP may have, whatever its dialect."""

from __future__ import annotations

from types import MappingProxyType

from hms_syn.sandbox import manners
from hms_syn.sandbox.answers import HTML, LOGIN_PAGE, Answer, text

AFTER = MappingProxyType(
    {
        **manners.AFTER,
        "http_500_after": "does what it is asked, answers 500",
        "empty_204_after": "does what it is asked, answers 204 without a body",
        "forgetful": "does what it is asked without a look whether it has done it before",
    }
)
"""Modes in which the request is carried out and the answer suffers."""

INSTEAD = MappingProxyType(
    {
        "http_429": "429 with Retry-After: 2",
        "http_503": "503 with Retry-After: 1",
        "http_500": "500 with a JSON error",
        "http_500_html": "500 with an HTML page",
        "html_200": "200 with an HTML page",
        "garbage": "200 with bytes that are not JSON",
        "empty_200": "200 with an empty body",
        "redirect": "302 to /elsewhere",
        "reset": "the connection is reset",
        "down": "the connection ends without an answer, and /health says 503",
    }
)
"""Modes in which nothing is recorded and something else comes back."""


def instead(mode: str, content_type: str) -> Answer:
    """Give what comes back in a mode of ``INSTEAD``, except for the two that are no answer."""
    return {
        "http_429": text(429, "too many requests\n", {"Retry-After": "2"}),
        "http_503": text(503, "busy\n", {"Retry-After": "1"}),
        "http_500": Answer(status=500, body=b'{"error": "told to fail"}', content_type="application/json"),
        "http_500_html": Answer(status=500, body=LOGIN_PAGE, content_type=HTML),
        "html_200": Answer(body=LOGIN_PAGE, content_type=HTML),
        "garbage": Answer(body=b'{"reference": "\x00\xff\xfe\x1b[31m', content_type=content_type),
        "empty_200": Answer(content_type=content_type),
        "redirect": Answer(status=302, content_type=content_type, headers={"Location": "/elsewhere"}),
    }[mode]
