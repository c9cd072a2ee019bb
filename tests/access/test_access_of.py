"""What an owner is told of another's sight: with its conditions answered by the truth, exactly what the other is shown;
and never anything of what other owners decide."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest

from exchange.access import Disclosure, Other, RouteCondition, RouteKind, disclosed
from exchange.model.grant import AccessLevel
from exchange.operations.answers.values import LineAnswer, RefusedAnswer
from exchange.operations.reading import access_of as operation
from exchange.operations.reading.access_of import AccessOfAnswer, AccessReason, AccessReasonCode, ShownPart
from exchange.operations.reading.session import Session
from tests.access.granted_facts import levels
from tests.access.pairs import Plan, Planned, random_plan
from tests.access.test_two_worlds_pure import same_answers, same_facts
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.check import line

NONE, TOTAL, BREAKDOWN, INPUTS, OWNER = AccessLevel
FOSSIL = "fossilGhgEmissions"


def asked(world: GrantedWorld, owner: str, name: str, other: str) -> AccessOfAnswer:
    session = session_of(world, viewer_of(owner))
    [found] = asyncio.run(session.access_of([world.keys[name]], other, None, None))
    assert found is not None
    return found


class Truth:
    """What the other organization is really shown, and whether conditions hold."""

    def __init__(self, world: GrantedWorld, other: str) -> None:
        self.world, self.other = world, other
        self.session: Session = session_of(world, viewer_of(other))
        self.levels = levels(world, other)
        self.onward = asyncio.run(self.session.onward())

    def sees(self, urn: str | None) -> bool:
        return urn is not None and self.levels.get(urn.removeprefix("urn:x:"), NONE) >= TOTAL

    def level(self, found: AccessOfAnswer, key: int) -> AccessLevel:
        holding = []
        for route in found.routes:
            assert route.grant is not None
            held = {
                None: True,
                RouteCondition.SEES_LINES: key in self.onward,
                RouteCondition.IS_MEMBER: any(
                    each.organization_id == self.other and each.alliance_id == route.grant.alliance_id and each.stands
                    for each in self.world.memberships
                ),
            }[route.condition]
            if held and route.in_force:
                holding.append(route.level)
        return max(holding, default=NONE)

    def part(self, part: ShownPart, lines: dict[int, LineAnswer]) -> bool:
        """Whether a part is really shown, by its conditions."""
        return part.disclosure is not Disclosure.HIDDEN and all(self._holds(each, lines) for each in part.reasons)

    def _holds(self, reason: AccessReason, lines: dict[int, LineAnswer]) -> bool:
        assert reason.line is not None
        named = lines[reason.line]
        if reason.code is AccessReasonCode.SEES_PRODUCT:
            return self.sees(named.urn)
        assert reason.code is AccessReasonCode.SEES_FALLBACK
        return named.fallback is not None and self.sees(named.fallback.urn)


def check_against_the_truth(world: GrantedWorld, owner: str, name: str, other: str, met: Counter[str]) -> None:
    found, truth, key = asked(world, owner, name, other), Truth(world, other), world.keys[name]
    actual = truth.levels[name]
    assert found.level <= actual <= found.level_at_most
    assert truth.level(found, key) == actual
    met[f"{found.level.name} to {found.level_at_most.name}"] += 1
    met.update(f"route {route.kind.name} {route.condition}" for route in found.routes)
    assert (found.shown is None) == (found.level < TOTAL)
    if found.shown is None or found.level != actual:
        return
    [footprint] = asyncio.run(truth.session.standing_footprints([key], None, None))
    [result] = asyncio.run(truth.session.roll_up([key], None, None))
    own = asyncio.run(session_of(world, viewer_of(owner)).standing_footprints([key], None, None))[0]
    assert footprint is not None
    assert own is not None
    lines = {each.number: each for each in own.lines or ()}
    direct = truth.part(found.shown.direct, lines)
    assert direct == (footprint.modelled is not None)
    met[f"direct {found.shown.direct.disclosure.name}"] += 1
    assert found.shown.comment == footprint.comment
    if isinstance(result, RefusedAnswer):
        assert found.shown.refused is not None
        assert found.shown.refused.code == result.code
    else:
        assert found.shown.total is not None
        assert found.shown.total.components == result.components
        assert found.shown.has_gaps == result.has_gaps
        assert direct == (result.direct is not None)
    if found.level < INPUTS:
        assert found.shown.lines == ()
        return
    told = [each.line for each in found.shown.lines if truth.part(each.part, lines)]
    assert [(each.urn, each.amount, each.unit) for each in told] == [
        (each.urn, each.amount, each.unit) for each in footprint.lines or ()
    ]
    met.update(f"line {each.part.disclosure.name}" for each in found.shown.lines)
    met.update(f"reason {reason.code.name}" for each in found.shown.lines for reason in each.part.reasons)
    if not isinstance(result, RefusedAnswer) and all(
        each.part.disclosure is not Disclosure.CONDITIONAL for each in found.shown.lines
    ):
        assert str(found.shown.rest_kg_co2e) == str(result.tree(0, 0, 1).root.own_kg_co2e)
        met["rest"] += 1


def test_with_its_conditions_answered_it_is_what_the_other_is_shown() -> None:
    met: Counter[str] = Counter()
    for seed in range(25):
        plan = random_plan(Random(seed), products=14)
        world = plan.world()
        for name, planned in plan.products.items():
            for other in ("org0", "org1", "org2", "viewer"):
                if planned.owner != other and name not in world.unregistered:
                    check_against_the_truth(world, planned.owner, name, other, met)
    expected = {
        *("TOTAL to TOTAL", "INPUTS to INPUTS", "NONE to NONE", "NONE to INPUTS", "BREAKDOWN to BREAKDOWN"),
        *("route ORGANIZATION None", "route ALLIANCE None", "route ALLIANCE IS_MEMBER", "route PUBLIC None"),
        *("route ONWARD SEES_LINES", "direct SHOWN", "direct CONDITIONAL", "direct HIDDEN"),
        *("line SHOWN", "line CONDITIONAL", "line HIDDEN", "reason SEES_PRODUCT", "reason SEES_FALLBACK", "rest"),
        *("reason NOT_SHARED", "reason GAP", "reason SERVED_BY_FALLBACK"),
    }
    assert expected - met.keys() == set()


def car(*grants: tuple[str, str | None, str, bool], members: tuple[tuple[str, str, str], ...] = ()) -> Plan:
    """The maker's car takes steel and a motor of others, and its own paint, with a fallback that it does not see."""
    fallback = ("hidden", "1", "KILOGRAM")
    lines = [line("steel", "2"), line("motor", "1", fallback=fallback), line("paint", "0.5"), line("nobody", "1")]
    products = {
        "hidden": Planned("elsewhere", total={FOSSIL: Decimal(9)}),
        "steel": Planned("mill", total={FOSSIL: Decimal(3)}),
        "motor": Planned("smith", total={FOSSIL: Decimal(4)}),
        "paint": Planned("maker", total={FOSSIL: Decimal(1)}),
        "car": Planned("maker", direct={FOSSIL: Decimal(10)}, lines=lines),
    }
    given = [("steel", "maker", "TOTAL", False), ("motor", "maker", "TOTAL", False), *grants]
    return Plan(products, given, "maker", plain_quality=True, members=list(members))


def test_the_rest_has_the_digits_that_the_other_is_shown_and_no_more() -> None:
    """An amount with more digits than any total is told with: 12.1234567890123456789 of 3."""
    lines = [line("steel", "12.1234567890123456789")]
    products = {
        "steel": Planned("mill", total={FOSSIL: Decimal(3)}),
        "car": Planned("maker", direct={FOSSIL: Decimal(10)}, lines=[*lines, line("nobody", "1")]),
    }
    given = [("steel", "maker", "TOTAL", False), ("steel", None, "TOTAL", False), ("car", "org0", "INPUTS", False)]
    world = Plan(products, given, "maker", plain_quality=True).world()
    shown = asked(world, "maker", "car", "org0").shown
    assert shown is not None
    session = session_of(world, viewer_of("org0"))
    [result] = asyncio.run(session.roll_up([world.keys["car"]], None, None))
    assert not isinstance(result, RefusedAnswer)
    # 46.3703703670 is shown, of which the line is 36.3703703670370370367: the rest is 9.999…, and shown as 10.
    assert (str(result.excluding_kg_co2e), str(shown.rest_kg_co2e)) == ("46.370370367", "10")
    assert str(result.tree(0, 0, 1).root.own_kg_co2e) == "10"


def shown_lines(plan: Plan, other: str = "org0") -> list[tuple[str, list[tuple[str, int | None, object]]]]:
    world = plan.world()
    shown = asked(world, "maker", "car", other).shown
    assert shown is not None
    names = world.names()
    return [
        (
            each.part.disclosure.name,
            [
                (reason.code.name, reason.line, None if reason.product_key is None else names[reason.product_key])
                for reason in each.part.reasons
            ],
        )
        for each in shown.lines
    ]


GAP = ("HIDDEN", [("GAP", 4, None)])


def test_each_line_says_on_whom_it_depends() -> None:
    plan = car(("car", "org0", "INPUTS", False))
    motor = [("SEES_PRODUCT", 2, "motor"), ("SEES_FALLBACK", 2, None)]
    assert shown_lines(plan) == [
        ("CONDITIONAL", [("SEES_PRODUCT", 1, "steel")]),
        ("CONDITIONAL", motor),
        ("HIDDEN", [("NOT_SHARED", 3, "paint")]),
        GAP,
    ]
    plan.grants += [("steel", None, "TOTAL", False), ("paint", "org0", "TOTAL", False)]
    assert shown_lines(plan) == [("SHOWN", []), ("CONDITIONAL", motor), ("SHOWN", []), GAP]
    assert shown_lines(plan, "org0") == shown_lines(plan)


def test_who_supplies_it_itself_sees_its_line_and_what_was_granted_onward_is_seen() -> None:
    plan = car(("car", "mill", "INPUTS", False), ("car", "org0", "INPUTS", False))
    assert shown_lines(plan, "mill")[0] == ("SHOWN", [])
    assert shown_lines(plan, "org0")[0][0] == "CONDITIONAL"
    plan.grants[0] = ("steel", "maker", "TOTAL", True)
    assert shown_lines(plan, "org0")[0] == ("SHOWN", [])
    plan.grants.remove(("car", "org0", "INPUTS", False))
    plan.grants.append(("car", "org0", "BREAKDOWN", False))
    found = asked(plan.world(), "maker", "car", "org0").shown
    assert found is not None
    reasons = [(reason.code.name, reason.line) for reason in found.direct.reasons]
    assert (found.direct.disclosure, reasons) == (Disclosure.HIDDEN, [("NOT_SHARED", 3), ("GAP", 4)])


def test_what_an_own_alliance_is_granted_onward_passes_through_own_products() -> None:
    plan = car(
        ("car", "org0", "INPUTS", False),
        ("paint", "alliance-0", "TOTAL", True),
        members=(("alliance-0", "maker", "member"), ("alliance-0", "org1", "member"), ("alliance-1", "org0", "member")),
    )
    assert shown_lines(plan)[2] == ("SHOWN", [])
    found = asked(plan.world(), "maker", "paint", "org0")
    assert [(route.kind, route.condition) for route in found.routes] == [(RouteKind.ONWARD, None)]
    assert (found.level, found.level_at_most) == (TOTAL, TOTAL)
    assert [route.kind for route in asked(plan.world(), "maker", "paint", "org1").routes] == [RouteKind.ALLIANCE]
    # Of an alliance that the maker is not in, it is not told whether the other is a member.
    plan.grants.append(("paint", "alliance-1", "INPUTS", False))
    for members in (plan.members, plan.members[:2]):
        plan.members = list(members)
        found = asked(plan.world(), "maker", "paint", "org0")
        assert (found.level, found.level_at_most) == (TOTAL, INPUTS)
        assert found.routes[-1].condition is RouteCondition.IS_MEMBER


def test_the_operator_is_told_what_the_owner_is() -> None:
    """Though it sees who is in every alliance, and every product that a line names."""
    plan = car(
        ("car", "alliance-0", "INPUTS", False),
        ("car", "alliance-1", "BREAKDOWN", False),
        ("paint", "alliance-2", "TOTAL", False),
        members=(
            *(("alliance-0", name, "member") for name in ("maker", "org0")),
            ("alliance-1", "org0", "member"),
            *(("alliance-2", name, how) for name, how in (("maker", "invited"), ("org0", "member"))),
        ),
    )
    world = plan.world()
    for name in ("car", "paint"):
        told = asked(world, "maker", name, "org0")
        found = asked(world, "operator", name, "org0")
        assert (found.level, found.level_at_most, found.routes) == (told.level, told.level_at_most, told.routes)
        lines = [
            () if one.shown is None else [each.part.disclosure for each in one.shown.lines] for one in (found, told)
        ]
        assert lines[0] == lines[1]
        conditions = [route.condition for route in told.routes]
        assert RouteCondition.IS_MEMBER in conditions


def other_owners_grants() -> list[tuple[Plan, Plan]]:
    """Worlds in which other owners decide otherwise for whom the maker asks about."""
    granted = car(("car", "org0", "INPUTS", False), ("paint", "alliance-1", "TOTAL", True))
    found = []
    for name, to in (("steel", "org0"), ("motor", "org0"), ("hidden", "org0"), ("motor", "alliance-0")):
        other = car(*granted.grants[2:], (name, to, "INPUTS", True), members=(("alliance-0", "org0", "member"),))
        found.append((granted, other))
    joined = car(*granted.grants[2:], members=(("alliance-1", "org0", "member"),))
    found.append((granted, joined))
    # The mill's steel takes the maker's paint, which the mill was granted onward: who is shown its lines sees it.
    mine = [("car", "org0", "INPUTS", False), ("paint", "mill", "TOTAL", True)]
    for name in ("steel", "of mill"):
        painted, opened = car(*mine), car(*mine, (name, "org0", "INPUTS", False))
        for plan in (painted, opened):
            plan.products["steel"] = Planned("mill", direct={FOSSIL: Decimal(3)}, lines=[line("paint", "1")])
        found.append((painted, opened))
    return found


def test_the_other_is_really_shown_what_the_last_of_these_worlds_open() -> None:
    for _, opened in other_owners_grants()[5:]:
        assert Truth(opened.world(), "org0").sees("urn:x:paint")
        [route] = asked(opened.world(), "maker", "paint", "org0").routes
        assert (route.kind, route.condition) == (RouteKind.ONWARD, RouteCondition.SEES_LINES)


def test_only_inputs_on_own_products_show_what_goes_into_them() -> None:
    """By a grant of a class as by one of a product: the car has it, the paint has not."""
    for level, shown in (("BREAKDOWN", []), ("INPUTS", [(RouteKind.ONWARD, None)])):
        plan = car(("paint", "alliance-0", "TOTAL", True), members=(("alliance-0", "maker", "member"),))
        world = plan.world()
        world.classified["car"] = ("urn:x:cars",)
        world.grant("of maker", "org0", level, classification="urn:x:cars")
        found = asked(world, "maker", "paint", "org0")
        assert [(route.kind, route.condition) for route in found.routes if route.condition is None] == shown


@pytest.mark.parametrize("number", range(7))
def test_what_other_owners_grant_it_changes_nothing_that_the_owner_is_told(number: int) -> None:
    plan, other = other_owners_grants()[number]
    assert same_facts(plan, other)
    assert same_answers(plan, other)


async def sees_by_all_grants(session, knowing, other, named):
    """The weaker rule: a foreign product is told to be shown by its owner's grants."""
    nodes = await session.store.read_nodes([key for key in named if key >= 0])
    return {key: (disclosed(node.product, node.grants, other), key) for key, node in nodes.items()}


async def every_alliance(self, organization_id):
    """The weaker rule: members of all alliances are told."""
    session = self.session
    mine = [each.alliance_id for each in await session.store.memberships_of(organization_id) if each.stands]
    return Other(organization_id, session.now_us, frozenset(mine), frozenset())


@pytest.mark.parametrize(
    ("place", "weaker", "numbers"),
    [("_sees", sees_by_all_grants, range(4)), ("_Knowing.other", every_alliance, [4])],
)
def test_a_weaker_rule_is_found_out(place: str, weaker: Callable[..., object], numbers, monkeypatch) -> None:
    of, _, name = place.rpartition(".")
    monkeypatch.setattr(getattr(operation, of) if of else operation, name, weaker)
    assert not all(same_answers(*other_owners_grants()[number]) for number in numbers)


def test_only_the_owner_is_told_and_nothing_of_who_is_not_there() -> None:
    world = car(("car", "org0", "INPUTS", False)).world()
    for viewer, other in (("org0", "org0"), ("mill", "org0"), (None, "org0"), ("maker", "nobody there")):
        session = session_of(world, viewer_of(viewer))
        assert asyncio.run(session.access_of([world.keys["car"]], other, None, None)) == [None]
    operator = asyncio.run(session_of(world, viewer_of("operator")).access_of([world.keys["car"]], "org0", None, None))
    assert operator[0] is not None
    assert operator[0].level == INPUTS
    itself = asked(world, "maker", "car", "maker")
    assert (itself.level, itself.level_at_most, itself.routes, itself.shown) == (OWNER, OWNER, (), None)
