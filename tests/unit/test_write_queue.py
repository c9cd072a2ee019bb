"""The write queue decides against one head of the ledger: what it refuses, too, held for the graph as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from exchange.errors import Conflict, StoreUnavailable
from exchange.graph import HeadMoved, Store
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.writes import Write
from exchange.operations.writing import HEAD_RETRIES_MAX, Allocation, Decision, WriteQueue


@dataclass
class Ledger:
    """The part of a store that the queue itself needs; `names`: what has been written."""

    sequence: int = 0
    names: dict[str, str] = field(default_factory=dict)

    async def head(self) -> LedgerHead:
        return LedgerHead(self.sequence, 0, 0, 0)

    async def write(self, writes: Sequence[Write], changes: Sequence[Change], expected: LedgerHead) -> LedgerHead:
        if expected.sequence != self.sequence:
            raise HeadMoved
        self.sequence += len(changes)
        return replace(expected, sequence=self.sequence)


@dataclass(frozen=True)
class TakeName:
    """Takes a name once: as every mutation does, it looks for its first answer, then whether the name is taken."""

    ledger: Ledger
    name: str
    key: str
    between: Callable[[], None] = lambda: None
    by: str = "client"
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        if self.ledger.names.get(self.name) == self.key:
            return Decision("first answer", None)
        self.between()
        if self.name in self.ledger.names:
            raise Conflict(f"{self.name} is taken")

        def build(allocation: Allocation) -> Sequence[Write]:
            allocation.change(ChangeKind.PRODUCT_CREATED, self.name)
            return []

        return Decision("new", build)


async def asked(ledger: Ledger, *commands: TakeName) -> list[str | BaseException]:
    queue = WriteQueue(cast(Store, ledger), lambda: 1)
    try:
        return list(await asyncio.gather(*(queue.do(each) for each in commands), return_exceptions=True))
    finally:
        await queue.close()


def another_server_writes(ledger: Ledger, name: str, key: str) -> Callable[[], None]:
    """Another server writes this, once, while a command is being decided."""

    def write() -> None:
        if name not in ledger.names:
            ledger.names[name] = key
            ledger.sequence += 1

    return write


async def test_a_request_that_another_server_answers_meanwhile_gets_that_answer() -> None:
    ledger = Ledger()
    command = TakeName(ledger, "N", "key", another_server_writes(ledger, "N", "key"))
    assert await asked(ledger, command) == ["first answer"]


async def test_so_it_does_where_others_are_written_in_the_same_transaction() -> None:
    ledger = Ledger()
    command = TakeName(ledger, "N", "key", another_server_writes(ledger, "N", "key"))
    assert await asked(ledger, TakeName(ledger, "M", "other"), command) == ["new", "first answer"]
    assert ledger.sequence == 2


async def test_a_refusal_that_still_holds_is_given_after_the_head_has_moved() -> None:
    ledger = Ledger()
    command = TakeName(ledger, "N", "mine", another_server_writes(ledger, "N", "theirs"))
    found = await asked(ledger, command)
    assert isinstance(found[0], Conflict)


async def test_a_refusal_that_never_holds_long_enough_is_told_so() -> None:
    ledger = Ledger(names={"N": "theirs"})
    tries = 0

    def write() -> None:
        nonlocal tries
        tries += 1
        ledger.sequence += 1

    (found,) = await asked(ledger, TakeName(ledger, "N", "mine", write))
    assert isinstance(found, StoreUnavailable)
    assert tries == HEAD_RETRIES_MAX


@pytest.mark.parametrize("others", [0, 1])
async def test_a_refused_command_leaves_the_others_written(others: int) -> None:
    ledger = Ledger(names={"N": "theirs"})
    commands = [TakeName(ledger, f"M{n}", f"k{n}") for n in range(others)]
    *written, refused = await asked(ledger, *commands, TakeName(ledger, "N", "mine"))
    assert written == ["new"] * others
    assert isinstance(refused, Conflict)
    assert ledger.sequence == others
