"""The write queue decides against one head of the ledger: what it refuses, too, held for the graph as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from exchange.errors import Conflict, ExchangeError, LoopRefused, StoreUnavailable
from exchange.graph import HeadMoved, Store
from exchange.model.grant import AccessLevel, Grant
from exchange.model.ledger import Change, ChangeKind, LedgerHead
from exchange.model.writes import RecordRefusedLoop, Write
from exchange.operations.writing import queue as writing
from exchange.operations.writing.measures import NoMeasures
from exchange.operations.writing.queue import HEAD_RETRIES_MAX, Allocation, Decision, WriteQueue


@dataclass
class Ledger:
    """The part of a store that the queue itself needs; `names`: what has been written."""

    sequence: int = 0
    names: dict[str, str] = field(default_factory=dict)
    written: list[Write] = field(default_factory=list)
    away: bool = False

    async def head(self) -> LedgerHead:
        return LedgerHead(self.sequence, 0, 0, 0)

    async def write(self, writes: Sequence[Write], changes: Sequence[Change], expected: LedgerHead) -> LedgerHead:
        if self.away:
            raise StoreUnavailable("away")
        if expected.sequence != self.sequence:
            raise HeadMoved
        self.sequence += len(changes)
        self.written += writes
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


class Counted(NoMeasures):
    """Codes of what was refused."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def refused(self, code: str) -> None:
        self.codes.append(code)


async def asked(ledger: Ledger, *commands: TakeName, measures: Counted | None = None) -> list[str | BaseException]:
    queue = WriteQueue(cast(Store, ledger), lambda: 1, measures=measures)
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


GRANT = Grant("", "product 7", 7, None, AccessLevel.TOTAL, False, 0, 1, 1, 1, 1)


@dataclass(frozen=True)
class TakeAccess(TakeName):
    """What admission has to look at."""

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        decision = await super().decide(head, now_us)
        return replace(decision, grants=(GRANT,), organization_id="owner")


def refusing(monkeypatch: pytest.MonkeyPatch, *answers: ExchangeError | None) -> list[int]:
    """Admission that says these one after the other, the last for ever; returns the heads that it was asked about."""
    left, asked = list(answers), list[int]()

    async def check(store: object, graph: object, head: LedgerHead, proposed: Sequence[object], now_us: int) -> None:
        if proposed:
            asked.append(head.sequence)
            error = left.pop(0) if len(left) > 1 else left[0]
            if error is not None:
                raise error

    monkeypatch.setattr(writing, "check_admission", check)
    return asked


LOOP = LoopRefused("a loop", members=(3, 7), path=("input", "product"))


async def test_a_refused_loop_is_recorded_before_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, counted = Ledger(), Counted()
    refusing(monkeypatch, LOOP)
    (found,) = await asked(ledger, TakeAccess(ledger, "N", "key"), measures=counted)
    assert found is LOOP
    assert counted.codes == ["LOOP_REFUSED"]
    [write] = ledger.written
    assert isinstance(write, RecordRefusedLoop)
    assert write.member_keys == (3, 7)
    said = write.refused
    assert (said.product_id, said.organization_id, said.day, said.at_us, said.sequence) == (
        "product 7",
        "owner",
        0,
        1,
        1,
    )
    assert ledger.sequence == 1


async def test_a_refusal_that_cannot_be_recorded_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(away=True)
    refusing(monkeypatch, LOOP)
    (found,) = await asked(ledger, TakeAccess(ledger, "N", "key"))
    assert isinstance(found, StoreUnavailable)


async def test_a_loop_that_another_server_opens_meanwhile_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The head moved while it was judged: neither told nor recorded, but decided again."""
    ledger = Ledger()
    heads = refusing(monkeypatch, LOOP, None)
    command = TakeAccess(ledger, "N", "key", another_server_writes(ledger, "M", "other"))
    assert await asked(ledger, command) == ["new"]
    assert (heads, ledger.written) == ([0, 1], [])


async def test_what_is_too_large_to_be_judged_is_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    refusing(monkeypatch, LoopRefused("too large"))
    (found,) = await asked(ledger, TakeAccess(ledger, "N", "key"))
    assert isinstance(found, LoopRefused)
    assert ledger.sequence == 0


async def test_a_loop_of_one_command_leaves_the_others_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they are refused; each by itself only the culprit is, and one refusal is recorded."""
    ledger = Ledger()
    refusing(monkeypatch, LOOP, None, LOOP)
    found = await asked(ledger, TakeAccess(ledger, "N", "one"), TakeAccess(ledger, "M", "two"))
    assert found == ["new", LOOP]
    assert [type(write) for write in ledger.written] == [RecordRefusedLoop]
