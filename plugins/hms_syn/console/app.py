"""The console's one FastAPI app, which Airflow's api-server mounts under ``/hms-syn``.

Airflow guards no plugin's routes by itself, so every route here asks Airflow's own auth manager, and so do the pages.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import APIRouter, Depends, FastAPI

import hms_syn
from hms_syn.console import answers, audit, files, incidents, jobs, messages, pages, plans, topics, vendors
from hms_syn.console.envelope import Envelope

API = "/api/v1"
DESCRIPTION = """What the console's pages are made of; the same rows as `hms-syn … --json`.

Every call needs an Airflow login, and shows or changes only the jobs whose DAG `syn.<id>.push` that login may read or
edit. A count of 1000 means a thousand or more."""


def create_app() -> FastAPI:
    """Make the app; nothing is opened until the first call."""
    app = FastAPI(
        title="HMS-SYN console",
        version=hms_syn.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    answers.add_to(app)
    app.add_middleware(Envelope)
    api = APIRouter(prefix=API, dependencies=[Depends(requires_authenticated())], responses=answers.DOCUMENTED)
    for part in (jobs, files, plans, messages, topics, audit, vendors, incidents):
        api.include_router(part.router)

    @api.get("/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return app.openapi()

    app.include_router(api)
    app.include_router(pages.router)
    return app
