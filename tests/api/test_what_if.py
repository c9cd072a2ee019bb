"""What-if over HTTP: what it answers is what publishing it then gives, and asking writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchange.config import Settings
from tests.api.dated_world import World, dated_world
from tests.api.graph_dump import dump
from tests.api.schema_walk import selection

FIGURES = "pcfExcludingBiogenicUptake pcfIncludingBiogenicUptake lower upper components " + selection(
    "CarbonComponents"
)
PLAIN = f"query ($id: ID!) {{ product(id: $id) {{ cradleToGate {{ ... on RollUp {{ {FIGURES} }} }} }} }}"
QUESTION = f"""query ($id: ID!, $scenarios: [ScenarioInput!]!) {{ product(id: $id) {{ whatIf(scenarios: $scenarios) {{
  __typename
  ... on WhatIf {{ declaredUnitAmount declaredUnitOfMeasurement scenarios {{
    __typename
    ... on Scenario {{
      name before {{ {FIGURES} }} after {{ {FIGURES} }}
      differenceExcludingBiogenicUptake differenceIncludingBiogenicUptake
      contributions {{ product {{ name }} before after difference }}
    }}
    ... on ScenarioRefused {{ name code message path members {{ name }} }}
  }} }}
  ... on RollUpRefused {{ code message }}
  ... on ScenariosInvalid {{ message problems {{ code path message expected got }} }}
}} }} }}"""


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    """`kiln` and `brick` are of `one`: brick = 1 + 2 kiln + 0.5 of two's clay; kiln = 1 + 3 fuel + 0.1 brick."""
    with dated_world(settings, datetime(2026, 6, 30, tzinfo=UTC)) as made:
        for name, total in {"two/clay": "0.7", "two/other clay": "0.31", "two/secret": "9", "two/fuel": "0.9"}.items():
            made.publish(made.declared(name, total), by="two")
            if name != "two/secret":
                made.grant(name, "one")
        made.publish(kiln(made))
        made.publish(brick(made))
        yield made


def kiln(world: World, fuel: str = "3") -> dict[str, Any]:
    return world.modelled("kiln", world.line("two/fuel", fuel), world.line("brick", "0.1"))


def brick(world: World, *lines: dict[str, Any], direct: str = "1") -> dict[str, Any]:
    made = world.modelled("brick", *(lines or (world.line("kiln", "2"), world.line("two/clay", "0.5"))))
    made["modelled"]["direct"][0]["components"]["fossilGhgEmissions"] = direct
    return made


def ask(world: World, *scenarios: list[dict[str, Any]], of: str = "brick", by: str = "one") -> dict[str, Any]:
    given = [{"changes": changes} for changes in scenarios]
    found: dict[str, Any] = world.client(by).query(QUESTION, {"id": world.product(of), "scenarios": given})
    answer: dict[str, Any] = found["product"]["whatIf"]
    return answer


def line(world: World, number: int, of: str = "brick", **more: Any) -> dict[str, Any]:
    return {"line": {"product": {"id": world.product(of)}, "line": number, **more}}


def named(world: World, name: str) -> dict[str, str]:
    return {"id": world.product(name)}


def plain(world: World, name: str = "brick") -> dict[str, Any]:
    found: dict[str, Any] = world.client("one").query(PLAIN, {"id": world.product(name)})["product"]["cradleToGate"]
    return found


def alike(found: dict[str, Any], real: dict[str, Any]) -> None:
    """Every number within two quanta of what was published, and inside the interval that was answered."""
    assert Decimal(found["lower"]) <= Decimal(real["pcfExcludingBiogenicUptake"]) <= Decimal(found["upper"])
    for name, text in found["components"].items():
        expected = Decimal(real["components"][name])
        assert abs(Decimal(text) - expected) <= Decimal("2E-11"), (name, text, expected)


def own_supply(kg: str) -> dict[str, Any]:
    return {"own": {"emissions": {"fossilGhgEmissions": kg}, "unit": "GRAM"}}


def test_what_is_answered_is_what_publishing_gives(world: World) -> None:
    clay = world.line("two/clay", "0.5")
    cases: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
        (
            [line(world, 2, supplier=named(world, "two/other clay"))],
            [brick(world, world.line("kiln", "2"), world.line("two/other clay", "0.5"))],
        ),
        ([line(world, 1, amount="1500", unit="GRAM")], [brick(world, world.line("kiln", "1.5"), clay)]),
        ([line(world, 1, of="kiln", amount="2")], [kiln(world, "2")]),
        (
            [
                {
                    "direct": {
                        "product": named(world, "brick"),
                        "direct": [{"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "0.25"}}],
                    }
                }
            ],
            [brick(world, direct="0.25")],
        ),
        (
            [
                {
                    "shareOfLine": {
                        "product": named(world, "brick"),
                        "line": 2,
                        "percent": "30",
                        "by": {"supplier": named(world, "two/other clay")},
                    }
                }
            ],
            [
                brick(
                    world, world.line("kiln", "2"), world.line("two/clay", "0.35"), world.line("two/other clay", "0.15")
                )
            ],
        ),
        (
            [{"replaceSupplier": {"supplier": named(world, "two/clay"), "percent": "20", "by": own_supply("0.001")}}],
            [brick(world, world.line("kiln", "2"), world.line("two/clay", "0.4"), direct="1.1")],
        ),
    ]
    before = plain(world)
    head = dump(world.server)
    found = ask(world, [], *(changes for changes, _ in cases))
    assert found["__typename"] == "WhatIf"
    assert dump(world.server) == head
    empty, *scenarios = found["scenarios"]
    assert empty["before"] == empty["after"] == before
    assert {one["difference"] for one in empty["contributions"]} == {"0"}
    for scenario, (_, footprints) in zip(scenarios, cases, strict=True):
        assert scenario["before"] == before
        for footprint in footprints:
            world.publish(footprint)
        alike(scenario["after"], plain(world))
        assert scenario["differenceExcludingBiogenicUptake"] != "0"
        world.publish(kiln(world))
        world.publish(brick(world))
    assert plain(world) == before


def test_by_hand(world: World) -> None:
    """brick = 1.35 + 2 kiln, kiln = 3.7 + 0.1 brick: 8.75 / 0.8. With 2 of fuel instead of 3: 6.95 / 0.8."""
    [found] = ask(world, [line(world, 1, of="kiln", amount="2")])["scenarios"]
    assert (found["before"]["pcfExcludingBiogenicUptake"], found["after"]["pcfExcludingBiogenicUptake"]) == (
        "10.9375",
        "8.6875",
    )
    assert found["differenceExcludingBiogenicUptake"] == "-2.25"
    assert found["contributions"][0] == {
        "product": {"name": "two/fuel"},
        "before": "6.75",
        "after": "4.5",
        "difference": "-2.25",
    }


def test_a_loop_is_refused_beside_the_others_and_nothing_is_written(world: World) -> None:
    head = world.server.ledger_head()
    found = ask(world, [line(world, 1, amount="10")], [], [line(world, 1, amount="9")])["scenarios"]
    assert [one["__typename"] for one in found] == ["ScenarioRefused", "Scenario", "Scenario"]
    refused = found[0]
    assert (refused["code"], refused["path"]) == ("LOOP_WITHOUT_ANSWER", ["scenarios", "0"])
    assert sorted(one["name"] for one in refused["members"]) == ["brick", "kiln"]
    assert not any(character.isdigit() for character in refused["message"])
    assert world.server.ledger_head() == head


def test_every_mistake_is_named_with_its_place_and_what_to_do(world: World) -> None:
    found = ask(
        world,
        [line(world, 9, amount="1"), line(world, 1, supplier={"id": "nothing"})],
        [line(world, 2, supplier=named(world, "two/secret")), line(world, 2, amount="-1")],
    )
    assert found["__typename"] == "ScenariosInvalid"
    assert [(problem["code"], ".".join(problem["path"])) for problem in found["problems"]] == [
        ("ID_INVALID", "scenarios.0.changes.1.line.supplier.id"),
        ("OUT_OF_RANGE", "scenarios.0.changes.0.line.line"),
        ("NOT_FOUND", "scenarios.1.changes.0.line.supplier"),
        ("SIGN", "scenarios.1.changes.1.line.amount"),
    ]


def test_no_more_scenarios_than_the_limit_in_one_request(world: World) -> None:
    found = ask(world, *([[]] * 21))
    assert [(problem["code"], problem["path"]) for problem in found["problems"]] == [("TOO_MANY", ["scenarios"])]
    text = (
        "{"
        + " ".join(
            f'p{n}: product(id: "{world.product("brick")}") {{ whatIf(scenarios: [{{}}]) {{ __typename }} }}'
            for n in range(21)
        )
        + "}"
    )
    kinds = [one["whatIf"]["__typename"] for one in world.client("one").query(text).values()]
    assert sorted(kinds) == ["ScenariosInvalid"] + ["WhatIf"] * 20


def test_a_change_names_exactly_one_kind_and_a_substitute_too(world: World) -> None:
    for change in (
        {},
        {**line(world, 1, amount="1"), "direct": {"product": named(world, "brick"), "direct": []}},
        {"shareOfLine": {"product": named(world, "brick"), "line": 1, "percent": "5", "by": {}}},
    ):
        variables = {"id": world.product("brick"), "scenarios": [{"changes": [change]}]}
        answer = world.client("one").answer(QUESTION, variables)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]


def test_a_customer_may_ask_and_may_not_change(world: World) -> None:
    world.grant("brick", "two")
    found = ask(world, [], by="two")
    assert found["scenarios"][0]["after"] == plain(world)
    refused = ask(world, [line(world, 1, amount="1")], by="two")
    assert [problem["code"] for problem in refused["problems"]] == ["ACCESS_DENIED"]
