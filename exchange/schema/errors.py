"""Errors as clients see them: members of a mutation's result union, or top-level errors with a code.

What a caller can mend in its input is a member of the union. Everything else is a top-level error of one shape, over
HTTP and WebSocket alike:

    {"message": …, "locations": …, "path": …, "extensions": {"code": …, "retryable": …, "requestId": …}}

The rule for what is shown: an error without a path comes from the request itself (its syntax, its variables), and is
shown; one of ours in the chain of causes is shown with its code; anything else is a bug of ours: masked, logged once
with the request id that the message names. An error of ours never holds a secret; a bug's message may.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry
from graphql import GraphQLError

from exchange import errors

if TYPE_CHECKING:
    from exchange.schema.products import Product
    from exchange.schema.work import Work

log = logging.getLogger(__name__)

INVALID_QUERY: Final = "INVALID_QUERY"  # the request is not a query of this schema
INTERNAL_ERROR: Final = "INTERNAL_ERROR"  # a bug of ours
UNION_MEMBERS: Final = (
    errors.InvalidInput,
    errors.NotFound,
    errors.AccessDenied,
    errors.Conflict,
    errors.LoopRefused,
)


@strawberry.interface(description="Why a mutation was refused; nothing was changed.")
class UserError:
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    code: str = strawberry.field(description="Stable; for programs.")
    path: list[str] = strawberry.field(description="The field, from the input on; list positions as text.")


@strawberry.type(description="One wrong field.")
class Problem:
    code: str = strawberry.field(description="Stable; for programs.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    path: list[str] = strawberry.field(description="The field, from the input on; list positions as text.")
    expected: str | None = strawberry.field(description="What was expected.")
    got: str | None = strawberry.field(description="What was given.")


@strawberry.type(description="One or more fields are wrong; problems lists them all.")
class InvalidInput(UserError):
    problems: list[Problem] = strawberry.field(description="Every wrong field.")


@strawberry.type(description="There is no such thing. Also for what the caller may not know exists.")
class NotFound(UserError):
    pass


@strawberry.type(description="The caller sees the thing but may not do this to it.")
class AccessDenied(UserError):
    pass


@strawberry.type(description="It contradicts what is stored: an identifier that is taken, a used idempotency key.")
class Conflict(UserError):
    pass


@strawberry.type(description="It would close a loop of products that consumes at least one of itself.")
class LoopRefused(UserError):
    members: list[Annotated[Product, strawberry.lazy("exchange.schema.products")]] = strawberry.field(
        description="The members of the loop that the caller may see."
    )


def problem_of(problem: errors.Problem) -> Problem:
    """A wrong field as clients see it."""
    return Problem(
        code=problem.code,
        message=problem.message,
        path=list(problem.path),
        expected=problem.expected,
        got=problem.got,
    )


async def union_member(error: errors.ExchangeError, work: Work) -> UserError | None:
    """The error as a member of a result union; None for an error that is always a top-level one."""
    message, code, path = error.message, error.code, list(error.path)
    match error:
        case errors.InvalidInput():
            problems = [problem_of(problem) for problem in error.problems]
            return InvalidInput(message=message, code=code, path=path, problems=problems)
        case errors.NotFound():
            return NotFound(message=message, code=code, path=path)
        case errors.AccessDenied():
            return AccessDenied(message=message, code=code, path=path)
        case errors.Conflict():
            return Conflict(message=message, code=code, path=path)
        case errors.LoopRefused():
            members = await work.loaders.products_seen(error.members)
            return LoopRefused(message=message, code=code, path=path, members=members)
    return None


def cause_of_ours(error: BaseException | None) -> errors.ExchangeError | None:
    """The first error of ours in a chain of causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, errors.ExchangeError):
            return error
        seen.add(id(error))
        error = (error.original_error if isinstance(error, GraphQLError) else None) or error.__cause__
    return None


def extensions_of(error: errors.ExchangeError) -> dict[str, Any]:
    shown: dict[str, Any] = {"code": error.code, "retryable": error.retryable}
    if isinstance(error, errors.TooManyRequests):
        shown["retryAfterSeconds"] = error.retry_after_seconds
    return shown


def error_body(error: errors.ExchangeError, request_id: str) -> dict[str, Any]:
    """A whole answer that is one error, for what is refused before anything is executed."""
    return {"errors": [{"message": error.message, "extensions": extensions_of(error) | {"requestId": request_id}}]}


def shown_errors(found: Iterable[GraphQLError], request_id: str, code: str = INVALID_QUERY) -> list[dict[str, Any]]:
    """The errors of an answer as the client gets them; `code` is for what is wrong with the request itself.

    Bugs among them are logged, in one entry.
    """
    shown: list[dict[str, Any]] = []
    bugs: list[GraphQLError] = []
    for error in found:
        entry = dict(error.formatted)
        ours = cause_of_ours(error)
        if ours is not None:
            entry["message"] = ours.message
            extensions = extensions_of(ours)
        elif error.path is None:
            extensions = {"code": code, "retryable": False} | dict(error.extensions or {})
        else:
            bugs.append(error)
            entry["message"] = masked_message(request_id)
            extensions = {"code": INTERNAL_ERROR, "retryable": False}
        entry["extensions"] = extensions | {"requestId": request_id}
        shown.append(entry)
    if bugs:
        log_bugs(bugs, request_id)
    return shown


def masked_message(request_id: str) -> str:
    return f"Something went wrong in the exchange. Report it with this id: {request_id}."


def masked_body(bug: BaseException, request_id: str) -> dict[str, Any]:
    """A whole answer that hides a bug outside of any field; the bug is logged."""
    log.error("request %s: masked", request_id, exc_info=bug)
    extensions = {"code": INTERNAL_ERROR, "retryable": False, "requestId": request_id}
    return {"errors": [{"message": masked_message(request_id), "extensions": extensions}]}


def log_bugs(bugs: Sequence[GraphQLError], request_id: str) -> None:
    first = bugs[0].original_error or bugs[0]
    places = ", ".join(".".join(map(str, bug.path or ())) for bug in bugs[:5])
    log.error("request %s: %d errors masked, at %s", request_id, len(bugs), places, exc_info=first)
