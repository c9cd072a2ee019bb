"""What deciding costs: the viewer's level on a hundred products, and a tree on its view beside the owner's.

In one process, on an embedded database, times of this process's own on the processor. Levels are decided in sessions of
their own, as requests are, with products at hand, and the peer is a session that decides nothing. What is granted to
the viewer was read at the same head before, and is not read again. A tree is expanded on a solved closure, with the
facts that it needs.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from exchange.access import build_view, facts
from exchange.app import running_exchange
from exchange.config import Settings
from exchange.model.grant import AccessLevel
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.model.product import Product
from exchange.operations.changing.organizations import add_organization
from exchange.operations.changing.products import create_product
from exchange.operations.changing.sharing import grant_access
from exchange.operations.exchange import Exchange
from exchange.operations.reading.roll_ups import Solved, solve_for
from exchange.operations.requests.inputs import CreateProductInput, GrantAccessInput
from exchange.rollup import View, solve_view
from tests.bench.measuring import Figure, Spread, in_turn, milliseconds

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "who sees what: deciding, and a view beside the whole"
PRODUCTS = 100
OF_ONE = 25  # products granted one by one; the others by a grant of everything
SAMPLE = 200  # how often in a round each is done: once takes less than the clock can tell
TREES = 20
TREE = (20, 0.0, 200)  # depth, cut-off in percent, nodes


def run(options: Options) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_deciding(Path(folder), options.rounds))
    return [*figures, *_trees(options.rounds)]


async def _deciding(folder: Path, rounds: int) -> list[Figure]:
    async with running_exchange(Settings(graph_uri=f"embedded:{folder}"), serving=True) as exchange:
        viewer, products = await _shared(exchange)

        async def decide() -> None:
            session = await exchange.session(viewer)
            answers = await session.answers(products)
            assert sum(answer is not None for answer in answers) == PRODUCTS

        async def begin() -> None:
            await exchange.session(viewer)

        decided, alone = list[float](), list[float]()
        for turn in range(1 + rounds):
            both = [(decide, decided), (begin, alone)]
            for make, found in both if turn % 2 else both[::-1]:
                took = await _milliseconds(make)
                if turn:
                    found.append(took)
        apart = tuple(one - other for one, other in zip(decided, alone, strict=True))
    name = f"level on {PRODUCTS} products of others, {OF_ONE} granted one by one"
    return [
        Figure(name, Spread(tuple(decided)), "ms CPU", "the session alone", Spread(tuple(alone))),
        Figure("the same, without the session", Spread(apart), "ms CPU", "none", None),
    ]


async def _milliseconds(make: Callable[[], Coroutine[Any, Any, None]]) -> float:
    began = process_time()
    for _ in range(SAMPLE):
        await make()
    return (process_time() - began) * 1e3 / SAMPLE


async def _shared(exchange: Exchange) -> tuple[Viewer, list[Product]]:
    """A viewer, and another's products: some granted to it one by one, all of them by one grant."""
    scopes = frozenset({Scope.READ, Scope.PUBLISH})
    names = ("owner", "viewer")
    made = [await add_organization(exchange, OPERATOR, name=name, domains=[f"{name}.example"]) for name in names]
    owner, viewer = (Viewer(each.id, scopes, client_id="bench") for each in made)
    ids = []
    for number in range(PRODUCTS):
        urn = f"urn:pact:owner.example:product-id:{number}"
        ids.append(await create_product(exchange, owner, CreateProductInput(f"p{number}", (urn,), f"P{number}")))
    whom = viewer.organization_id
    for number, product in enumerate(ids[:OF_ONE]):
        one = GrantAccessInput(f"g{number}", product, AccessLevel.INPUTS, organization=whom)
        await grant_access(exchange, owner, one)
    everything = GrantAccessInput("all", None, AccessLevel.TOTAL, everything=True, organization=whom)
    await grant_access(exchange, owner, everything)
    return viewer, [product for product in await exchange.store.get_products(ids) if product is not None]


def _trees(rounds: int) -> list[Figure]:
    from tests.access.worlds import session_of, viewer_of
    from tests.attack.graphs import OUTSIDER, random_graph
    from tests.rollup.check import NOW

    graph = random_graph(1, products=220)
    owners = sorted({planned.owner for planned in graph.plan.products.values()})
    hidden = set(owners[::4])  # all that the others have is shared
    graph.plan.grants += [(f"of {owner}", OUTSIDER, "INPUTS", False) for owner in owners if owner not in hidden]
    world = graph.plan.world()
    keys = sorted(world.keys.values())

    def solved_for(viewer: str, asked: list[int]) -> Solved:
        return asyncio.run(solve_for(session_of(world, viewer_of(viewer)), asked, NOW))

    def view_of(solved: Solved, key: int) -> View:
        return View(key, build_view(key, lambda each: facts(each, solved.level_of, solved)))

    def tree(solved: Solved) -> object:
        return solve_view(view_of(solved, root)).tree(*TREE)

    whole = solved_for(OUTSIDER, keys)
    root = max(
        (key for key in keys if whole.level_of(key) >= AccessLevel.INPUTS),
        key=lambda key: len(view_of(whole, key).nodes),
    )
    runs, sizes = dict[str, Callable[[], object]](), dict[str, int]()
    for name, viewer in (("view", OUTSIDER), ("owner", "operator")):
        solved = solved_for(viewer, [root])
        sizes[name] = len(view_of(solved, root).nodes)
        runs[name] = partial(_often, partial(tree, solved))
    took = {
        name: milliseconds(spread).scaled(lambda ms: ms / TREES)
        for name, spread in in_turn(rounds, runs, clock=process_time).items()
    }
    title = f"tree of {TREE[2]} nodes on a view of {sizes['view']} products"
    return [Figure(title, took["view"], "ms CPU", f"the owner's of all {sizes['owner']}", took["owner"])]


def _often(make: Callable[[], object]) -> None:
    for _ in range(TREES):
        make()
