"""One line when the database is gone, one when it is back, and none of one that never came."""

from __future__ import annotations

import logging

import pytest

from exchange.graph.presence import TOLD_BY_US, Presence, quieten_driver


def test_it_is_told_once_that_it_is_gone_and_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    presence = Presence(lambda: now[0])
    presence.lost(OSError("not there yet"), presence.asked())
    presence.answered()
    assert not caplog.records
    for _ in range(3):
        presence.lost(OSError("connection\n refused"), presence.asked())
        now[0] += 1.25
    presence.answered()
    presence.answered()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "ERROR",
            "The graph database is gone (OSError: connection refused). What needs it is refused until it is back; no "
            "restart is needed.",
        ),
        ("WARNING", "The graph database is back, after 3.8 s."),
    ]


def test_what_says_nothing_more_is_named_alone(caplog: pytest.LogCaptureFixture) -> None:
    presence = Presence()
    presence.answered()
    presence.lost(TimeoutError(), presence.asked())
    assert "is gone (TimeoutError)." in caplog.text


def test_who_waited_long_does_not_overrule_who_has_heard_since(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    presence = Presence(lambda: now[0])
    presence.answered()
    now[0] = 1
    asked_at = presence.asked()
    now[0] = 2
    presence.answered()
    presence.lost(TimeoutError(), asked_at)
    assert not caplog.records
    presence.lost(TimeoutError(), presence.asked())
    assert len(caplog.records) == 1


@pytest.mark.parametrize("name", TOLD_BY_US)
def test_the_drivers_errors_are_for_whoever_looks_into_connections(name: str, caplog: pytest.LogCaptureFixture) -> None:
    quieten_driver()
    driver = logging.getLogger(name)
    driver.error("failed to read from defunct connection")
    driver.warning("unexpected response")
    with caplog.at_level("DEBUG", name):
        driver.error("failed to write to connection")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "unexpected response"),
        ("DEBUG", "failed to write to connection"),
    ]
