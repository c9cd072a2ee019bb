"""How long whoever met another writer waits before the next attempt."""

from __future__ import annotations

import random


def pause_seconds(attempt: int, first: float, most: float) -> float:
    """Twice as long after each attempt (from 0), from about `first` seconds to at most `most`; at random, because two
    that wait equally long meet again."""
    pause = min(first * 2**attempt, most)
    return random.uniform(pause / 2, pause)
