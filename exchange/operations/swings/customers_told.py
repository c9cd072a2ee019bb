"""Who takes a product is told that its publisher swings its own emissions: beside what the publisher is answered.

That somebody takes its product is hidden from the publisher. So it is looked for only after the publication has been
written, and answered whatever is found or fails here; the entries are none of the publisher's own trail
(`ledger.Change.readers`), and are written by themselves.

Where it cannot be told (the database is away, too much waits) it is logged, and told with the next such publication.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from exchange.errors import ExchangeError
from exchange.graph import Store
from exchange.operations.following.follower import LiveGraph
from exchange.operations.swings.own_chains import Reading, customers_of
from exchange.operations.watching.audit import Audit

WAITING_MAX: Final = 1_000  # publications whose customers are still to be told
CLOSING_SECONDS_MAX: Final = 5.0  # for those, when a server ends

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Swung:
    """Own products (keys) of an organization, published by one of its clients."""

    organization_id: str
    by: str
    keys: Sequence[int]


class CustomersTold:
    """Of one process; all of it belongs to the event loop. One publication at a time, in order."""

    def __init__(self, store: Store, graph: LiveGraph | None, audit: Audit, clock: Callable[[], int]) -> None:
        self._store, self._graph, self._audit, self._clock = store, graph, audit, clock
        self._waiting: deque[_Swung] = deque()
        self._task: asyncio.Task[None] | None = None

    def tell(self, organization_id: str, by: str, keys: Sequence[int]) -> None:
        """Begins to tell whoever takes one of these products of the organization; returns at once, and never fails."""
        if len(self._waiting) >= WAITING_MAX:
            log.warning("too many extreme publications wait: who takes products of %s is not told", organization_id)
            return
        self._waiting.append(_Swung(organization_id, by, keys))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell_all(), name="customers-told")

    async def all_told(self) -> None:
        """Waits until nothing waits to be told."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Finishes what waits, as far as the database answers soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS_MAX):
                await self.all_told()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _tell_all(self) -> None:
        while self._waiting:
            swung = self._waiting.popleft()
            try:
                await self._tell(swung)
            except ExchangeError as error:
                log.warning("who takes products of %s could not be told: %s", swung.organization_id, error.message)
            except Exception:  # whoever waits next is told all the same
                log.exception("who takes products of %s could not be told", swung.organization_id)

    async def _tell(self, swung: _Swung) -> None:
        head = await self._store.head()
        now_us = max(self._clock(), head.at_us)
        reading = Reading(self._store, self._graph, head, now_us)
        customers = await customers_of(reading, swung.organization_id, swung.keys)
        await self._audit.own_emissions_swung(swung.organization_id, swung.by, customers, now_us)
