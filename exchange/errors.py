"""Every error the exchange raises on purpose.

ExchangeError
├── InvalidInput        a field is wrong: the caller can mend it (carries all problems found)
├── NotSignedIn         no token, or one that is not valid
├── AccessDenied        the caller sees the thing but may not do this to it
├── NotFound            unknown, or not visible to the caller: the two are never told apart
├── Conflict            contradicts what is stored (a URN that is taken, a used idempotency key)
├── RollUpRefused       the product has no answer on these dates
├── LoopRefused         the write would close a loop that consumes at least one of itself
├── TooManyRequests     a limit on attempts, or on what may wait, was reached (retryable)
├── StoreUnavailable    the graph database does not answer (retryable)
├── StoreInUse          another process holds the embedded database
├── StoreTooNew         the database was made by a newer version of the exchange
└── ConfigurationInvalid  the settings contradict themselves: nothing was started

Each has a stable `code`, a message that is safe to show and says what to do next, and `retryable`.
A missing supplier number is none of these: it is a gap in the result. Anything else raised is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong field. `path` names it from the mutation's input on, list positions as text; `message` goes on from
    there and does not name it again: "must not be empty"."""

    code: str
    message: str
    path: tuple[str, ...]
    expected: str | None = None
    got: str | None = None


class ExchangeError(Exception):
    """Base of the tree; never raised itself."""

    code: ClassVar[str] = "ERROR"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)


class InvalidInput(ExchangeError):
    """One or more fields are wrong; `problems` lists them all, and nothing was written. The message names the first."""

    code = "INVALID_INPUT"

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), path: Sequence[str] = ()) -> None:
        super().__init__(message, path=path)
        self.problems = tuple(problems) or (Problem(self.code, message, tuple(path)),)


class NotSignedIn(ExchangeError):
    code = "NOT_SIGNED_IN"


class AccessDenied(ExchangeError):
    """product_id, owner_id: of the product that the caller sees and may not do this to, where there is one. They are
    for the audit trail, not for the caller."""

    code = "ACCESS_DENIED"

    def __init__(self, message: str, *, path: Sequence[str] = (), product_id: str = "", owner_id: str = "") -> None:
        super().__init__(message, path=path)
        self.product_id = product_id
        self.owner_id = owner_id


class NotFound(ExchangeError):
    code = "NOT_FOUND"


class Conflict(ExchangeError):
    code = "CONFLICT"


class RollUpRefused(ExchangeError):
    """`refusal` is one of RollUpRefusedCode; `members` are product keys of a loop without an answer."""

    code = "ROLL_UP_REFUSED"

    def __init__(self, message: str, *, refusal: str, members: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.members = tuple(members)


class LoopRefused(ExchangeError):
    """`members` are product keys on the loop; only those that the caller may see are ever shown."""

    code = "LOOP_REFUSED"

    def __init__(self, message: str, *, members: Sequence[int] = (), path: Sequence[str] = ()) -> None:
        super().__init__(message, path=path)
        self.members = tuple(members)


class TooManyRequests(ExchangeError):
    code = "TOO_MANY_REQUESTS"
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class StoreUnavailable(ExchangeError):
    code = "STORE_UNAVAILABLE"
    retryable = True


class StoreInUse(ExchangeError):
    code = "STORE_IN_USE"


class StoreTooNew(ExchangeError):
    code = "STORE_TOO_NEW"


class ConfigurationInvalid(ExchangeError):
    code = "CONFIGURATION_INVALID"


@dataclass(slots=True)
class Problems:
    """Collects every wrong field of one input, so that the caller mends all of them at once."""

    found: list[Problem] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        path: Sequence[str],
        *,
        expected: str | None = None,
        got: str | None = None,
    ) -> None:
        self.found.append(Problem(code, message, tuple(path), expected, got))

    def raise_any(self) -> None:
        """Raises InvalidInput with everything found so far; does nothing where there is nothing."""
        if not self.found:
            return
        count = len(self.found)
        first = self.found[0]
        more = "" if count == 1 else f" (and {count - 1} more: see problems)"
        where = f"{place_of(first.path)}: " if first.path else ""
        raise InvalidInput(f"{where}{first.message}{more}", problems=self.found, path=first.path)


def place_of(path: Sequence[str]) -> str:
    """A path as people read it, so that a message is understood without it: input.footprints[0].pfId."""
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path).removeprefix(".")
