"""Turns at heavy work: bounded, in the order of callers, given back whatever happens."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter

import pytest

from exchange.errors import TooManyRequests
from exchange.operations.turns import Share, Turns


async def settle() -> None:
    """Until every task has come as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Work:
    """Operations that each hold a turn until they are told to end; `served`: who got one, in order."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.holding: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """The first letter of a name is the caller."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._hold(name))
            await settle()

    async def _hold(self, name: str) -> None:
        async with Share(self.turns, name[0]).turn():
            self.served.append(name)
            self.holding[name] = asyncio.Event()
            await self.holding[name].wait()

    async def end(self, name: str) -> None:
        self.holding.pop(name).set()
        await settle()

    async def end_all(self) -> None:
        while self.holding:
            await self.end(next(iter(self.holding)))
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        assert (self.turns.under_way, self.turns.waiting) == (0, 0)


async def test_callers_are_served_in_turn_however_much_one_of_them_asks():
    work = Work(Turns(most=1, of_one=1))
    await work.ask("a0", "a1", "a2", "a3", "a4", "b1", "b2", "c1")
    await work.end_all()
    assert work.served == ["a0", "a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_of_one_caller_there_are_never_as_many_as_there_may_be():
    turns = Turns(most=4, of_one=2)
    work = Work(turns)
    await work.ask("a1", "a2", "a3", "a4", "a5")
    assert (work.served, turns.under_way, turns.waiting) == (["a1", "a2"], 2, 3)
    await work.ask("b1")
    assert work.served[-1] == "b1", "another caller need not wait at all"
    await work.ask("c1", "c2")
    assert (turns.under_way, turns.waiting) == (4, 4)
    await work.end("b1")
    assert work.served[-1] == "c2", "a turn goes to who may have it: the first in the line has two"
    await work.end("a1")
    assert work.served[-1] == "a3"
    await work.end_all()


async def test_where_all_turns_are_taken_another_caller_waits_for_one_to_end():
    turns = Turns(most=4, of_one=2)
    work = Work(turns)
    await work.ask(*(f"a{n}" for n in range(50)), *(f"b{n}" for n in range(50)))
    await work.ask("c1")
    assert "c1" not in work.served
    before = len(work.served)
    while "c1" not in work.served:
        await work.end(next(iter(work.holding)))
    assert len(work.served) - before <= 3  # callers in the line, itself included
    await work.end_all()


async def test_what_waits_of_one_caller_is_bounded_and_others_are_not_refused():
    work = Work(Turns(most=1, of_one=1, waiting_of_one=2))
    await work.ask("a0", "a1", "a2", "a3", "b1")
    error = work.tasks["a3"].exception()
    assert isinstance(error, TooManyRequests)
    assert error.retryable
    assert error.retry_after_seconds > 0
    await work.end("a0")
    await work.ask("a4")
    assert not work.tasks["a4"].done(), "there is room again"
    await work.end_all()
    assert sorted(work.served) == ["a0", "a1", "a2", "a4", "b1"]


async def test_who_is_cancelled_while_it_waits_leaves_the_line():
    turns = Turns(most=1, of_one=1, waiting_of_one=2)
    work = Work(turns)
    await work.ask("a0", "a1", "a2", "b1")
    work.tasks["a1"].cancel()
    work.tasks["b1"].cancel()
    await settle()
    assert turns.waiting == 1
    await work.ask("a3")
    await work.end_all()
    assert work.served == ["a0", "a2", "a3"]


async def test_who_is_cancelled_in_the_moment_of_its_turn_gives_it_back():
    turns = Turns(most=1, of_one=1)
    await turns.begin("a")
    work = Work(turns)
    await work.ask("a1", "b1")
    turns.end("a")
    work.tasks["a1"].cancel()  # it has its turn now, but has not been told
    await settle()
    assert work.served == ["b1"]
    await work.end_all()


async def test_who_was_cancelled_but_not_told_is_passed_over():
    turns = Turns(most=1, of_one=1)
    await turns.begin("a")
    work = Work(turns)
    await work.ask("a1", "b1")
    work.tasks["a1"].cancel()
    turns.end("a")  # in the same step of the loop
    await settle()
    assert work.served == ["b1"]
    await work.end_all()


async def test_an_error_gives_the_turn_back():
    turns = Turns(most=1, of_one=1)
    with pytest.raises(ZeroDivisionError):
        await Share(turns, "a").compute(lambda: 1 // 0)
    assert turns.under_way == 0
    assert await Share(turns, "a").compute(lambda: "done") == "done"


async def test_one_operation_has_one_turn_at_a_time_and_inside_of_it_needs_no_other():
    turns = Turns(most=4, of_one=4, waiting_of_one=0)
    share = Share(turns, "a")
    most = 0

    async def part() -> str:
        nonlocal most
        async with share.turn():
            most = max(most, turns.under_way)
            async with share.turn(), Share(turns, "b").turn():
                children = [asyncio.create_task(share.compute(lambda: "child")) for _ in range(2)]
                return "".join(await asyncio.gather(*children))  # a holder that waits for others who ask

    assert await asyncio.wait_for(asyncio.gather(*(part() for _ in range(20))), 10) == ["childchild"] * 20
    assert (most, turns.under_way) == (1, 0)


async def test_what_outlives_the_turn_that_it_was_begun_in_takes_one_of_its_own():
    turns = Turns(most=1, of_one=1)
    share, ended = Share(turns, "a"), asyncio.Event()

    async def later() -> int:
        await ended.wait()
        async with share.turn():
            return turns.under_way

    async with share.turn():
        task = asyncio.create_task(later())
        await settle()
    ended.set()
    assert await task == 1
    assert turns.under_way == 0


async def test_what_runs_in_a_thread_keeps_its_turn_though_nobody_waits_for_it():
    turns = Turns(most=1, of_one=1)
    began, go_on = threading.Event(), threading.Event()

    def make() -> None:
        began.set()
        assert go_on.wait(30)

    task = asyncio.create_task(Share(turns, "a").compute(make))
    assert await asyncio.to_thread(began.wait, 30)
    task.cancel()
    await settle()
    assert (task.done(), turns.under_way) == (False, 1)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turns.under_way == 0


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_the_bounds_hold_and_everybody_is_served(seed: int):
    chance = random.Random(seed)
    turns = Turns(most=chance.randint(1, 4), of_one=chance.randint(1, 3), waiting_of_one=1000)
    held: Counter[str] = Counter()
    done: set[int] = set()

    async def operation(number: int, caller: str) -> None:
        for _ in range(chance.randint(0, 5)):
            await asyncio.sleep(0)
        async with Share(turns, caller).turn():
            held[caller] += 1
            assert held.total() <= turns.under_way <= turns.most
            assert held[caller] <= turns.of_one
            try:
                for _ in range(chance.randint(0, 5)):
                    await asyncio.sleep(0)
                if chance.random() < 0.1:
                    raise ValueError
            finally:
                held[caller] -= 1
        done.add(number)

    tasks = [asyncio.create_task(operation(number, chance.choice("aaaabcd"))) for number in range(200)]
    cancelled = set()
    for _ in range(60):
        await asyncio.sleep(0)
        number = chance.randrange(200)
        if tasks[number].cancel():
            cancelled.add(number)
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
    assert (turns.under_way, turns.waiting) == (0, 0)
    failed = {number for number, outcome in enumerate(outcomes) if isinstance(outcome, ValueError)}
    assert done | cancelled | failed == set(range(200))
    assert not [outcome for outcome in outcomes if isinstance(outcome, AssertionError)]
