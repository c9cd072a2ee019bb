"""Pairs of worlds that differ only in what one viewer may not see.

A plan is a world as plain data. `random_plan` makes one out of what supply chains have: loops, gaps, fallbacks,
grants of all levels, onward and public ones, delivered lines, use stages, credits. Each change in CHANGES rewrites
something that is hidden from the viewer so that what it is shown stays equal: amounts are binary fractions, so that
sums are exact. A change that finds nothing to rewrite says so; whether facts are really equal is not decided here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from exchange.access import permits_at
from exchange.model.carbon import COLUMNS, STATED
from exchange.model.grant import AccessLevel
from exchange.model.pedigree import Pedigree
from exchange.rollup import Solution, roll_up
from tests.access.granted_facts import NONE, OWNER, TOTAL, levels
from tests.access.worlds import GrantedWorld
from tests.rollup.check import NOW, line

AMOUNTS = [Decimal(text) for text in ("0.25", "0.5", "0.75", "1", "1.5", "2", "0.125")]
EMISSIONS = [Decimal(text) for text in ("0.5", "1", "2.25", "3", "4.5", "7.75", "12")]
COMPONENTS = ("fossilGhgEmissions", "landUseChangeGhgEmissions", "biogenicNonCO2Emissions")
GATE = ("RAW_MATERIAL_ACQUISITION", "MANUFACTURING")
LEVELS = ("TOTAL", "BREAKDOWN", "INPUTS")
ALLIANCES = ("alliance-0", "alliance-1")
Row = dict[str, Any]  # a line, as `line` makes it


@dataclass
class Planned:
    """One product. direct, total: by component; `total` makes it declared. lines: as `line` takes them."""

    owner: str
    direct: dict[str, Decimal] = field(default_factory=dict)
    total: dict[str, Decimal] | None = None
    including: Decimal | None = None
    lines: list[Row] = field(default_factory=list)
    stages: dict[str, Decimal] = field(default_factory=dict)
    outbound: Decimal | None = None
    ends: str = "2027-03-20"
    pds: str = "0"
    rating: str = "2"
    exempted: str = "0"
    ipcc: tuple[str, ...] = ("AR6",)
    mass: str = "1"
    older: int = 0  # versions that were corrected
    gsd: str | Pedigree | None = None  # of the stated result, or of the direct emissions


@dataclass
class Plan:
    """products by name, in the order in which they were made; grants: (product, to, level, onward), where a product
    "of …" is all that an owner has, and to "alliance-…" is to an alliance; members: (alliance, organization, what it
    is: "member", "left" or "invited"). Each alliance was founded by "convener", who owns nothing and is in it."""

    products: dict[str, Planned]
    grants: list[tuple[str, str | None, str, bool]]
    viewer: str | None
    plain_quality: bool
    members: list[tuple[str, str, str]] = field(default_factory=list)

    def world(self) -> GrantedWorld:
        world = GrantedWorld()
        named = {one["supplier"] for each in self.products.values() for one in each.lines}
        named |= {one["fallback"][0] for each in self.products.values() for one in each.lines if one.get("fallback")}
        world.unregistered = named - self.products.keys()
        for name, planned in self.products.items():
            world.own(planned.owner, name)
        for name, planned in self.products.items():
            _publish(world, name, planned)
        for alliance in ALLIANCES:
            world.member(alliance, "convener")
        for alliance, organization, state in self.members:
            world.member(alliance, organization, joined=state != "invited", left=state == "left")
        for name, to, level, onward in self.grants:
            world.grant(name, to, level, onward=onward)
        return world

    def allied(self, alliance: str) -> bool:
        """Whether the viewer is in an alliance."""
        return (alliance, self.viewer, "member") in self.members

    def levels(self) -> dict[str, AccessLevel]:
        return levels(self.world(), self.viewer)

    def solve(self, name: str) -> Solution:
        world = self.world()
        return roll_up(world.snapshot(), [world.keys[name]], NOW, permits_at(NOW))


def _publish(world: GrantedWorld, name: str, planned: Planned) -> None:
    for number in range(planned.older):
        world.declared(name, number + 1, published="2026-01-02", deprecated=f"2026-01-{number + 3:02}")
    more: dict[str, Any] = {
        "valid": ("2026-01-01", planned.ends),
        "dqr": planned.rating,
        "exempted": planned.exempted,
        "ipcc": planned.ipcc,
        "mass": planned.mass,
    }
    if planned.total is not None:
        parts = {component: amount for component, amount in planned.total.items() if component in STATED}
        whole = sum((planned.total.get(component, Decimal(0)) for component in COLUMNS[:8]), Decimal(0))
        including = whole if planned.including is None else planned.including
        more |= {"outbound": planned.outbound, "gsd": planned.gsd}
        world.declared(name, whole, including, components=parts, pds=planned.pds, **more)
        return
    lines = [line(**one) for one in planned.lines]
    world.modelled(name, planned.direct, lines, stages=planned.stages, pds=planned.pds, gsd=planned.gsd, **more)


def random_plan(random: Random, *, products: int) -> Plan:
    """A supply chain of so many products: suppliers come before consumers, but for some loops."""
    owners = [f"org{number}" for number in range(random.randint(4, 8))]
    viewer = random.choice([*owners, "viewer", "viewer", None])
    plan = Plan({}, [], viewer, plain_quality=random.random() < 0.6)
    names = [f"p{number}" for number in range(products)]
    for position, name in enumerate(names):
        plan.products[name] = _random_product(random, names, position, random.choice(owners), plan.plain_quality)
    for name, planned in plan.products.items():
        for one in planned.lines:
            _permit(random, plan, planned.owner, one["supplier"])
            if one.get("fallback"):
                _permit(random, plan, planned.owner, one["fallback"][0])
        if viewer is not None and viewer != planned.owner and random.random() < 0.55:
            plan.grants.append((name, viewer, random.choice(LEVELS), False))
        if random.random() < 0.1:
            plan.grants.append((name, None, "TOTAL", False))
    _ally(random, plan, owners)
    return plan


def _ally(random: Random, plan: Plan, owners: list[str]) -> None:
    """Some organizations are or were in alliances, and some grants are to these, or of all that an owner has."""
    asked = [*owners, *([] if plan.viewer in (None, *owners) else [plan.viewer])]
    for alliance in ALLIANCES:
        for organization in asked:
            if organization is not None and random.random() < 0.4:
                state = random.choice(["member", "member", "member", "left", "invited"])
                plan.members.append((alliance, organization, state))
    for name in plan.products:
        if random.random() < 0.2:
            level = random.choice([*LEVELS, "BENCHMARK"])
            onward = level != "BENCHMARK" and random.random() < 0.25
            plan.grants.append((name, random.choice(ALLIANCES), level, onward))
    for owner in {planned.owner: None for planned in plan.products.values()}:
        if random.random() < 0.15:
            to = random.choice([*ALLIANCES, *(each for each in asked if each != owner)])
            plan.grants.append((f"of {owner}", to, random.choice(LEVELS), random.random() < 0.25))


def _random_product(random: Random, names: list[str], position: int, owner: str, plain: bool) -> Planned:
    made = Planned(owner, ends=random.choice(["2027-03-20", "2027-03-28", "2028-05-06"]))
    if not plain:
        made.pds, made.rating = random.choice(["0", "25", "100"]), random.choice(["1", "2", "4"])
    emissions = {component: random.choice(EMISSIONS) for component in random.sample(COMPONENTS, random.randint(1, 3))}
    emissions.setdefault("fossilGhgEmissions", Decimal(1))
    if position < 3 or random.random() < 0.2:
        made.total = emissions
        made.outbound = random.choice([None, Decimal("0.5")])
        return made
    made.direct = emissions
    for _ in range(random.randint(1, 4)):
        made.lines.append(_random_line(random, names, position, plain))
    if random.random() < 0.25:
        made.stages["DISTRIBUTION"] = random.choice(EMISSIONS)
    return made


def _random_line(random: Random, names: list[str], position: int, plain: bool) -> Row:
    looped = random.random() < 0.08
    supplier = random.choice(names) if looped else random.choice(names[max(0, position - 8) : position])
    amount = Decimal("0.03125") if looped else random.choice(AMOUNTS)
    made: Row = line(supplier, amount, stage=random.choice([*GATE, *GATE, *GATE, "USE", "DISTRIBUTION"]))
    if random.random() < 0.15:
        made["supplier"] = f"nobody{random.randint(0, 3)}"
    if random.random() < 0.2:
        other = random.choice([*names[:position], "nobody4"])
        made["fallback"] = (other, str(random.choice(AMOUNTS)), "KILOGRAM")
    if plain:
        made["rating"] = "2"
    else:
        made["primary"] = random.random() < 0.5
    made["delivered"] = random.random() < 0.15
    made["packaging"] = random.random() < 0.1
    return made


def _permit(random: Random, plan: Plan, owner: str, supplier: str) -> None:
    planned = plan.products.get(supplier)
    if planned is not None and planned.owner != owner and random.random() < 0.85:
        plan.grants.append((supplier, owner, random.choice(LEVELS), random.random() < 0.25))


# --- changes of what is hidden: each rewrites the plan and returns True, or finds nothing and returns False -----------

Change = Callable[[Random, Plan], bool]


def split_a_line(random: Random, plan: Plan) -> bool:
    """Half as much, twice: in a recipe that the viewer does not see."""
    found = _hidden_lines(random, plan)
    if found is None:
        return False
    planned, at = found
    one = planned.lines[at]
    half = str(Decimal(one["amount"]) / 2)
    fallback = one.get("fallback")
    halved = {**one, "amount": half}
    if fallback:
        halved["fallback"] = (fallback[0], str(Decimal(fallback[1]) / 2), fallback[2])
    planned.lines[at : at + 1] = [halved, dict(halved)]
    return True


def stand_in(random: Random, plan: Plan) -> bool:
    """A hidden line takes half as much of another hidden product, which carries twice as much."""
    found = _hidden_lines(random, plan, served=True)
    if found is None:
        return False
    planned, at = found
    one, name = planned.lines[at], f"standin{len(plan.products)}"
    solution = plan.solve(one["supplier"])
    key = plan.world().keys[one["supplier"]]
    if solution.refusal(key) is not None:
        return False
    total, exact = solution.total(key), solution.cradle_to_gate(key)
    doubled = {component: 2 * Decimal(amount) for component, amount in zip(COLUMNS, exact, strict=True)}
    if any(doubled[component] for component in COLUMNS[8:]) or total.exempted_emissions_percent:
        return False
    plan.products[name] = Planned(
        "elsewhere",
        total=doubled,
        ends="2028-05-06",
        pds=str(total.primary_data_share_percent),
        rating=str(total.technological_dqr),
        outbound=2 * total.outbound if total.outbound_stated else None,
    )
    plan.grants.append((name, planned.owner, "TOTAL", False))
    planned.lines[at] = {**one, "supplier": name, "amount": str(Decimal(one["amount"]) / 2)}
    return True


def move_into_direct(random: Random, plan: Plan) -> bool:
    """Half of what a hidden line brings becomes direct emissions, where quality is the same everywhere."""
    found = _hidden_lines(random, plan, served=True, stages=GATE)
    if found is None or not plan.plain_quality or found[0].lines[found[1]].get("delivered"):
        return False
    planned, at = found
    one = planned.lines[at]
    solution = plan.solve(one["supplier"])
    key = plan.world().keys[one["supplier"]]
    if solution.refusal(key) is not None or one.get("packaging"):
        return False
    half = Decimal(one["amount"]) / 2
    for component, amount in zip(COLUMNS, solution.cradle_to_gate(key), strict=True):
        if amount and component not in COMPONENTS:
            return False
        if amount:
            planned.direct[component] = planned.direct.get(component, Decimal(0)) + half * Decimal(amount)
    planned.lines[at] = {**one, "amount": str(half)}
    return True


def add_a_gap(random: Random, plan: Plan) -> bool:
    """To a hidden product, or one more to a closed product that has gaps already."""
    shown, world = plan.levels(), plan.world()
    able = [
        name
        for name, planned in plan.products.items()
        if planned.total is None
        and (shown[name] == NONE or (shown[name] < OWNER and any(_is_gap(world, name, one) for one in planned.lines)))
    ]
    if not able:
        return False
    lines = plan.products[random.choice(able)].lines
    lines.insert(random.randint(0, len(lines)), line("nobody5", "3", rating="2"))
    return True


def _is_gap(world: GrantedWorld, name: str, one: Row) -> bool:
    return one["supplier"] in world.unregistered and not one.get("fallback")


def leave_unknown(random: Random, plan: Plan) -> bool:
    """A component that is zero is stated, in a hidden product or in hidden direct emissions."""
    shown = plan.levels()
    able = [p for n, p in plan.products.items() if shown[n] == NONE or (shown[n] == TOTAL and p.total is None)]
    if not able:
        return False
    planned = random.choice(able)
    stated = planned.direct if planned.total is None else planned.total
    stated.setdefault(random.choice(["landManagementBiogenicCO2Removals", "technologicalCO2Removals"]), Decimal(0))
    return True


def change_owner(random: Random, plan: Plan) -> bool:
    """A hidden product belongs to somebody else; whoever was permitted to follow lines to it and from it still is."""
    name = _hidden_product(random, plan)
    if name is None:
        return False
    planned = plan.products[name]
    former, planned.owner = planned.owner, f"buyer{random.randint(0, 3)}"
    plan.grants.append((name, former, "TOTAL", False))
    for one in planned.lines:
        supplier = plan.products.get(one["supplier"])
        held = any(product == one["supplier"] and to == former for product, to, _, _ in plan.grants)
        if supplier is not None and (held or supplier.owner == former) and supplier.owner != planned.owner:
            plan.grants.append((one["supplier"], planned.owner, "TOTAL", False))
    return True


def grant_among_others(random: Random, plan: Plan) -> bool:
    """Somebody who is not there yet gets access to what the viewer does not own."""
    able = [name for name, planned in plan.products.items() if planned.owner != plan.viewer]
    if not able:
        return False
    name = random.choice(able)
    plan.grants.append((name, f"customer{random.randint(0, 3)}", random.choice(LEVELS), random.random() < 0.5))
    return True


def grant_to_others_customers(random: Random, plan: Plan) -> bool:
    """Somebody whom the viewer may have granted to sees what another owner has, and has no lines to it."""
    owners = sorted({planned.owner for planned in plan.products.values()} - {plan.viewer} | {"customer0", "ally0"})
    able = [
        (name, owner)
        for name, planned in plan.products.items()
        for owner in owners
        if owner != planned.owner != plan.viewer and not _takes(plan, owner, name)
    ]
    if not able:
        return False
    name, owner = random.choice(able)
    plan.grants.append((name, owner, random.choice(LEVELS), random.random() < 0.25))
    return True


def _takes(plan: Plan, owner: str, name: str) -> bool:
    lines = [one for planned in plan.products.values() if planned.owner == owner for one in planned.lines]
    return any(one["supplier"] == name or (one.get("fallback") or ("",))[0] == name for one in lines)


def consent(random: Random, plan: Plan) -> bool:
    """The value of what the viewer does not own may be counted in statistics, of an alliance that it may be in."""
    able = [name for name, planned in plan.products.items() if planned.owner != plan.viewer]
    if not able:
        return False
    plan.grants.append((random.choice(able), random.choice(ALLIANCES), "BENCHMARK", False))
    return True


def ally_among_others(random: Random, plan: Plan) -> bool:
    """Somebody who owns nothing joins an alliance that the viewer is not in, or is invited to it, or has left it."""
    able = [alliance for alliance in ALLIANCES if not plan.allied(alliance)]
    if not able:
        return False
    state = random.choice(["member", "left", "invited"])
    plan.members.append((random.choice(able), f"ally{random.randint(0, 3)}", state))
    return True


def share_with_other_allies(random: Random, plan: Plan) -> bool:
    """What the viewer does not own is granted to an alliance that it is not in, where nobody is who has lines to it."""
    able = [alliance for alliance in ALLIANCES if not plan.allied(alliance)]
    names = [name for name, planned in plan.products.items() if planned.owner != plan.viewer]
    for alliance in able:
        allies = {organization for other, organization, state in plan.members if (other, state) == (alliance, "member")}
        named = {one["supplier"] for p in plan.products.values() if p.owner in allies for one in p.lines}
        named |= {
            one["fallback"][0]
            for p in plan.products.values()
            if p.owner in allies
            for one in p.lines
            if one.get("fallback")
        }
        free = [name for name in names if name not in named]
        if free:
            plan.grants.append((random.choice(free), alliance, random.choice(LEVELS), random.random() < 0.5))
            return True
    return False


def shift_a_day(random: Random, plan: Plan) -> bool:
    """A hidden footprint ends some days later in the same month; so does a shown one, of which the month is shown."""
    shown = plan.levels()
    able = [planned for name, planned in plan.products.items() if shown[name] != OWNER]
    if not able:
        return False
    planned = random.choice(able)
    planned.ends = planned.ends[:8] + random.choice(["02", "11", "23"])
    return True


def add_unrelated(random: Random, plan: Plan) -> bool:
    """Products that have nothing to do with the viewer were made before some of the others."""
    names = list(plan.products)
    at = random.randint(0, len(names))
    new = {
        f"unrelated{len(names)}x{number}": Planned("elsewhere", total={"fossilGhgEmissions": Decimal(5)})
        for number in range(random.choice([1, 2, 5, 7, 14]))
    }
    before = {name: plan.products[name] for name in names[:at]}
    plan.products = {**before, **new, **{name: plan.products[name] for name in names[at:]}}
    return True


def redescribe(random: Random, plan: Plan) -> bool:
    """Another set of factors, another mass, a history: of a hidden product."""
    name = _hidden_product(random, plan)
    if name is None:
        return False
    planned = plan.products[name]
    planned.ipcc, planned.mass, planned.older = ("AR5",), "0.5", random.randint(0, 2)
    return True


def reorder(random: Random, plan: Plan) -> bool:
    """The lines of a recipe that the viewer does not see at all are in another order."""
    shown = plan.levels()
    able = [p for name, p in plan.products.items() if shown[name] < AccessLevel.INPUTS and len(p.lines) > 1]
    if not able:
        return False
    random.choice(able).lines.reverse()
    return True


def other_gap(random: Random, plan: Plan) -> bool:
    """What a closed product lacks is registered, but not granted; or is granted, but has expired."""
    shown = plan.levels()
    missing = [
        (planned, one)
        for name, planned in plan.products.items()
        for one in planned.lines
        if shown[name] < OWNER and one["supplier"].startswith("nobody")
    ]
    if not missing:
        return False
    planned, one = random.choice(missing)
    if one["supplier"] in plan.products:
        return False
    plan.products[one["supplier"]] = Planned("elsewhere", total={"fossilGhgEmissions": Decimal(9)}, ends="2026-02-03")
    if random.random() < 0.5:
        plan.grants.append((one["supplier"], planned.owner, "TOTAL", False))
    return True


def loop(random: Random, plan: Plan) -> bool:
    """A hidden product consumes half of itself, and emits half as much directly."""
    shown = plan.levels()
    able = [
        name
        for name, planned in plan.products.items()
        if shown[name] == NONE
        and planned.total is None
        and not planned.stages
        and plan.plain_quality
        and all(one["stage"] in GATE for one in planned.lines if "stage" in one)
        and not any(one.get("fallback") for one in planned.lines)
    ]
    if not able:
        return False
    name = random.choice(able)
    planned = plan.products[name]
    planned.direct = {component: amount / 2 for component, amount in planned.direct.items()}
    for one in planned.lines:
        one["amount"] = str(Decimal(one["amount"]) / 2)
    planned.lines.append(line(name, "0.5", rating="2"))
    return True


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        split_a_line,
        stand_in,
        move_into_direct,
        add_a_gap,
        leave_unknown,
        change_owner,
        grant_among_others,
        grant_to_others_customers,
        consent,
        ally_among_others,
        share_with_other_allies,
        shift_a_day,
        add_unrelated,
        redescribe,
        reorder,
        other_gap,
        loop,
    )
}


def spread(plan: Plan) -> Plan:
    """The same with spreads of most numbers, which follow from the names of things alone: what a change leaves as it
    was has the same spread in both worlds."""
    other = copy.deepcopy(plan)
    for name, planned in other.products.items():
        planned.gsd = _deviation(name)
        for one in planned.lines:
            one["gsd"] = _deviation(f"{name} {one['supplier']}")
            if one.get("fallback"):
                one["fallback"] = (*one["fallback"][:3], _deviation(f"{name} {one['fallback'][0]}"))
    return other


def _deviation(name: str) -> str | None:
    random = Random(name)
    return None if random.random() < 0.3 else str(1 + Decimal(random.randint(0, 40)) / 100)


def same_lines_other_keys() -> tuple[Plan, Plan]:
    """The viewer's own product with two suppliers that have gaps; in the second world others made products between."""
    gap = line("nobody", "1", rating="2")
    first = Planned("viewer", direct={"fossilGhgEmissions": Decimal(1)}, lines=[gap])
    second = copy.deepcopy(first)
    root = copy.deepcopy(first)
    root.lines = [line("first", "1", rating="2"), line("second", "1", rating="2")]
    others = {f"other{number}": Planned("elsewhere", total={"fossilGhgEmissions": Decimal(1)}) for number in range(6)}
    begin = {"before": copy.deepcopy(others["other0"]), "first": first}
    plan = Plan({**begin, "second": second, "root": root}, [], "viewer", plain_quality=True)
    return plan, Plan({**begin, **others, "second": second, "root": root}, [], "viewer", plain_quality=True)


def changed(random: Random, plan: Plan, names: list[str]) -> tuple[Plan, list[str]]:
    """A second world: these changes one after the other, and which of them found something."""
    other = copy.deepcopy(plan)
    return other, [name for name in names if CHANGES[name](random, other)]


def _hidden_product(random: Random, plan: Plan) -> str | None:
    able = [name for name, level in plan.levels().items() if level == NONE]
    return random.choice(able) if able else None


def _hidden_lines(random: Random, plan: Plan, *, served=False, stages=None) -> tuple[Planned, int] | None:
    """A line that the viewer is not shown: of a product at TOTAL or less, or one whose product is hidden."""
    shown = plan.levels()
    able = [
        (planned, at)
        for name, planned in plan.products.items()
        for at, one in enumerate(planned.lines)
        if (shown[name] <= TOTAL or (shown[name] < OWNER and shown.get(one["supplier"], NONE) == NONE))
        and (not served or (one["supplier"] in plan.products and not one.get("fallback")))
        and (stages is None or one.get("stage", GATE[0]) in stages)
    ]
    return random.choice(able) if able else None
