"""GraphQL over HTTP: POST with JSON, GET for questions, GET by a browser for the page to ask them on.

With `Accept: application/graphql-response+json` the status says whether anything was executed; with application/json
it is 200 for every well-formed request, as older clients expect. Tokens come in a header and never in a cookie, so a
foreign page can ask nothing in a user's name.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exchange.errors import ExchangeError, InvalidInput, NotSignedIn, TooManyRequests
from exchange.schema.errors import error_body
from exchange.schema.execution import Answer, Executor, Request
from exchange.schema.transport import (
    ANONYMOUS_SIZE_MAX,
    TOO_DEEP,
    Identify,
    JsonTooDeep,
    json_text,
    read_json,
    request_from,
    request_id_of,
)

BODY_BYTES_MAX: Final = 16 * 1024 * 1024  # a thousand footprints of a hundred lines each
DISCARDED_TIMES_MAX: Final = 4  # times the limit: up to there a body is read to its end before it is refused
JSON_TYPE: Final = "application/json"
RESPONSE_TYPE: Final = "application/graphql-response+json"
ALLOWED: Final = "GET, HEAD, POST"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Refused(Exception):
    """The HTTP request is not one that can be answered; `status` says how."""

    def __init__(self, status: int, message: str, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}


class HttpEndpoint:
    """An ASGI application for one path. `page`: what a browser gets that asks for HTML."""

    def __init__(self, executor: Executor, identify: Identify, page: Response | None = None) -> None:
        self._executor = executor
        self._identify = identify
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: HttpRequest) -> Response:
        request_id = request_id_of(request)
        accepted = _accepted(request)
        try:
            if self._page is not None and _is_browser(request):
                return self._page
            viewer = await self._identify(request.headers.get("authorization"))
            asked = await _read(request, ANONYMOUS_SIZE_MAX if viewer.anonymous else BODY_BYTES_MAX)
        except Refused as refused:
            error = {
                "message": refused.message,
                "extensions": {"code": refused.code, "retryable": False, "requestId": request_id},
            }
            return _json({"errors": [error]}, accepted, refused.status, refused.headers)
        except ExchangeError as error:
            status, headers = _status_of(error)
            return _json(error_body(error, request_id), accepted, status, headers)
        answer = await self._executor.answer(asked, viewer, request_id)
        status = _status(answer, accepted)
        return _json(answer.body, accepted, status, CHALLENGE if status == 401 else None)


def _is_browser(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _accepted(request: HttpRequest) -> str:
    return RESPONSE_TYPE if RESPONSE_TYPE in request.headers.get("accept", "") else JSON_TYPE


async def _read(request: HttpRequest, bytes_max: int) -> Request:
    if request.method in {"GET", "HEAD"}:
        return await _read_parameters(request)
    if request.method != "POST":
        raise Refused(405, "Send GraphQL by POST (or a question by GET).", "METHOD_NOT_ALLOWED", {"Allow": ALLOWED})
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_TYPE:
        message = f"Send the request as {JSON_TYPE}; got {media_type or 'no content type'}."
        raise Refused(415, message, "UNSUPPORTED_MEDIA_TYPE")
    body = await _body(request, bytes_max)
    return request_from(await _parse(body), len(body))


async def _read_parameters(request: HttpRequest) -> Request:
    parameters: dict[str, Any] = dict(request.query_params)
    if "query" not in parameters:
        message = "Send a query: POST JSON, or GET with ?query=…. A browser gets a page to ask on."
        raise Refused(400, message, "INVALID_INPUT")
    if "variables" in parameters:
        parameters["variables"] = await _parse(parameters["variables"].encode())
    return request_from(parameters, len(request.url.query), reads_only=True)


async def _parse(body: bytes) -> object:
    try:
        return await read_json(body)
    except JsonTooDeep:
        raise InvalidInput(f"The request's {TOO_DEEP}; no input needs a third of it. Check the variables.") from None
    except ValueError:
        raise InvalidInput("The request is not valid JSON (each name once in an object, no NaN).") from None


async def _body(request: HttpRequest, bytes_max: int) -> bytes:
    """The body, as far as the limit: a larger one is refused before it fills the memory.

    Ordinary clients send all of it before they read an answer, and never see one that comes while they send. So a body
    that is not very much larger is read to its end, and thrown away, unless the client asks before it sends.
    """
    what = "publish in several requests" if bytes_max == BODY_BYTES_MAX else "sign in to send more at once"
    too_large = Refused(
        413,
        f"The request is larger than {bytes_max // 1024:,} KiB: {what}.",
        "REQUEST_TOO_LARGE",
        {"Connection": "close"},
    )
    stated = request.headers.get("content-length", "0")
    if stated.isascii() and stated.isdigit() and int(stated) > bytes_max:
        if int(stated) <= DISCARDED_TIMES_MAX * bytes_max and "expect" not in request.headers:
            async for _ in request.stream():
                pass
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise too_large
    return bytes(body)


def _status_of(error: ExchangeError) -> tuple[int, dict[str, str]]:
    if isinstance(error, NotSignedIn):
        return 401, CHALLENGE
    if isinstance(error, TooManyRequests):
        return 429, {"Retry-After": str(error.retry_after_seconds)}
    return (503, {"Retry-After": "1"}) if error.retryable else (400, {})


def _status(answer: Answer, accepted: str) -> int:
    if answer.executed:
        return 200
    return answer.status if accepted == RESPONSE_TYPE or answer.status in {401, 405, 500, 503} else 200


def _json(body: dict[str, Any], media_type: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json_text(body),
        status_code=status,
        media_type=media_type,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
