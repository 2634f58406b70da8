"""The console's pages, shown to anyone who is logged in. They hold no data: each is one frame around its script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC = Path(__file__).parent / "static"
FRAME = STATIC.parent / "page.html"
TITLES: Mapping[str, str] = {
    "index": "Board",
    "job": "Job",
    "jobs": "Job files",
    "plan": "What an edit would change",
    "messages": "Messages",
    "message": "Message",
    "set-aside": "Set aside",
    "audit": "Audit trail",
}
"""What each page is called; its script has the page's name."""

router = APIRouter(include_in_schema=False, dependencies=[Depends(requires_authenticated())])


@cache
def html(page: str) -> str:
    """Return a page."""
    frame = Template(FRAME.read_text(encoding="utf-8"))
    return frame.substitute(page=page, title=TITLES[page])


@cache
def _files() -> StaticFiles:
    return StaticFiles(directory=STATIC)


@router.get("/{path:path}")
async def page(path: str, request: Request) -> Response:
    """Return a page, script or style; a browser asks each time whether it has changed."""
    name = path.removesuffix(".html") if path else "index"
    is_page = name in TITLES and path in ("", f"{name}.html")
    answer = HTMLResponse(html(name)) if is_page else await _files().get_response(path, request.scope)
    answer.headers["cache-control"] = "no-cache"
    return answer
