"""No error of the driver leaves the store: every family of its tree has a translation, and it is the right one."""

from __future__ import annotations

import inspect

import pytest
from neo4j import exceptions as driver

from exchange.errors import ConfigurationInvalid, Conflict, ExchangeError, InvalidInput, StoreUnavailable
from exchange.graph.driver_errors import CAUGHT, FAMILIES, StatementRefused, is_worth_another_try, translated

EXPECTED = {
    StoreUnavailable: [
        "ServiceUnavailable",
        "RoutingServiceUnavailable",
        "WriteServiceUnavailable",
        "ReadServiceUnavailable",
        "IncompleteCommit",
        "SessionExpired",
        "ConnectionPoolError",
        "ConnectionAcquisitionTimeoutError",
        "TransientError",
        "DatabaseUnavailable",
        "NotALeader",
        "ForbiddenOnReadOnlyDatabase",
        "DatabaseError",
    ],
    ConfigurationInvalid: [
        "AuthError",
        "TokenExpired",
        "Forbidden",
        "ConfigurationError",
        "AuthConfigurationError",
        "CertificateConfigurationError",
        "UnsupportedServerProduct",
    ],
    Conflict: ["ConstraintError"],
    StatementRefused: [
        "GqlError",
        "Neo4jError",
        "ClientError",
        "CypherSyntaxError",
        "CypherTypeError",
        "DriverError",
        "SessionError",
        "TransactionError",
        "TransactionNestingError",
        "ResultError",
        "ResultFailedError",
        "ResultConsumedError",
        "ResultNotSingleError",
        "BrokenRecordError",
    ],
}


def made(family: type[BaseException]) -> BaseException:
    """An instance, whatever the family's constructor asks for."""
    error = family.__new__(family)
    error.args = ("secret at 10.0.0.1",)
    return error


def families_of_the_driver() -> set[str]:
    return {
        name
        for name, found in vars(driver).items()
        if inspect.isclass(found) and issubclass(found, driver.GqlError) and not name.startswith("_")
    }


def test_every_family_of_the_driver_is_listed():
    listed = {name for names in EXPECTED.values() for name in names}
    assert listed == families_of_the_driver()
    assert listed == {family.__name__ for family in FAMILIES if issubclass(family, driver.GqlError)}


@pytest.mark.parametrize(("error", "name"), [(error, name) for error, names in EXPECTED.items() for name in names])
def test_a_family_becomes_the_exchanges_own_error(error, name):
    family = getattr(driver, name)
    assert issubclass(family, CAUGHT)
    found = translated(made(family))
    assert type(found) is error
    assert is_worth_another_try(made(family)) == (error is StoreUnavailable)
    if isinstance(found, ExchangeError):
        assert "secret" not in str(found)
        assert found.retryable == (error is StoreUnavailable)


def test_a_family_that_is_new_becomes_its_parents_error():
    class Newer(driver.ServiceUnavailable):
        pass

    assert isinstance(translated(made(Newer)), StoreUnavailable)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), StoreUnavailable),
        (TimeoutError(), StoreUnavailable),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), InvalidInput),
        (OverflowError("too big"), InvalidInput),
    ],
)
def test_what_comes_through_the_driver_is_translated_too(error, expected):
    assert isinstance(error, CAUGHT)
    assert type(translated(error)) is expected
