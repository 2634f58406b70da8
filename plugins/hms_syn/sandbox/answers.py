"""What a pretend vendor sends back over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title><body><h1>Please sign in<br></h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)


def text(status: int, words: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer in plain words."""
    return Answer(status=status, body=words.encode(), headers=headers or {})


def json_value(
    status: int, value: Any, *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> Answer:
    """Answer with a JSON value that nobody may keep."""
    body = json.dumps(value, ensure_ascii=False, indent=1).encode()
    return Answer(
        status=status, body=body, content_type=content_type, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def packaged(name: str) -> bytes:
    """Return a file that lies beside the pretend vendors."""
    return resources.files("hms_syn.sandbox").joinpath(name).read_bytes()
