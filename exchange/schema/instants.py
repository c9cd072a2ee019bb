"""From the model's days and microseconds to the API's dates and instants, and back."""

from __future__ import annotations

import datetime as dt
from typing import Final, overload

EPOCH_DAY: Final = dt.date(1970, 1, 1)
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND: Final = dt.timedelta(microseconds=1)


@overload
def date_of(day: int) -> dt.date: ...
@overload
def date_of(day: int | None) -> dt.date | None: ...
def date_of(day: int | None) -> dt.date | None:
    """The date of a day counted from 1970-01-01."""
    return None if day is None else EPOCH_DAY + dt.timedelta(days=day)


@overload
def midnight_of(day: int) -> dt.datetime: ...
@overload
def midnight_of(day: int | None) -> dt.datetime | None: ...
def midnight_of(day: int | None) -> dt.datetime | None:
    """00:00 UTC of a day counted from 1970-01-01."""
    return None if day is None else EPOCH + dt.timedelta(days=day)


@overload
def instant_of(microseconds: int) -> dt.datetime: ...
@overload
def instant_of(microseconds: int | None) -> dt.datetime | None: ...
def instant_of(microseconds: int | None) -> dt.datetime | None:
    """The instant that many microseconds after 1970, in UTC."""
    return None if microseconds is None else EPOCH + microseconds * MICROSECOND


def day_of(date: dt.date | None) -> int | None:
    """Days since 1970-01-01."""
    return None if date is None else (date - EPOCH_DAY).days


def microseconds_of(instant: dt.datetime | None) -> int | None:
    """Microseconds since 1970."""
    return None if instant is None else (instant - EPOCH) // MICROSECOND
