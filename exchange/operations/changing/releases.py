"""Releases of datasets: dated, immutable editions of a publisher's emission factors."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.errors import Conflict, Problems
from exchange.graph import Store
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Viewer
from exchange.model.product import Dataset, Release
from exchange.model.writes import CreateDataset, CreateRelease, Write
from exchange.operations.answers.permission import require_publisher, written_by
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.requests.inputs import CreateReleaseInput
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import Allocation, Decision


async def create_release(exchange: Exchange, viewer: Viewer, given: CreateReleaseInput) -> str:
    """Creates a release of one of the caller's datasets, and the dataset where it does not exist. Returns its id.

    Raises InvalidInput, Conflict (the label exists, a used key), AccessDenied, NotSignedIn.
    """
    publisher_id = require_publisher(viewer)
    problems = Problems()
    at = Checker(problems, ("input",))
    at.text(given.dataset, "dataset", longest=NAME_LENGTH_MAX, required=True)
    at.text(given.label, "label", longest=NAME_LENGTH_MAX, required=True)
    date_day = at.day(given.date, "date")
    problems.raise_any()
    return await exchange.queue.do(
        _CreateRelease(
            store=exchange.store,
            given=given,
            date_day=date_day,
            publisher_id=publisher_id,
            by=written_by(viewer),
            key=scoped_key(publisher_id, given.idempotency_key),
            body=body_sha256("createRelease", given),
        )
    )


@dataclass(frozen=True, slots=True)
class _CreateRelease:
    store: Store
    given: CreateReleaseInput
    date_day: int
    publisher_id: str
    by: str
    key: str
    body: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key, f"dataset:{self.publisher_id}:{self.given.dataset}"})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        dataset = await self.store.get_dataset(self.publisher_id, self.given.dataset)
        if dataset is not None and await self.store.get_release_by_label(dataset.id, self.given.label):
            raise Conflict(
                f"{self.given.dataset} already has a release {self.given.label}. A release is never changed: "
                "give the new one its own label.",
                path=("input", "label"),
            )
        known = dataset or Dataset(str(uuid.uuid4()), self.given.dataset, self.publisher_id)
        release_id = str(uuid.uuid4())

        def build(allocation: Allocation) -> Sequence[Write]:
            release = Release(
                id=release_id,
                dataset_id=known.id,
                label=self.given.label,
                date_day=self.date_day,
                created_at_us=now_us,
                sequence=allocation.change(ChangeKind.RELEASE_CREATED, release_id, owner_id=self.publisher_id),
            )
            new: list[Write] = [] if dataset else [CreateDataset(known)]
            return [*new, CreateRelease(release), remember(self.key, self.body, release_id, now_us)]

        return Decision(release_id, build)
