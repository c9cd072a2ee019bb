"""POST /auth/token: OAuth 2.0 client credentials (RFC 6749 section 4.4) with HTTP Basic.

Errors have the names and the shape that RFC 6749 section 5.2 gives them, because OAuth libraries read them.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange.errors import InvalidInput, NotSignedIn, StoreUnavailable, TooManyRequests
from exchange.tokens import Issuer

PATH: Final = "/auth/token"
BODY_BYTES_MAX: Final = 8_192  # a grant type and a few scopes
FORM: Final = "application/x-www-form-urlencoded"
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="footprint exchange", charset="UTF-8"'}


class Refused(Exception):
    """One of RFC 6749's errors."""

    def __init__(self, error: str, description: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.headers = headers or {}


def token_routes(issuer: Issuer) -> list[Route]:
    async def token(request: Request) -> Response:
        try:
            form = await _form(request)
            client_id, secret = _credentials(request)
            wanted = form["scope"].split() if form.get("scope") else None
            address = request.client.host if request.client else "unknown"
            issued = await issuer.token(client_id, secret, address, wanted)
        except Refused as refused:
            return _error(refused)
        except NotSignedIn as error:
            return _error(Refused("invalid_client", error.message, 401, CHALLENGE))
        except InvalidInput as error:
            return _error(Refused("invalid_scope", error.message))
        except TooManyRequests as error:
            wait = {"Retry-After": str(error.retry_after_seconds)}
            return _error(Refused("temporarily_unavailable", error.message, 429, wait))
        except StoreUnavailable as error:
            return _error(Refused("temporarily_unavailable", error.message, 503, {"Retry-After": "1"}))
        body = {
            "access_token": issued.text,
            "token_type": "Bearer",
            "expires_in": issued.seconds,
            "scope": " ".join(scope.value.lower() for scope in issued.scopes),
        }
        return JSONResponse(body, headers=NO_STORE)

    return [Route(PATH, token, methods=["POST"])]


def _error(refused: Refused) -> Response:
    body = {"error": refused.error, "error_description": refused.description}
    return JSONResponse(body, refused.status, headers=NO_STORE | refused.headers)


async def _form(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise Refused("invalid_request", f"Send the parameters as {FORM}; got {media_type or 'no content type'}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Refused("invalid_request", "The request is too large.", 413)
    try:
        parameters = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refused("invalid_request", "The parameters are not valid form data.") from None
    repeated = [name for name, values in parameters.items() if len(values) > 1]
    if repeated:
        raise Refused("invalid_request", f"A parameter is there twice: {repeated[0][:40]}.")
    form = {name: values[0] for name, values in parameters.items()}
    if "grant_type" not in form:
        raise Refused("invalid_request", "Send grant_type=client_credentials.")
    if form["grant_type"] != "client_credentials":
        raise Refused("unsupported_grant_type", "Only grant_type=client_credentials is known here.")
    return form


def _credentials(request: Request) -> tuple[str, str]:
    """The client's id and secret, form-encoded inside HTTP Basic as RFC 6749 section 2.3.1 has it."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        message = "Send the client's id and secret with HTTP Basic, for example `curl --user ID:SECRET …`."
        raise Refused("invalid_client", message, 401, CHALLENGE)
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Refused("invalid_client", "The Authorization header is not HTTP Basic.", 401, CHALLENGE) from None
    if not colon:
        raise Refused("invalid_client", "The Authorization header holds no secret.", 401, CHALLENGE)
    return unquote_plus(client_id), unquote_plus(secret)
