"""Errors as JSON: ``{"error": code, "detail": sentence}``, in the house's words and with the fitting status."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hms_syn import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

STATUS: Mapping[type[errors.SynError], HTTPStatus] = {
    errors.UnknownJob: HTTPStatus.NOT_FOUND,
    errors.UnknownMessage: HTTPStatus.NOT_FOUND,
    errors.ActRefused: HTTPStatus.CONFLICT,
    errors.PayloadConflict: HTTPStatus.CONFLICT,
    errors.InvalidEvent: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.JobFileInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreRightsMissing: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreNotConfigured: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What an error of ours means over HTTP; any other is a 500, still with its own code and sentence."""
WORDS = {
    HTTPStatus.UNAUTHORIZED: ("not_authenticated", "Log in to Airflow, or send a token of its /auth/token."),
    HTTPStatus.FORBIDDEN: ("forbidden", "Your Airflow role does not allow this here; ask who gives roles."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take that method."),
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    code.value: {"description": detail} for code, (_, detail) in WORDS.items() if code < HTTPStatus.NOT_FOUND
}


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """Return an error as every route of the console says it."""
    return JSONResponse({"error": code, "detail": detail}, status_code=status)


def of(error: errors.SynError) -> JSONResponse:
    """Return what an error of ours says, with the status of its nearest known class."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = problem(status, error.code, str(error))
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["retry-after"] = "5"
    return answer


def add_to(app: FastAPI) -> None:
    """Have every error of this app told this way."""
    app.add_exception_handler(errors.SynError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _request)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    return of(error) if isinstance(error, errors.SynError) else of(errors.SynError())


def _http(_request: Request, error: Exception) -> JSONResponse:
    """Airflow's own refusals in our words; a refusal of ours brings its code and sentence along."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    told: Any = error.detail if isinstance(error, HTTPException) else None
    if isinstance(told, dict):
        return problem(status, told["error"], told["detail"])
    code, detail = WORDS.get(HTTPStatus(status), ("http_error", HTTPStatus(status).phrase))
    return problem(status, code, detail)


def _request(_request: Request, error: Exception) -> JSONResponse:
    """Name the fields at fault, never what stood in them."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in found[:5]]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "; ".join(faults))
