"""What explains a result, over HTTP: power and coal of the method in groups, elasticities, paths; and downstream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from exchange.config import Settings
from exchange.model.parties import Scope
from tests.api.callers import Callers
from tests.api.exchange_server import ApiClient, new_key, serving
from tests.api.inputs import footprint
from tests.rollup.check import instant

OWNERS = {"power": "grid", "coal": "mine", "coke": "mine", "tar": "mine", "gravel": "mine", "lamp": "shop"}


@dataclass
class LoopWorld:
    """power 0.85 + 0.4 coal, coal 0.05 + 0.06 power; coke 1 + 2 coal, tar -1 + 1 coke; each sees what it may."""

    callers: Callers
    ids: dict[str, str]

    def client(self, organization: str | None) -> ApiClient:
        return self.callers.client(organization)

    def result(self, organization: str | None, name: str, fields: str) -> dict[str, Any]:
        query = f"""query ($id: ID!) {{ product(id: $id) {{
          cradleToGate(asOf: "2026-06-30") {{ ... on RollUp {{ {fields} }} }} }} }}"""
        found: dict[str, Any] = self.client(organization).query(query, {"id": self.ids[name]})["product"][
            "cradleToGate"
        ]
        return found

    def downstream(self, organization: str | None, name: str, arguments: str = "") -> dict[str, Any] | None:
        query = f"""query ($id: ID!) {{ product(id: $id) {{ downstream{arguments} {{
          totalCount pageInfo {{ hasNextPage hasPreviousPage endCursor }} edges {{ cursor node {{ sharePercent }} }}
          nodes {{ sharePercent product {{ name access }} }} }} }} }}"""
        found: dict[str, Any] = self.client(organization).query(query, {"id": self.ids[name]})["product"]
        shown: dict[str, Any] | None = found["downstream"]
        return shown


def urn(name: str) -> str:
    return f"urn:pact:{OWNERS[name]}.example:product-id:{name}"


def modelled(direct: str, *lines: tuple[str, str]) -> dict[str, Any]:
    stage = {"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": direct} if direct[0] != "-" else {}}
    if direct[0] == "-":
        stage["components"] = {"fossilGhgEmissions": "0", "technologicalCO2Removals": direct}
    given = [
        {"product": {"productId": urn(name)}, "amount": amount, "unit": "KILOGRAM", "stage": "RAW_MATERIAL_ACQUISITION"}
        for name, amount in lines
    ]
    return {"modelled": {"direct": [stage], "lines": given}}


BODIES = {
    "power": modelled("0.85", ("coal", "0.4")) | {"geographyCountry": "CN"},
    "coal": modelled("0.05", ("power", "0.06")),
    "coke": modelled("1", ("coal", "2")),
    "tar": modelled("-1", ("coke", "1")),
    "gravel": modelled("1"),
    "lamp": modelled("1", ("power", "3")),
}


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[LoopWorld]:
    with serving(settings, clock=lambda: instant("2026-06-30")) as server:
        made = LoopWorld(Callers(server), {})
        for name, owner in OWNERS.items():
            given: dict[str, Any] = {"productIds": [urn(name)], "name": name, "idempotencyKey": new_key()}
            made.ids[name] = made.client(owner).done("createProduct", given, "product { id }")["product"]["id"]
        for name, to, level in (
            ("coal", "grid", "INPUTS"),
            ("power", "mine", "INPUTS"),
            ("power", "shop", "TOTAL"),
            ("lamp", "mine", "INPUTS"),
        ):
            grantee = {"organization": made.callers.organization(to)}
            given = {"product": made.ids[name], "to": grantee, "level": level, "idempotencyKey": new_key()}
            made.client(OWNERS[name]).done("grantAccess", given, "grant { id }")
        for name, body in BODIES.items():
            given = {"idempotencyKey": new_key(), "footprint": footprint(made.ids[name], body)}
            made.client(OWNERS[name]).done("publishFootprint", given, "footprint { id }")
        yield made


GROUP = "label kind organization { name } stage country tier dataQualityLevel emissions sharePercent"


def groups(world: LoopWorld, organization: str, name: str, grouping: str) -> dict[str, str]:
    fields = f"total: pcfExcludingBiogenicUptake contributionsBy(grouping: {grouping}) {{ {GROUP} }}"
    found = world.result(organization, name, fields)
    return {group["label"]: group["emissions"] for group in found["contributionsBy"]}


def test_the_contributions_of_power_and_coal_are_those_of_the_method(world: LoopWorld) -> None:
    found = world.result("grid", "power", "contributions { ownEmissions product { name } }")["contributions"]
    assert [(one["product"]["name"], one["ownEmissions"][:12]) for one in found] == [
        ("power", "0.8709016393"),
        ("coal", "0.0204918032"),  # 0.02049180327869
    ]


def test_groups_are_labelled_and_sum_to_the_result(world: LoopWorld) -> None:
    assert groups(world, "grid", "power", "ORGANIZATION") == {
        "Grid & Co": "0.870901639344",
        "Mine & Co": "0.020491803279",
    }
    assert groups(world, "grid", "power", "COUNTRY") == {"CN": "0.870901639344", "Unknown": "0.020491803279"}
    assert groups(world, "grid", "power", "LIFE_CYCLE_STAGE") == {
        "Manufacturing": "0.85",
        "Raw material acquisition": "0.041393442623",
    }
    tiers = groups(world, "grid", "power", "TIER")
    assert list(tiers.items())[:3] == [("Direct", "0.85"), ("Tier 2", "0.0204"), ("Tier 1", "0.02")]
    assert groups(world, "grid", "power", "DATA_QUALITY") == {"Unknown": "0.891393442623"}
    assert groups(world, "shop", "lamp", "ORGANIZATION") == {
        "Grid & Co, not broken down": "2.67418032787",
        "Shop & Co": "1",
    }
    assert groups(world, "shop", "power", "TIER") == {"Direct or further, not broken down": "0.891393442623"}
    assert groups(world, "shop", "power", "LIFE_CYCLE_STAGE") == {"Not broken down": "0.891393442623"}
    assert groups(world, "shop", "lamp", "COUNTRY") == {"CN, not broken down": "2.67418032787", "Unknown": "1"}


def test_a_group_holds_what_it_is_of_and_nothing_else(world: LoopWorld) -> None:
    fields = " ".join(f"{name}: contributionsBy(grouping: {name}, first: 1) {{ {GROUP} }}" for name in GROUPINGS)
    found = world.result("grid", "power", fields)
    told = {name: {key for key, value in found[name][0].items() if value is not None} for name in GROUPINGS}
    always = {"label", "kind", "emissions", "sharePercent"}
    assert told == {name: always | ({field} if field else set()) for name, field in GROUPINGS.items()}


GROUPINGS = {
    "ORGANIZATION": "organization",
    "LIFE_CYCLE_STAGE": "stage",
    "COUNTRY": "country",
    "TIER": "tier",
    "DATA_QUALITY": None,  # unknown: no level
}


def test_the_elasticity_of_the_coal_line_is_that_of_the_method(world: LoopWorld) -> None:
    fields = (
        "elasticities(first: 3) { reason entries { line elasticity brokenDown consumer { name } supplier { name } } }"
    )
    found = world.result("grid", "power", fields)["elasticities"]
    assert found["reason"] is None
    assert [
        (one["consumer"]["name"], one["line"], one["supplier"] and one["supplier"]["name"], one["elasticity"])
        for one in found["entries"]
    ] == [
        ("power", None, None, "0.9770114943"),
        ("power", 1, "coal", "0.0475786697"),
        ("coal", 1, "power", "0.0245901639"),
    ]


def test_the_largest_paths(world: LoopWorld) -> None:
    fields = """topPaths(first: 2) { coveragePercent complete
      paths { ownEmissions sharePercent brokenDown steps { line amount product { name } } } }"""
    found = world.result("grid", "power", fields)["topPaths"]
    assert [
        (one["ownEmissions"], [(step["product"]["name"], step["line"], step["amount"]) for step in one["steps"]])
        for one in found["paths"]
    ] == [
        ("0.85", [("power", None, "1")]),
        ("0.0204", [("power", None, "1"), ("coal", 1, "0.4"), ("power", 1, "0.024")]),
    ]
    assert found["complete"] is True
    assert found["coveragePercent"] == "97.6448735632"


def test_what_rests_on_a_product_is_shown_to_its_owner(world: LoopWorld) -> None:
    found = world.downstream("mine", "coal")
    assert found is not None
    power, coal = 0.87 / 0.976, 0.101 / 0.976
    expected = {
        ("tar", "OWNER"): 100,  # the removal of 1 and coke's own 1 cancel
        ("coke", "OWNER"): 100 * 2 * coal / (1 + 2 * coal),
        ("power", "INPUTS"): 100 * 0.4 * coal / power,
        ("lamp", "INPUTS"): 100 * 3 * 0.4 * coal / (1 + 3 * power),
    }
    shown = {(one["product"]["name"], one["product"]["access"]): one["sharePercent"] for one in found["nodes"]}
    assert list(shown) == list(expected)
    assert [float(share) for share in shown.values()] == pytest.approx(list(expected.values()), rel=1e-9)
    assert shown["power", "INPUTS"] == "4.6436781609"
    assert found["totalCount"] == 4


def test_what_the_viewer_may_not_open_is_not_there(world: LoopWorld) -> None:
    """The grid sees coal's lines and no further consumer; the shop's lamp is closed to it."""
    found = world.downstream("grid", "power")
    assert found is not None
    assert [one["product"]["name"] for one in found["nodes"]] == ["coal"]
    assert world.downstream("mine", "gravel") == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None},
        "edges": [],
        "nodes": [],
    }


@pytest.mark.parametrize(("organization", "name"), [("grid", "coal"), ("mine", "power"), ("shop", "power")])
def test_whoever_is_not_the_owner_is_shown_nothing(world: LoopWorld, organization: str, name: str) -> None:
    assert world.downstream(organization, name) is None


def test_the_operator_sees_every_consumer(world: LoopWorld) -> None:
    operator = world.callers.client("operator", frozenset(Scope))
    query = "query ($id: ID!) { product(id: $id) { downstream { nodes { product { name } } } } }"
    found = operator.query(query, {"id": world.ids["power"]})["product"]["downstream"]["nodes"]
    assert {one["product"]["name"] for one in found} == {"coal", "coke", "tar", "lamp"}


def test_pages_of_what_rests_on_a_product(world: LoopWorld) -> None:
    names, after, seen = [], None, []
    while True:
        found = world.downstream("mine", "coal", f'(first: 3{"" if after is None else f""", after: "{after}" """})')
        assert found is not None
        names += [one["product"]["name"] for one in found["nodes"]]
        page = found["pageInfo"]
        seen.append((page["hasPreviousPage"], page["hasNextPage"], found["totalCount"]))
        after = page["endCursor"]
        assert after == found["edges"][-1]["cursor"]
        if not page["hasNextPage"]:
            break
    assert names == ["tar", "coke", "power", "lamp"]
    assert seen == [(False, True, 4), (True, False, 4)]


def test_a_cursor_of_another_list_is_refused(world: LoopWorld) -> None:
    found = world.downstream("mine", "coal", "(first: 1)")
    assert found is not None
    cursor = found["pageInfo"]["endCursor"]
    query = "query ($id: ID!, $after: String) { product(id: $id) { downstream(after: $after) { totalCount } } }"
    for name in ("gravel", "coal"):
        body = world.client("mine").answer(query, {"id": world.ids[name], "after": cursor if name == "gravel" else "x"})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["INVALID_INPUT"]


def test_at_other_dates_nothing_rests_on_it(world: LoopWorld) -> None:
    for arguments in ('(asOf: "2020-01-01")', '(knownAt: "2020-01-01T00:00:00Z")'):
        found = world.downstream("mine", "coal", arguments)
        assert found is not None
        assert found["totalCount"] == 0
