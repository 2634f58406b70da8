"""The console's pages: files of ``static/``, shown to anyone who is logged in. They hold no data."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import APIRouter, Depends, Request, Response
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False, dependencies=[Depends(requires_authenticated())])


@cache
def _files() -> StaticFiles:
    return StaticFiles(directory=Path(__file__).parent / "static", html=True)


@router.get("/{path:path}")
async def page(path: str, request: Request) -> Response:
    """Return a page, script or style; a browser asks each time whether it has changed."""
    answer = await _files().get_response(path or ".", request.scope)
    answer.headers["cache-control"] = "no-cache"
    return answer
