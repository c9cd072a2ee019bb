"""Attempts to sign in: how many may fail, for one client and from one address, within a minute.

Only failures count, so a client that knows its secret is limited by others' failures alone, and for a minute at most.
In memory and bounded: an attacker with many addresses pushes old entries out, never fills the memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from exchange.errors import TooManyRequests

WINDOW_SECONDS: Final = 60
FAILURES_PER_CLIENT_MAX: Final = 10  # a person who mistypes a secret needs three
FAILURES_PER_ADDRESS_MAX: Final = 50  # many clients may stand behind one address
ENTRIES_MAX: Final = 10_000


@dataclass(slots=True)
class Attempts:
    """`now` is seconds of any clock that only goes forward."""

    _failures: OrderedDict[tuple[str, str], tuple[float, int]] = field(default_factory=OrderedDict)

    def begin(self, client_id: str, address: str, now: float) -> None:
        """Counts an attempt as failed until `succeeded`, so that many at once count, too.

        Raises TooManyRequests where it is one too many.
        """
        for key, limit in _keys(client_id, address):
            began, count = self._failures.get(key, (now, 0))
            left = began + WINDOW_SECONDS - now
            if count >= limit and left > 0:
                wait = int(left) + 1
                raise TooManyRequests(
                    f"Too many failed attempts to sign in. Try again in {wait} seconds.", retry_after_seconds=wait
                )
        for key, _ in _keys(client_id, address):
            began, count = self._failures.pop(key, (now, 0))
            if began + WINDOW_SECONDS <= now:
                began, count = now, 0
            self._failures[key] = (began, count + 1)
            while len(self._failures) > ENTRIES_MAX:
                self._failures.popitem(last=False)

    def succeeded(self, client_id: str, address: str) -> None:
        """The attempt did not fail after all."""
        for key, _ in _keys(client_id, address):
            if key in self._failures:
                began, count = self._failures[key]
                self._failures[key] = (began, max(count - 1, 0))

    def __len__(self) -> int:
        return len(self._failures)


def _keys(client_id: str, address: str) -> list[tuple[tuple[str, str], int]]:
    return [(("client", client_id[:100]), FAILURES_PER_CLIENT_MAX), (("address", address), FAILURES_PER_ADDRESS_MAX)]
