"""Writes docs/console-api.md from the console's own OpenAPI; a test writes it again and compares.

.venv/bin/python docs/generate_console_api.py
"""

# ruff: noqa: INP001 - a script of the documentation, not a package

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PAGE = Path(__file__).resolve().parent / "console-api.md"
HEAD = """\
<!-- Written by docs/generate_console_api.py from the code; edit that, not this. -->
# The console's JSON

{about}

- Every address begins with `/hms-syn` below Airflow's own. `GET /hms-syn/api/v1/openapi.json` is this page for
  programs.
- A program logs in at Airflow's `POST /auth/token` and sends the token as `Authorization: Bearer …`. A browser's cookie
  does as well; an act is then taken from the console's own pages only.
- An act is JSON (`Content-Type: application/json`), needs a `reason` where one is asked for, and is on the record under
  the name of the Airflow user.
- Lists come in pages: give `next` back as `after`. `next` is null at the end.
- An error is `{{"error": code, "detail": sentence}}`: 401 not logged in, 403 not allowed, 404 not known, 409 does not
  fit where things stand, 413 too large, 415 not JSON, 422 not a sound request, 503 the queue's database does not
  answer. The codes are those of [errors](reference/errors.md), and `not_authenticated`, `forbidden`, `not_found`,
  `method_not_allowed`, `other_origin`, `not_json`, `too_large`, `invalid_request`, `http_error` and `internal`.
"""


def page() -> str:
    """Return the page."""
    from hms_syn.console.app import create_app  # noqa: PLC0415 - Airflow looks for its home when it is imported

    api = create_app().openapi()
    parts = [HEAD.format(about=api["info"]["description"]).strip()]
    for path, methods in sorted(api["paths"].items()):
        for method, route in methods.items():
            parts += [f"## {method.upper()} {path}", *_route(route, api["components"]["schemas"])]
    return "\n\n".join(parts).replace("``", "`") + "\n"


def _route(route: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield route["description"]
    rows = [
        (f"`{given['name']}`", given["in"], _type(given["schema"]), given.get("description", ""))
        for given in route.get("parameters", ())
    ]
    if "requestBody" in route:
        body = route["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        yield schemas[body].get("description", "")
        wanted = schemas[body].get("required", ())
        rows += [
            (f"`{name}`", "body", _type(shape), "required" if name in wanted else "")
            for name, shape in schemas[body]["properties"].items()
        ]
    if rows:
        yield _table(("given", "where", "what", "meaning"), rows)


def _type(shape: Mapping[str, Any]) -> str:
    """Return in a few words what may be given."""
    kinds = [one for one in shape.get("anyOf", [shape]) if one.get("type") != "null"]
    [kind] = kinds
    text = {"array": "list of text", "object": "JSON object", "string": "text"}.get(kind["type"], kind["type"])
    if "enum" in kind:
        text = " or ".join(f"`{word}`" for word in kind["enum"])
    if "maximum" in kind:
        text += f", {kind['minimum']} to {kind['maximum']}"
    default = shape.get("default")
    return text + (f" (default {default})" if default not in (None, "", [], {}) else "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="hms-syn-home-"))
    PAGE.write_text(page(), encoding="utf-8")
