"""What HTTP and WebSocket share: reading a request's JSON, and finding out who asks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

from starlette.requests import HTTPConnection

from exchange.errors import InvalidInput
from exchange.model.parties import Viewer
from exchange.operations.turns import beside
from exchange.schema.execution import Request

# Whoever has not signed in only asks; a query of the longest text allowed, escaped, with variables, fits. In bytes of a
# body and in characters of a message.
ANONYMOUS_SIZE_MAX: Final = 512 * 1024

# From the text of an Authorization header, or None without one. Raises NotSignedIn for a token that is not valid.
Identify = Callable[[str | None], Awaitable[Viewer]]
UNKNOWN_REQUEST_ID: Final = "none"
JSON_DEPTH_MAX: Final = 50  # the deepest input, the product of a line's fallback, stands on level ten
JSON_AT_ONCE: Final = 64 * 1024  # bytes or characters; read in two milliseconds
TOO_DEEP: Final = f"JSON is nested more than {JSON_DEPTH_MAX} levels deep"


class JsonTooDeep(ValueError):
    """Nested deeper than JSON_DEPTH_MAX: no input is, and whatever looks at it might run out of stack."""


def request_id_of(connection: HTTPConnection) -> str:
    """The id that the application gave the request, which errors name and the log knows."""
    return str(getattr(connection.state, "request_id", UNKNOWN_REQUEST_ID))


def json_text(value: object) -> str:
    """JSON that is valid UTF-8: half a surrogate pair, which a client may have sent, is quoted as its escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def parse_json(text: str | bytes) -> object:
    """The value of a JSON text. Raises ValueError where it is none, says a name twice in one object (of which readers
    take the first or the last), or has numbers that JSON lacks; JsonTooDeep where it is nested too deeply."""
    try:
        value = json.loads(text, object_pairs_hook=_with_single_names, parse_constant=_no_number)
    except RecursionError:  # how deep that is depends on the Python
        raise JsonTooDeep(TOO_DEEP) from None
    _check_depth(value)
    return value


async def read_json(text: str | bytes) -> object:
    """The same as parse_json; a large text is read beside the event loop."""
    return parse_json(text) if len(text) <= JSON_AT_ONCE else await beside(lambda: parse_json(text))


def _check_depth(value: object) -> None:
    """Level by level, without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(JSON_DEPTH_MAX):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise JsonTooDeep(TOO_DEEP)


def _with_single_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def request_from(payload: object, size: int, *, reads_only: bool = False) -> Request:
    """The request of a JSON object that came as a text of this size. Raises InvalidInput saying which part is wrong."""
    if isinstance(payload, list):
        raise InvalidInput("Several requests in one are not answered: send them one by one, or use aliases.")
    if not isinstance(payload, dict):
        raise InvalidInput('Send a JSON object: {"query": "…", "variables": {…}}.')
    query = payload.get("query")
    if not isinstance(query, str) or not query.strip():
        raise InvalidInput('There is no query: send {"query": "{ viewer { scopes } }"}.', path=("query",))
    variables: Any = payload.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise InvalidInput("variables must be a JSON object.", path=("variables",))
    name = payload.get("operationName")
    if name is not None and not isinstance(name, str):
        raise InvalidInput("operationName must be text.", path=("operationName",))
    return Request(query, variables or {}, name or None, reads_only, size)
