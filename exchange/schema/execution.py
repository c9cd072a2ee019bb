"""One request, from its text to its answer, the same over HTTP and WebSocket.

read (parsed, measured, validated) → executed with one session → confirmed → what it read of others at INPUTS recorded,
once a day, and confirmed again. Where the viewer's rights changed while the
answer was prepared, it is thrown away and prepared again with a new session; what was written stays written once.

A subscription has many answers. Each is executed like a query's, within the same limits, on the session that its event
was decided by, and confirmed; one that is not is not told, and the event's source is told so.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    get_operation_ast,
)

from exchange.errors import ExchangeError, NotSignedIn, StoreUnavailable
from exchange.model.parties import Viewer
from exchange.schema.documents import Documents
from exchange.schema.errors import error_body, masked_body, shown_errors
from exchange.schema.limits import COST_MAX, too_large
from exchange.schema.loaders import Loaders
from exchange.schema.planned import PlannedExecutor
from exchange.schema.schema import core_schema
from exchange.schema.work import Work

if TYPE_CHECKING:
    from exchange.operations.exchange import Exchange


CHARACTERS_OF_A_PART: Final = 100  # a line of a footprint, as short as it gets
BY_GET: Final = {"code": "METHOD_NOT_ALLOWED"}
BY_HTTP: Final = "A subscription is answered over WebSocket alone: speak graphql-transport-ws."
TRIES_MAX: Final = 3  # rights that change three times within one answer change too fast to answer


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. `reads_only`: came by GET, which must not write. `size`: of all of it, in characters."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    reads_only: bool = False
    size: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """`executed` False: refused before anything was executed; there is no data. `status` is HTTP's."""

    body: dict[str, Any]
    executed: bool
    status: int = 200


class Executor:
    """Answers requests on one exchange; one per process, for every connection."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._documents = Documents(core_schema())

    async def answer(self, request: Request, viewer: Viewer, request_id: str) -> Answer:
        """Of a question or a mutation. Never raises: what goes wrong is in the answer."""
        read = self._read(request, request_id)
        if isinstance(read, Answer):
            return read
        document, operation = read
        if request.reads_only and operation.operation is OperationType.MUTATION:
            by_get = GraphQLError("A mutation cannot be sent by GET: send it by POST.", extensions=BY_GET)
            return _refused([by_get], request_id, 405)
        if operation.operation is OperationType.SUBSCRIPTION:
            return _refused([GraphQLError(BY_HTTP, extensions=BY_GET)], request_id, 405)
        try:
            result = await self._execute(document, operation, request, viewer)
        except Exception as error:  # noqa: BLE001 (a bug of ours must not show what it is)
            return _failed(error, request_id)
        return _body_of(result, request_id)

    async def answers(
        self, request: Request, viewer: Viewer, request_id: str, signed_in: Callable[[], Awaitable[object]]
    ) -> AsyncGenerator[Answer, None]:
        """Of a subscription as many as it has, of everything else the one. Never raises; an answer that says what went
        wrong with the whole is the last. `signed_in` raises where the viewer's token holds no longer."""
        read = self._read(request, request_id)
        if isinstance(read, Answer) or read[1].operation is not OperationType.SUBSCRIPTION:
            yield await self.answer(request, viewer, request_id)
            return
        try:
            work = await Work.begin(self._exchange, viewer, Loaders)
            async with aclosing(_events(read[0], request, work, signed_in)) as results:
                async for result in results:
                    yield _body_of(result, request_id)
        except Exception as error:  # noqa: BLE001 (as above)
            yield _failed(error, request_id)

    def _read(self, request: Request, request_id: str) -> tuple[DocumentNode, OperationDefinitionNode] | Answer:
        try:
            document, errors = self._documents.read(request.query, request.variables)
        except GraphQLError as error:
            errors = [error]
        if errors:
            return _refused(errors, request_id)
        operation = get_operation_ast(document, request.operation_name)
        if operation is None:
            return _refused([GraphQLError(_which_operation(document, request.operation_name))], request_id)
        return document, operation

    async def _execute(
        self, document: DocumentNode, operation: OperationDefinitionNode, request: Request, viewer: Viewer
    ) -> ExecutionResult:
        writes = operation.operation is not OperationType.QUERY
        work = await Work.begin(self._exchange, viewer, Loaders, writes=writes)
        for _ in range(TRIES_MAX + work.session.assumed):
            work.explained_parts = 0
            result = await _executed(document, request, work)
            if await work.may_leave():
                return result
            await work.renew()
        raise StoreUnavailable("Rights changed again and again while this answer was prepared. Try again.")


async def _executed(document: DocumentNode, request: Request, work: Work) -> ExecutionResult:
    """As graphql-core's `execute` does it."""
    executor = await _executor(document, request, work)
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    return await _result_of(executor, work)


async def _events(
    document: DocumentNode, request: Request, work: Work, signed_in: Callable[[], Awaitable[object]]
) -> AsyncGenerator[ExecutionResult, None]:
    """As graphql-core's `subscribe` does it, except that what is not confirmed is not told."""
    executor = await _executor(document, request, work)
    if isinstance(executor, list):
        yield ExecutionResult(None, errors=executor)
        return
    begun = create_source_event_stream(executor)
    found = await begun if inspect.isawaitable(begun) else begun
    if isinstance(found, ExecutionResult):
        yield found
        return
    async with aclosing(cast(AsyncGenerator[object, None], found)) as events:
        async for event in events:
            result = await _result_of(cast(PlannedExecutor, executor.build_per_event_executor(event)), work)
            await signed_in()
            work.told = await work.may_leave()
            if work.told:
                yield result


async def _executor(document: DocumentNode, request: Request, work: Work) -> PlannedExecutor | list[GraphQLError]:
    """With the request's variables; many of them are coerced beside the event loop."""
    built = await work.session.compute(
        lambda: PlannedExecutor.build(
            core_schema(),
            document,
            context_value=work,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
        ),
        parts=request.size // CHARACTERS_OF_A_PART,
    )
    return cast("PlannedExecutor | list[GraphQLError]", built)


async def _result_of(executor: PlannedExecutor, work: Work) -> ExecutionResult:
    found = executor.execute_operation()
    result = await found if inspect.isawaitable(found) else found
    if executor.is_too_large:
        written = "What it wrote stays written: ask again with its idempotencyKey, for less. " if work.written else ""
        raise too_large(f"The answer has more than {COST_MAX} fields. {written}Ask for fewer, in several queries.")
    return cast(ExecutionResult, result)  # nothing comes piecemeal: the schema has neither @defer nor @stream


def _which_operation(document: DocumentNode, name: str | None) -> str:
    names = [d.name.value for d in document.definitions if isinstance(d, OperationDefinitionNode) and d.name]
    if name is not None:
        return f"There is no operation called {name!r} in the query; it has {', '.join(names) or 'none with a name'}."
    return f"The query has several operations: say which with operationName ({', '.join(names)})."


def _failed(error: Exception, request_id: str) -> Answer:
    """Instead of an answer."""
    if isinstance(error, GraphQLError):
        return _refused([error], request_id)
    if isinstance(error, ExchangeError):
        status = 401 if isinstance(error, NotSignedIn) else 503 if error.retryable else 200
        return Answer(error_body(error, request_id), executed=False, status=status)
    return Answer(masked_body(error, request_id), executed=False, status=500)


def _refused(errors: list[GraphQLError], request_id: str, status: int = 400) -> Answer:
    return Answer({"errors": shown_errors(errors, request_id)}, executed=False, status=status)


def _body_of(result: ExecutionResult, request_id: str) -> Answer:
    if not result.errors:
        return Answer({"data": result.data}, executed=True)
    if result.data is None and all(error.path is None for error in result.errors):  # bad variables
        body = {"errors": shown_errors(result.errors, request_id, code="INVALID_INPUT")}
        return Answer(body, executed=False, status=400)
    errors = shown_errors(result.errors, request_id)
    return Answer({"data": result.data, "errors": errors}, executed=True)
