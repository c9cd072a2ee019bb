"""Whether the database answers, for whoever watches the log: one line when it is gone, one when it is back.

The driver writes a line for every connection that breaks, at the level of an error, and there are as many as questions
were under way. Each of them is raised as well, and so becomes an answer of ours (`driver_errors.py`): its lines are for
those who look into connections, at DEBUG. A connection that breaks and is had again at once is told to nobody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

TOLD_BY_US: Final = ("neo4j.io", "neo4j.pool")  # loggers of the driver whose errors are raised, too


class Presence:
    """Of one database, as statements find it. Of one that has never answered nothing is told: whoever waits for the
    first answer says so."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answered_at: float | None = None
        self._gone_at: float | None = None

    def asked(self) -> float:
        """When this was, for `lost`."""
        return self._clock()

    def lost(self, why: BaseException, asked_at: float) -> None:
        """Nothing was heard from it, whatever was tried. What others have heard since it was asked is newer."""
        if self._answered_at is not None and self._answered_at <= asked_at and self._gone_at is None:
            self._gone_at = self._clock()
            logger.error(
                "The graph database is gone (%s). What needs it is refused until it is back; no restart is needed.",
                _in_one_line(why),
            )

    def answered(self) -> None:
        """It said something, be it a refusal."""
        self._answered_at = self._clock()
        gone_at, self._gone_at = self._gone_at, None
        if gone_at is not None:  # a warning, so that whoever was told of the loss is told of its end
            logger.warning("The graph database is back, after %.1f s.", self._answered_at - gone_at)


def _in_one_line(why: BaseException) -> str:
    return " ".join(f"{type(why).__name__}: {why}".split()).removesuffix(":")


class _ForDebugging(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            return True
        record.levelno, record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


_FOR_DEBUGGING: Final = _ForDebugging()


def quieten_driver() -> None:
    """From here on the driver's lines about broken connections are written at DEBUG. Repeatable."""
    for name in TOLD_BY_US:
        logging.getLogger(name).addFilter(_FOR_DEBUGGING)
