"""Errors of HTTP itself, in the shape that GraphQL's errors have, with what to do instead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "REQUEST_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}
PLACES: Final = "There are /graphql, /auth/token, /healthz and /readyz."


def error_response(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    retryable: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    """One error as the whole answer."""
    request_id = getattr(request.state, "request_id", "none")
    extensions = {"code": code, "retryable": retryable, "requestId": request_id}
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return JSONResponse(body, status, headers={"Cache-Control": "no-store", **(headers or {})})


async def http_error(request: Request, error: Exception) -> Response:
    """What Starlette refuses: no such path, or not by this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 404:
        message = f"There is nothing at this path. {PLACES}"
    elif status == 405:
        message = f"{request.method} is not for this path; use {headers.get('Allow', 'another method')}."
    else:
        message = str(getattr(error, "detail", "The request cannot be answered."))
    return error_response(request, status, CODES.get(status, "INVALID_INPUT"), message, headers=headers)


async def masked_error(request: Request, _: Exception) -> Response:
    """A bug of ours: the server logs it; the client gets the id to report."""
    request_id = getattr(request.state, "request_id", "none")
    message = f"Something went wrong in the exchange. Report it with this id: {request_id}."
    return error_response(request, 500, "INTERNAL_ERROR", message)


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = {
    HTTPException: http_error,
    500: masked_error,
}
