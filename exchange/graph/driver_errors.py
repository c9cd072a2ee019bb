"""What the driver raises, in the exchange's own words. Nothing outside this folder sees a driver error.

Every family of the driver's errors has its line in `FAMILIES` (a test compares the two trees). Three outcomes: the
database cannot be had now (StoreUnavailable, retryable), it refuses us for good (ConfigurationInvalid), or it
refuses the data (Conflict, InvalidInput). What remains is a statement that is wrong: our bug, `StatementRefused`.
"""

from __future__ import annotations

from collections.abc import Callable

from neo4j import exceptions as driver

from exchange.errors import ConfigurationInvalid, Conflict, ExchangeError, InvalidInput, StoreUnavailable


class StatementRefused(Exception):
    """The database refused a statement of ours, or we used the driver wrongly: a bug, to be masked and logged."""


def _unavailable(_: BaseException) -> ExchangeError:
    return StoreUnavailable("The graph database does not answer. Ask again in a few seconds.")


def _refuses_us(error: BaseException) -> ExchangeError:
    code = getattr(error, "code", None) or type(error).__name__
    return ConfigurationInvalid(
        f"The graph database refuses this exchange ({code}). Check EXCHANGE_GRAPH_URI, EXCHANGE_GRAPH_USER and "
        "EXCHANGE_GRAPH_PASSWORD."
    )


def _taken(_: BaseException) -> ExchangeError:
    return Conflict("Something with the same identifier exists already. Nothing was written.")


def _bad_value(_: BaseException) -> ExchangeError:
    return InvalidInput(
        "A text or number cannot be stored: text must be valid Unicode without lone surrogates, whole numbers fit "
        "into 64 bits. Nothing was written."
    )


# Another server makes the same constraint or index at this moment: IF NOT EXISTS does not keep two from meeting.
_MADE_MEANWHILE = {
    "Neo.ClientError.Schema.ConstraintAlreadyExists",
    "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists",
    "Neo.ClientError.Schema.IndexAlreadyExists",
}


def _bug(error: BaseException) -> StatementRefused:
    return StatementRefused(f"{type(error).__name__}: {error}")


def _taken_or_bug(error: BaseException) -> Exception:
    return _taken(error) if getattr(error, "code", None) in _MADE_MEANWHILE else _bug(error)


# The nearest entry in an error's ancestry decides.
FAMILIES: dict[type[BaseException], Callable[[BaseException], Exception]] = {
    # the database, or the way to it, is away for now
    driver.ServiceUnavailable: _unavailable,
    driver.RoutingServiceUnavailable: _unavailable,
    driver.WriteServiceUnavailable: _unavailable,
    driver.ReadServiceUnavailable: _unavailable,
    driver.IncompleteCommit: _unavailable,
    driver.SessionExpired: _unavailable,
    driver.ConnectionPoolError: _unavailable,
    driver.ConnectionAcquisitionTimeoutError: _unavailable,
    driver.TransientError: _unavailable,
    driver.DatabaseUnavailable: _unavailable,
    driver.NotALeader: _unavailable,
    driver.ForbiddenOnReadOnlyDatabase: _unavailable,
    driver.DatabaseError: _unavailable,  # its disk is full, its memory is out: a server's trouble, not a statement's
    # it refuses us, and will tomorrow
    driver.AuthError: _refuses_us,
    driver.TokenExpired: _refuses_us,
    driver.Forbidden: _refuses_us,
    driver.ConfigurationError: _refuses_us,
    driver.AuthConfigurationError: _refuses_us,
    driver.CertificateConfigurationError: _refuses_us,
    driver.UnsupportedServerProduct: _refuses_us,
    # it refuses the data
    driver.ConstraintError: _taken,
    # our bug, but for what two servers make at once
    driver.GqlError: _bug,
    driver.Neo4jError: _bug,
    driver.ClientError: _taken_or_bug,
    driver.CypherSyntaxError: _bug,
    driver.CypherTypeError: _bug,
    driver.DriverError: _bug,
    driver.SessionError: _bug,
    driver.TransactionError: _bug,
    driver.TransactionNestingError: _bug,
    driver.ResultError: _bug,
    driver.ResultFailedError: _bug,
    driver.ResultConsumedError: _bug,
    driver.ResultNotSingleError: _bug,
    driver.BrokenRecordError: _bug,
    # not of the driver's tree, but raised through it
    TimeoutError: _unavailable,
    OSError: _unavailable,
    UnicodeError: _bad_value,
    OverflowError: _bad_value,
}

# The database, or the way to it, is gone: no refusal of one statement.
SILENCE = (
    driver.ServiceUnavailable,
    driver.SessionExpired,
    driver.ConnectionPoolError,
    driver.DatabaseUnavailable,
    StoreUnavailable,  # an embedded one that is starting again
    OSError,
)

# What a `try` around the driver catches; everything else is not ours to translate.
CAUGHT = (driver.GqlError, OSError, UnicodeError, OverflowError)


def translated(error: BaseException) -> Exception:
    """The exchange's error for one that was caught as CAUGHT."""
    for family in type(error).__mro__:
        if family in FAMILIES:
            return FAMILIES[family](error)
    return _bug(error)


def is_worth_another_try(error: BaseException) -> bool:
    """Whether the same statement may succeed at once on a new connection."""
    return isinstance(translated(error), StoreUnavailable)


def is_silence(error: BaseException) -> bool:
    """Whether nothing was heard from the database: no connection, one that broke, or no answer in time."""
    return isinstance(error, SILENCE)


def may_be_a_collision(error: BaseException) -> bool:
    """Whether two writers may have met: a taken key, a deadlock, a concurrent change of the same page."""
    return isinstance(error, driver.ConstraintError | driver.TransientError)
