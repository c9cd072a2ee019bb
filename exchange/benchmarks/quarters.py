"""Quarters: the four of a year, each closing with its last day (UTC)."""

from __future__ import annotations

from datetime import date, timedelta


def closing_of(day: date) -> date:
    """The last day of the quarter that a day is in."""
    quarter = (day.month - 1) // 3 + 1
    following = date(day.year + 1, 1, 1) if quarter == 4 else date(day.year, 3 * quarter + 1, 1)
    return following - timedelta(days=1)


def last_closed(today: date) -> date:
    """The last day of the newest quarter that has ended before today."""
    return date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)


def quarter_name(day: date) -> str:
    """As 2026-Q3; in order of time by text, too."""
    return f"{day.year:04}-Q{(day.month - 1) // 3 + 1}"
