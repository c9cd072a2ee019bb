"""What-if on sessions: what a scenario may change and bring in, and that it answers what publishing would give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.errors import InvalidInput, NotFound, Problems, TooManyRequests
from exchange.model.footprint import LifeCycleStage, PriceBasis
from exchange.operations.answers.values import RefusedAnswer
from exchange.operations.reading.what_if import CHANGES_MAX, ScenarioAnswer, ScenarioRefusedAnswer, WhatIfAnswer
from exchange.operations.requests.inputs import ProductKey, StageEmissionsInput
from exchange.operations.requests.what_if_inputs import (
    ChangeInput,
    DirectChangeInput,
    LineChangeInput,
    OwnSupplyInput,
    ReplaceSupplierInput,
    ScenarioInput,
    ShareOfLineInput,
    SubstituteInput,
)
from exchange.operations.watching.refused_scenarios import RefusedScenarios
from exchange.operations.writing.refusals import REFUSALS_PER_DAY_MAX
from exchange.units import AmountUnit
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.check import line, solve

FOSSIL, UPTAKE = "fossilGhgEmissions", "biogenicCO2Uptake"
KILOGRAM, TON, KWH = AmountUnit.KILOGRAM, AmountUnit.TON, AmountUnit.KILOWATT_HOUR


def the_world(change: Callable[[dict[str, Any]], None] = lambda recipe: None) -> GrantedWorld:
    """A maker's car and frame; steel, scrap, grid and wind power of others. `change` edits the recipe first."""
    recipe: dict[str, Any] = {
        "car": {FOSSIL: "300"},
        "car lines": [
            line("steel", "0.9", "TON"),
            line("frame", 1, "PIECE"),
            line("grid", 200, "KILOWATT_HOUR", stage="MANUFACTURING"),
            line("seat", 4, "PIECE"),
            line("grid", 50, "KILOWATT_HOUR", stage="USE"),
            line("glass", 30, "KILOGRAM", fallback=("glass factor", 31, "KILOGRAM")),
        ],
        "frame lines": [line("steel", 100), line("grid", "0.36", "GIGAJOULE"), line("offcuts", -5, credit=True)],
    }
    change(recipe)
    world = GrantedWorld()
    world.unregistered = {"seat"}
    names = ["car", "frame", "panel", "steel", "other steel", "scrap", "grid", "wind", "glass", "glass factor"]
    names += ["offcuts", "truck", "hidden steel", "onward steel", "old steel"]
    for name in names:
        world.own("maker" if name in {"car", "frame", "panel"} else f"{name}s", name)
    world.declared("steel", "2.1", "2.0", components={FOSSIL: "2", UPTAKE: "-0.1"})
    world.declared("other steel", 1400, unit="KILOGRAM", amount="1000", outbound=20)
    world.declared("scrap", "0.4")
    world.declared("grid", "0.6", unit="KILOWATT_HOUR", mass="0")
    world.declared("wind", "0.01", unit="MEGAJOULE", mass="0")
    world.declared("glass factor", "1.2")
    world.declared("glass", "1.1", unit="SQUARE_METER", mass="0")
    world.declared("offcuts", "0.3")
    world.declared("truck", "0.1", unit="TON_KILOMETER", mass="0")
    world.declared("hidden steel", "1.0")
    world.declared("onward steel", "1.1")
    world.declared("old steel", "1.2", valid=("2020-01-01", "2021-01-01"))
    world.modelled("car", recipe["car"], recipe["car lines"], unit="PIECE", mass="1500")
    world.modelled("frame", {FOSSIL: "20"}, recipe["frame lines"], unit="PIECE", mass="90")
    world.declared("panel", 5)
    for name in names:
        if name not in {"car", "frame", "panel", "hidden steel", "onward steel"}:
            world.grant(name, "maker")
    # The maker sees it, because it holds INPUTS on a product of the grantee; it may not take it.
    world.own("roller", "coil")
    world.modelled("coil", {FOSSIL: "1"}, [line("onward steel", 1)])
    world.grant("onward steel", "roller", onward=True)
    world.grant("coil", "maker", "INPUTS")
    world.grant("car", "dealer", "TOTAL")
    world.grant("car", "fleet", "INPUTS")
    return world


def key(name: str) -> ProductKey:
    return ProductKey(product_id=f"urn:x:{name}")


def swap(number: int, supplier: str | None = None, of: str = "car", **more: Any) -> LineChangeInput:
    return LineChangeInput(key(of), number, None if supplier is None else key(supplier), **more)


def by(supplier: str) -> SubstituteInput:
    return SubstituteInput(supplier=key(supplier))


def own(kg: str, unit: AmountUnit = KWH, **more: str) -> SubstituteInput:
    parts: dict[str, Decimal | None] = {FOSSIL: Decimal(kg), **{name: Decimal(text) for name, text in more.items()}}
    return SubstituteInput(own=OwnSupplyInput(parts, unit))


def direct(stage: str, kg: str, of: str = "car", **more: str) -> DirectChangeInput:
    parts: dict[str, Decimal | None] = {FOSSIL: Decimal(kg), **{name: Decimal(text) for name, text in more.items()}}
    return DirectChangeInput(key(of), (StageEmissionsInput(LifeCycleStage(stage), parts),))


def ask(
    world: GrantedWorld,
    *scenarios: Sequence[ChangeInput],
    viewer: str | None = "maker",
    root: str = "car",
    refusals: RefusedScenarios | None = None,
) -> list[ScenarioAnswer | ScenarioRefusedAnswer]:
    session = session_of(world, viewer_of(viewer))
    given = [ScenarioInput(tuple(changes)) for changes in scenarios]
    asked = session.what_if(refusals or RefusedScenarios(), world.keys[root], given, None, None, Problems())
    answer = asyncio.run(asked)
    assert isinstance(answer, WhatIfAnswer)
    return list(answer.scenarios)


def after(world: GrantedWorld, *changes: ChangeInput, **more: Any) -> ScenarioAnswer:
    [found] = ask(world, list(changes), **more)
    assert isinstance(found, ScenarioAnswer)
    return found


def problems(world: GrantedWorld, *changes: ChangeInput, **more: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Codes and paths, from the change on."""
    with pytest.raises(InvalidInput) as refused:
        ask(world, list(changes), **more)
    return [(problem.code, problem.path[5:]) for problem in refused.value.problems]


def published(change: Callable[[dict[str, Any]], None]) -> Any:
    """The roll-up of the car where the recipe really is so."""
    world = the_world(change)
    return solve_granted(world)


def solve_granted(world: GrantedWorld) -> Any:
    session = session_of(world, viewer_of("maker"))
    [found] = asyncio.run(session.roll_up([world.keys["car"]], None, None))
    return found


def check_is(found: ScenarioAnswer, change: Callable[[dict[str, Any]], None]) -> None:
    """What is answered is the roll-up of the exchange in which the recipe is so, to the quantum."""
    real = published(change)
    one = found.after.quantum
    for shown, expected in zip(found.after.components, real.components, strict=True):
        assert abs(shown - expected) <= one, (shown, expected)
    assert found.after.lower <= real.excluding_kg_co2e <= found.after.upper
    assert found.after.upper - found.after.lower <= 100 * one
    assert real.lower_kg_co2e - 10 * one <= found.after.excluding <= real.upper_kg_co2e + 10 * one


def edited(lines: str, number: int, **more: Any) -> Callable[[dict[str, Any]], None]:
    def change(recipe: dict[str, Any]) -> None:
        recipe[lines][number - 1] = {**recipe[lines][number - 1], **{k: str(v) for k, v in more.items()}}

    return change


# --- what a scenario gives is what publishing gives -----------------------------------------------------------------

CASES: dict[str, tuple[list[ChangeInput], Callable[[dict[str, Any]], None]]] = {
    "another supplier": ([swap(1, "other steel")], edited("car lines", 1, supplier="other steel")),
    "less material": ([swap(1, amount=Decimal("0.8"))], edited("car lines", 1, amount="0.8")),
    "another unit": (
        [swap(1, amount=Decimal(850), unit=KILOGRAM)],
        edited("car lines", 1, amount=850, unit="KILOGRAM"),
    ),
    "in a process upstream": ([swap(1, amount=Decimal(90), of="frame")], edited("frame lines", 1, amount=90)),
    "a gap is filled": ([swap(4, "panel", unit=KILOGRAM)], edited("car lines", 4, supplier="panel", unit="KILOGRAM")),
    "instead of a fallback": (
        [swap(6, "scrap", amount=Decimal(7))],
        edited("car lines", 6, supplier="scrap", amount=7),
    ),
    "a share of what a fallback serves": (
        [ShareOfLineInput(key("car"), 6, Decimal(50), by("scrap"))],
        lambda recipe: recipe["car lines"].__setitem__(
            slice(5, 6), [line("glass", 1, fallback=("glass factor", "15.5", "KILOGRAM")), line("scrap", "15.5")]
        ),
    ),
    "a credit": ([swap(3, amount=Decimal(-9), of="frame")], edited("frame lines", 3, amount=-9)),
    "other direct emissions": (
        [direct("MANUFACTURING", "250", **{UPTAKE: "-3"})],
        lambda recipe: recipe.update(car={FOSSIL: "250", UPTAKE: "-3"}),
    ),
    "recycled input": (
        [ShareOfLineInput(key("car"), 1, Decimal(30), by("scrap"))],
        lambda recipe: recipe["car lines"].__setitem__(
            slice(0, 1), [line("steel", "0.63", "TON"), line("scrap", "0.27", "TON")]
        ),
    ),
    "rooftop power": (
        [ShareOfLineInput(key("car"), 3, Decimal(25), own("0.02"))],
        lambda recipe: recipe.update(
            {"car": {FOSSIL: "301"}, "car lines": edited_line(recipe, "car lines", 3, amount="150")}
        ),
    ),
    "other electricity everywhere": (
        [ReplaceSupplierInput(key("grid"), by("wind"))],
        lambda recipe: recipe.update(
            {
                "car lines": edited_line(recipe, "car lines", 3, supplier="wind"),
                "frame lines": edited_line(recipe, "frame lines", 2, supplier="wind"),
            }
        ),
    ),
    "rooftop power everywhere": (
        [ReplaceSupplierInput(key("grid"), own("0"), Decimal(50))],
        lambda recipe: recipe.update(
            {
                "car lines": edited_line(recipe, "car lines", 3, amount="100"),
                "frame lines": edited_line(recipe, "frame lines", 2, amount="0.18"),
            }
        ),
    ),
    "several, one after the other": (
        [
            swap(1, "other steel"),
            ShareOfLineInput(key("car"), 1, Decimal(50), by("scrap")),
            ReplaceSupplierInput(key("scrap"), by("steel")),
        ],
        lambda recipe: recipe["car lines"].__setitem__(
            slice(0, 1), [line("other steel", "0.45", "TON"), line("steel", "0.45", "TON")]
        ),
    ),
}


def edited_line(recipe: dict[str, Any], lines: str, number: int, **more: str) -> list[dict[str, Any]]:
    edited(lines, number, **more)(recipe)
    found: list[dict[str, Any]] = recipe[lines]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_scenario_is_the_roll_up_of_what_it_says(case: str) -> None:
    changes, change = CASES[case]
    found = after(the_world(), *changes)
    assert found.after.excluding != found.before.excluding
    check_is(found, change)


def test_by_hand() -> None:
    """900 kg of steel at 2.1, a frame of 20 + 100 x 2.1 + 100 kWh x 0.6 - 5 x 0.3, 200 kWh, 31 kg of glass factor."""
    world = the_world()
    found = after(world)
    assert found.before.excluding == Decimal("300") + 1890 + Decimal("288.5") + 120 + Decimal("37.2")
    assert found.before.including == found.before.excluding - 100  # the uptake of 1000 kg of steel
    assert after(world, swap(1, "other steel")).after.excluding == found.before.excluding - 1890 + 1260
    assert after(world, swap(1, "other steel")).after.including == found.before.including - 1800 + 1260
    half = ReplaceSupplierInput(key("grid"), own("0.1", AmountUnit.MEGAWATT_HOUR), Decimal(50))
    # 150 kWh less at 0.6, and 150 kWh at 0.1 per MWh.
    assert after(world, half).after.excluding == found.before.excluding - 90 + Decimal("0.015")


def test_contributions_tell_where_the_difference_comes_from() -> None:
    world = the_world()
    names = world.names()
    found = after(world, swap(1, "other steel")).contributions(100)
    assert [(names[one.product_key], str(one.before_kg_co2e), str(one.after_kg_co2e)) for one in found[:3]] == [
        ("steel", "2100", "210"),
        ("other steel", "0", "1260"),
        ("car", "300", "300"),
    ]
    assert sum(one.difference_kg_co2e for one in found) == -630


def test_the_empty_scenario_is_the_plain_result() -> None:
    world = the_world()
    plain = solve_granted(world)
    swapped_back: list[ChangeInput] = [swap(1, "other steel"), swap(1, "steel")]
    same: list[ChangeInput] = [swap(1, amount=Decimal(900), unit=KILOGRAM), direct("MANUFACTURING", "300.0")]
    half: list[ChangeInput] = [
        ShareOfLineInput(key("car"), 1, Decimal(50), by("steel")),
        ShareOfLineInput(key("frame"), 2, Decimal(0), by("wind")),
    ]
    power: list[ChangeInput] = [
        ReplaceSupplierInput(key("grid"), by("wind")),
        ReplaceSupplierInput(key("wind"), by("grid")),
    ]
    for found in ask(world, [], swapped_back, same, half, power):
        assert isinstance(found, ScenarioAnswer)
        assert found.after is found.before
        assert found.before.components == plain.components
        assert (found.before.excluding, found.before.including) == (plain.excluding_kg_co2e, plain.including_kg_co2e)
        assert (found.before.lower, found.before.upper) == (plain.lower_kg_co2e, plain.upper_kg_co2e)
        assert not any(one.difference_kg_co2e for one in found.contributions(100))
        shown = {one.product_key: one.own_kg_co2e for one in plain.contributions(100)}
        assert {one.product_key: one.before_kg_co2e for one in found.contributions(100)} == shown


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([("car", 1), ("frame", 1)]),
            st.sampled_from(["steel", "other steel", "scrap", None]),
            st.decimals(0, 5, places=3) | st.none(),
            st.sampled_from([KILOGRAM, TON, AmountUnit.GRAM, None]),
        ),
        max_size=6,
    )
)
def test_whatever_is_undone_is_the_empty_scenario(tried) -> None:
    changes: list[ChangeInput] = [
        swap(number, supplier, of=of, amount=amount, unit=unit)
        for (of, number), supplier, amount, unit in tried
        if supplier or amount is not None or unit
    ]
    changes.append(swap(1, "steel", amount=Decimal("0.9"), unit=TON))
    changes.append(swap(1, "steel", of="frame", amount=Decimal("100.00"), unit=KILOGRAM))
    found = after(the_world(), *changes)
    assert found.after is found.before


def test_a_delivered_line_brings_the_new_suppliers_outbound_logistics() -> None:
    def delivered(recipe: dict[str, Any]) -> None:
        recipe["car lines"][0]["delivered"] = True

    found = after(the_world(delivered), swap(1, "other steel"))
    assert found.after.excluding == found.before.excluding - 1890 + 1260 + 18


def test_a_customer_asks_about_what_it_buys_with_its_own_process_changed() -> None:
    """The dealer's van takes the maker's car: nothing of the car can be changed, and its total stays."""
    world = the_world()
    world.own("dealer", "van")
    world.modelled("van", {FOSSIL: "10"}, [line("car", 1, "PIECE")], unit="PIECE")
    assert after(world, direct("MANUFACTURING", "4", of="van"), viewer="dealer", root="van").after.excluding == (
        after(world, viewer="dealer").before.excluding + 4
    )
    assert problems(world, swap(1, amount=Decimal(1)), viewer="dealer") == [("ACCESS_DENIED", ("product",))]
    assert problems(world, swap(1, amount=Decimal(1)), viewer="fleet") == [("ACCESS_DENIED", ("product",))]


def test_whoever_sees_nothing_is_answered_like_nobody() -> None:
    with pytest.raises(NotFound):
        ask(the_world(), [], viewer="stranger")


# --- what is wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (swap(1, "hidden steel"), [("NOT_FOUND", ("supplier",))]),
        (swap(1, "never"), [("NOT_FOUND", ("supplier",))]),
        (swap(1, "onward steel"), [("NOT_GRANTED", ("supplier",))]),
        (swap(1, "old steel"), [("EXPIRED", ("supplier",))]),
        (swap(1, "grid"), [("UNIT_NOT_CONVERTIBLE", ("supplier",))]),
        (swap(1, unit=KWH), [("UNIT_NOT_CONVERTIBLE", ("unit",))]),
        (swap(1, amount=Decimal(-1)), [("SIGN", ("amount",))]),
        (swap(3, amount=Decimal(1), of="frame"), [("SIGN", ("amount",))]),
        (swap(1), [("REQUIRED", ())]),
        (swap(0, amount=Decimal(1)), [("OUT_OF_RANGE", ("line",))]),
        (swap(7, amount=Decimal(1)), [("OUT_OF_RANGE", ("line",))]),
        (swap(5, amount=Decimal(1)), [("OUTSIDE_GATE", ("line",))]),
        (swap(4, amount=Decimal(1)), [("NOT_SERVED", ("line",))]),
        (swap(6, amount=Decimal(1)), [("NOT_SERVED", ("line",))]),
        (swap(1, amount=Decimal(1), currency="USD"), [("NOT_MONEY", ("currency",))]),
        (
            swap(1, unit=AmountUnit.MONEY, currency="USD", price_year=2020, price_basis=PriceBasis.BASIC),
            [("UNIT_NOT_CONVERTIBLE", ("unit",))],
        ),
        (swap(1, amount=Decimal(1), of="steel"), [("ACCESS_DENIED", ("product",))]),
        (swap(1, amount=Decimal(1), of="hidden steel"), [("NOT_FOUND", ("product",))]),
        (swap(1, amount=Decimal(1), of="panel"), [("NOT_IN_VIEW", ("product",))]),
        (direct("USE", "1"), [("OUTSIDE_GATE", ("direct", "0", "stage"))]),
        (direct("MANUFACTURING", "-1"), [("SIGN", ("direct", "0", "components", FOSSIL))]),
        (DirectChangeInput(key("car"), ()), [("REQUIRED", ("direct",))]),
        (ShareOfLineInput(key("car"), 1, Decimal(101), by("scrap")), [("OUT_OF_RANGE", ("percent",))]),
        (ShareOfLineInput(key("car"), 1, Decimal(1), by("never")), [("NOT_FOUND", ("by", "supplier"))]),
        (ShareOfLineInput(key("car"), 1, Decimal(1), by("truck")), [("UNIT_NOT_CONVERTIBLE", ("by", "supplier"))]),
        (ShareOfLineInput(key("car"), 1, Decimal(1), own("1")), [("UNIT_NOT_CONVERTIBLE", ("by", "own", "unit"))]),
        (ShareOfLineInput(key("car"), 3, Decimal(1), own("-1")), [("SIGN", ("by", "own", "emissions", FOSSIL))]),
        (ShareOfLineInput(key("car"), 4, Decimal(1), by("scrap")), [("NOT_SERVED", ("line",))]),
        (ReplaceSupplierInput(key("hidden steel"), by("scrap")), [("NOT_FOUND", ("supplier",))]),
        (ReplaceSupplierInput(key("wind"), by("grid")), [("NOT_USED", ("supplier",))]),
        (ReplaceSupplierInput(key("grid"), by("never")), [("NOT_FOUND", ("by", "supplier"))]),
    ],
)
def test_a_mistake_is_named_with_its_path(change: ChangeInput, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert problems(the_world(), change) == expected


def test_a_declared_footprint_has_no_process() -> None:
    def with_panel(recipe: dict[str, Any]) -> None:
        recipe["car lines"].append(line("panel", 1))

    assert problems(the_world(with_panel), direct("MANUFACTURING", "1", of="panel")) == [("NOT_MODELLED", ("product",))]


def test_a_divided_line_is_changed_before_it_is_divided() -> None:
    divided = ShareOfLineInput(key("car"), 1, Decimal(50), by("scrap"))
    made = ShareOfLineInput(key("car"), 1, Decimal(100), own("0", KILOGRAM))
    for before in (divided, made):
        assert problems(the_world(), before, swap(1, amount=Decimal(1))) == [("CONTRADICTION", ("line",))]
    assert after(the_world(), swap(1, amount=Decimal(1)), divided).after.excluding == (
        after(the_world()).before.excluding - 1890 + 1250
    )


def test_every_mistake_of_all_scenarios_is_named_at_once() -> None:
    world = the_world()
    with pytest.raises(InvalidInput) as refused:
        ask(world, [swap(1, "never"), swap(5, amount=Decimal(1))], [], [ReplaceSupplierInput(key("grid"), own("-1"))])
    assert [problem.path for problem in refused.value.problems] == [
        ("scenarios", "0", "changes", "0", "line", "supplier"),
        ("scenarios", "0", "changes", "1", "line", "line"),
        ("scenarios", "2", "changes", "0", "replaceSupplier", "by", "own", "emissions", FOSSIL),
    ]


def test_a_hidden_supplier_is_one_that_never_existed() -> None:
    def said(name: str) -> str:
        with pytest.raises(InvalidInput) as refused:
            ask(the_world(), [swap(1, name), ReplaceSupplierInput(key(name), by(name))])
        return str(refused.value.problems)

    assert said("hidden steel") == said("never")


def test_limits() -> None:
    change = swap(1, amount=Decimal(1))
    assert len(ask(the_world(), [change] * CHANGES_MAX)) == 1
    with pytest.raises(InvalidInput, match=f"at most {CHANGES_MAX}"):
        ask(the_world(), [change] * (CHANGES_MAX + 1))
    with pytest.raises(InvalidInput, match="at least one scenario"):
        ask(the_world())
    assert len(ask(the_world(), *[[change]] * 20)) == 20
    with pytest.raises(InvalidInput, match="at most 20 scenarios"):
        ask(the_world(), *[[change]] * 21)


# --- loops ----------------------------------------------------------------------------------------------------------


def test_a_scenario_that_closes_a_loop_is_refused_alone_and_so_often() -> None:
    world, refusals = the_world(), RefusedScenarios()
    closing = [swap(1, "car", of="frame", amount=Decimal(1), unit=AmountUnit.PIECE)]
    found = ask(world, [], closing, [swap(1, "scrap")], refusals=refusals)
    assert [type(each) for each in found] == [ScenarioAnswer, ScenarioRefusedAnswer, ScenarioAnswer]
    refused = found[1]
    assert isinstance(refused, ScenarioRefusedAnswer)
    assert refused.path == ("scenarios", "1")
    assert refused.refusal.code == "LOOP_WITHOUT_ANSWER"
    assert [world.names()[key] for key in refused.refusal.member_keys] == ["car", "frame"]
    for _ in range(REFUSALS_PER_DAY_MAX - 1):
        ask(world, closing, refusals=refusals)
    with pytest.raises(TooManyRequests):
        ask(world, closing, refusals=refusals)
    assert len(ask(world, [], [swap(1, "scrap")], refusals=refusals)) == 2


def test_many_refused_scenarios_at_once_are_not_told_beyond_the_bound() -> None:
    """Neither in one request nor by requests at the same time."""
    world, refusals = the_world(), RefusedScenarios()
    closing = [swap(1, "car", of="frame", amount=Decimal(1), unit=AmountUnit.PIECE)]
    with pytest.raises(TooManyRequests, match="refused as a loop 10 times today"):
        ask(world, *[closing] * (REFUSALS_PER_DAY_MAX + 1), refusals=refusals)
    refusals = RefusedScenarios()
    session = session_of(world, viewer_of("maker"))

    async def together() -> list[object]:
        given = [ScenarioInput(changes=tuple(closing))] * 4
        asked = (
            session.what_if(refusals, world.keys["car"], given, None, None, Problems())
            for _ in range(REFUSALS_PER_DAY_MAX // 2)
        )
        return list(await asyncio.gather(*asked, return_exceptions=True))

    found = asyncio.run(together())
    told = sum(len(each.scenarios) for each in found if isinstance(each, WhatIfAnswer))
    assert told == REFUSALS_PER_DAY_MAX // 4 * 4
    assert sum(isinstance(each, TooManyRequests) for each in found) == 3


def test_a_product_without_a_result_says_so() -> None:
    world = the_world()
    world.own("maker", "new")
    world.key("new")
    session = session_of(world, viewer_of("maker"))
    asked = session.what_if(RefusedScenarios(), world.keys["new"], [ScenarioInput()], None, None, Problems())
    answer = asyncio.run(asked)
    assert isinstance(answer, RefusedAnswer)
    assert answer.code == "NO_FOOTPRINT"


def test_the_operator_may_change_any_process() -> None:
    found = after(the_world(), swap(1, "other steel"), viewer="operator")
    assert found.after.excluding == found.before.excluding - 630
    # By the grants of the process's owner, as if that had asked.
    assert problems(the_world(), swap(1, "hidden steel"), viewer="operator") == [("NOT_GRANTED", ("supplier",))]


def test_the_plain_roll_up_is_the_one_of_the_engine() -> None:
    world = the_world()
    assert solve(world, "car").total(world.keys["car"]).excluding == after(world).before.excluding
