"""Random exchanges to attack: supply chains of many organizations, and who was granted what in them.

50 to 220 products of 10 to 40 organizations: loops, gaps, alliances of which some organizations are members, grants of
one product and of all that an owner has, onward ones, owners with several products of a kind, and variants that differ
from another product in one line and in nothing else. Direct emissions are a fifth to seven tenths of a
product's total: where they are nothing, a product carries what its inputs carry, and no rule hides that
(docs/permissions.md, "What is not guaranteed"). `thin` makes chains of products that add 1 to 5 percent of their own.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.access.pairs import ALLIANCES, LEVELS, Plan, Planned, Row
from tests.rollup.check import line

FOSSIL, LAND_USE, REMOVALS = "fossilGhgEmissions", "landUseChangeGhgEmissions", "technologicalCO2Removals"
SIGNS = {FOSSIL: 1, LAND_USE: 1, REMOVALS: -1}
OUTSIDER = "outsider"  # an organization without products


@dataclass
class Graph:
    """plan: products, grants, members. columns: the components that are emitted in it. attackers: groups of viewers
    that pool what they are told. variants: pairs of products that have the same direct emissions."""

    plan: Plan
    columns: tuple[str, ...]
    attackers: list[tuple[str, ...]] = field(default_factory=list)
    variants: list[tuple[str, str]] = field(default_factory=list)


def random_graph(seed: int, *, products: int | None = None, thin: bool = False) -> Graph:
    """The same for the same arguments. products: how many; None: 50 to 220."""
    random = Random(seed)
    count = products or random.randint(50, 220)
    owners = [f"org{number}" for number in range(min(random.randint(10, 40), count))]
    graph = Graph(Plan({}, [], None, plain_quality=False), (FOSSIL, REMOVALS if seed % 5 == 4 else LAND_USE))
    sums: dict[str, float] = {}  # of each product, about: kg CO2e per kg
    for number in range(count):
        name = f"p{number}"
        owner = owners[number] if number < len(owners) else random.choice(owners)
        if number > 10 and random.random() < 0.15:
            _add_variant(random, graph, sums, name)
        else:
            _add_product(random, graph, sums, name, owner, thin=thin)
    _close_loops(random, graph, sums)
    _share(random, graph, owners)
    one, two = random.sample(owners, 2)
    graph.attackers = [(one,), (OUTSIDER,), (one, two)]
    return graph


def _add_product(random: Random, graph: Graph, sums: dict[str, float], name: str, owner: str, *, thin: bool) -> None:
    products, number = graph.plan.products, len(graph.plan.products)
    made = Planned(owner, pds=str(random.randint(0, 100)), rating=str(random.randint(1, 5)))
    products[name] = made
    if number < 4 or random.random() < 0.15:
        sums[name] = random.uniform(0.5, 8)
        made.total = _emissions(random, graph.columns, sums[name])
        return
    near = list(products)[max(0, number - 40) : number]
    for supplier in random.sample(near, min(len(near), random.randint(1, 2 if thin else 5))):
        worth = random.uniform(0.3, 3)  # of the supplier in this product
        made.lines.append(_line(random, supplier, worth / sums[supplier]))
        if random.random() < 0.06:
            made.lines[-1]["supplier"] = "nobody"
    brought = sum(float(one["amount"]) * sums.get(one["supplier"], 0.0) for one in made.lines) or 1.0
    share = random.uniform(0.01, 0.05) if thin else random.uniform(0.2, 0.7)
    direct = brought * share / (1 - share)
    made.direct = _emissions(random, graph.columns, direct)
    sums[name] = brought + direct


def _line(random: Random, supplier: str, amount: float) -> Row:
    stage = random.choice(("RAW_MATERIAL_ACQUISITION", "MANUFACTURING"))
    more = {"primary": random.random() < 0.6, "packaging": random.random() < 0.1}
    made: Row = line(supplier, f"{amount:.4g}", stage=stage, **more)
    return made


def _emissions(random: Random, columns: tuple[str, ...], kg: float) -> dict[str, Decimal]:
    """So many kilograms, most of them fossil."""
    other = kg * random.uniform(0.02, 0.3)
    parts = (kg - SIGNS[columns[1]] * other, SIGNS[columns[1]] * other)
    return {name: Decimal(f"{part:.6g}") for name, part in zip(columns, parts, strict=True)}


def _add_variant(random: Random, graph: Graph, sums: dict[str, float], name: str) -> None:
    """A product of the same owner as another, with one line more than it, less, or changed."""
    products = graph.plan.products
    like = random.choice([each for each, planned in products.items() if planned.total is None] or [""])
    if not like:
        _add_product(random, graph, sums, name, "org0", thin=False)
        return
    made = copy.deepcopy(products[like])
    if made.lines and random.random() < 0.5:
        changed = random.choice(made.lines)
        changed["amount"] = f"{float(changed['amount']) * random.uniform(0.5, 1.5):.4g}"
    else:
        supplier = random.choice(list(products)[-40:])
        made.lines.append(_line(random, supplier, random.uniform(0.3, 3) / sums[supplier]))
    brought = sum(float(one["amount"]) * sums.get(one["supplier"], 0.0) for one in made.lines)
    sums[name] = brought + float(sum(made.direct.values()))
    products[name] = made
    graph.variants.append((like, name))


def _close_loops(random: Random, graph: Graph, sums: dict[str, float]) -> None:
    """Some products take a little of what is made of them, a fiftieth of their worth."""
    names = list(graph.plan.products)
    for name in random.sample(names, len(names) // 12):
        planned = graph.plan.products[name]
        later = names[names.index(name) :][:20]
        if planned.total is None:
            supplier = random.choice(later)
            planned.lines.append(_line(random, supplier, 0.02 * sums[name] / sums[supplier]))


def _share(random: Random, graph: Graph, owners: list[str]) -> None:
    plan = graph.plan
    for alliance in ALLIANCES:
        for organization in [*owners, OUTSIDER]:
            if random.random() < 0.2:
                state = random.choice(["member", "member", "left", "invited"])
                plan.members.append((alliance, organization, state))
    for planned in plan.products.values():
        for one in planned.lines:
            supplier = plan.products.get(one["supplier"])
            if supplier is not None and supplier.owner != planned.owner and random.random() < 0.93:
                plan.grants.append((one["supplier"], planned.owner, random.choice(LEVELS), random.random() < 0.2))
    shown = random.uniform(0.1, 0.5)  # of all products, to each of some organizations
    for name, planned in plan.products.items():
        for viewer in [*random.sample(owners, 2), OUTSIDER]:
            if viewer != planned.owner and random.random() < shown:
                plan.grants.append((name, viewer, random.choice(LEVELS), False))
        if random.random() < 0.05:
            plan.grants.append((name, random.choice(ALLIANCES), random.choice([*LEVELS, "BENCHMARK"]), False))
        if random.random() < 0.03:
            plan.grants.append((name, None, "TOTAL", False))
    for owner in random.sample(owners, 2):
        to = random.choice([*ALLIANCES, *(each for each in owners if each != owner)])
        plan.grants.append((f"of {owner}", to, random.choice(LEVELS), False))
