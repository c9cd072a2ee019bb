"""The same exchange behind a real server, and what a viewer is told there, in the form of `told`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.access.pairs import ALLIANCES, Plan, Planned, Row
from tests.api import inputs
from tests.api.callers import Callers
from tests.api.exchange_server import ApiClient, new_key
from tests.attack.told import FIRST, TREE_DEPTH, Told, ToldLine, ToldProduct, ToldShare, asked_about

AS_OF = "2026-06-30"


def publish(callers: Callers, plan: Plan) -> None:
    """Everything of the plan, each part of it by whom it belongs to."""
    products, footprints, alliances = {}, [], {}
    for name, planned in plan.products.items():
        given: dict[str, Any] = {"idempotencyKey": new_key(), "productIds": [urn(plan, name)], "name": name}
        made = callers.client(planned.owner).done("createProduct", given, "product { id }")
        products[name] = made["product"]["id"]
    for name, planned in plan.products.items():
        footprints.append((planned.owner, inputs.footprint(products[name], _body(plan, planned))))
    for owner, footprint in footprints:
        given = {"idempotencyKey": new_key(), "footprint": footprint}
        callers.client(owner).done("publishFootprint", given, "__typename")
    for alliance in ALLIANCES:
        given = {"idempotencyKey": new_key(), "name": alliance}
        made = callers.client("convener").done("foundAlliance", given, "alliance { id }")
        alliances[alliance] = made["alliance"]["id"]
    for alliance, organization, state in plan.members:
        _join(callers, alliances[alliance], organization, state)
    for name, to, level, onward in plan.grants:
        owner = name.removeprefix("of ") if name.startswith("of ") else plan.products[name].owner
        what: dict[str, Any] = {"everything": True} if name.startswith("of ") else {"product": products[name]}
        if to is None:
            whom: dict[str, Any] = {"public": True}
        else:
            whom = {"alliance": alliances[to]} if to in alliances else {"organization": callers.organization(to)}
        given = {"idempotencyKey": new_key(), **what, "to": whom, "level": level, "onward": onward}
        callers.client(owner).done("grantAccess", given, "__typename")


def _join(callers: Callers, alliance: str, organization: str, state: str) -> None:
    given = {"idempotencyKey": new_key(), "alliance": alliance, "organization": callers.organization(organization)}
    made = callers.client("convener").done("inviteToAlliance", given, "invitation { id }")["invitation"]["id"]
    if state != "invited":
        callers.client(organization).done("acceptInvitation", {"invitation": made}, "__typename")
    if state == "left":
        callers.client(organization).done("leaveAlliance", {"alliance": alliance}, "__typename")


def urn(plan: Plan, name: str) -> str:
    owner = plan.products[name].owner if name in plan.products else "nobody"
    return f"urn:pact:{owner}.example:product-id:{name}"


def _body(plan: Plan, planned: Planned) -> dict[str, Any]:
    rating = {f"{kind}DQR": planned.rating for kind in ("technological", "temporal", "geographical")}
    dates = {"validityPeriodStart": "2026-01-01T00:00:00Z", "validityPeriodEnd": f"{planned.ends}T00:00:00Z"}
    more = {**dates, "dataQuality": rating}
    if planned.total is not None:
        whole = str(sum(planned.total.values()))
        totals = {"pcfExcludingBiogenicUptake": whole, "pcfIncludingBiogenicUptake": whole}
        stated = {**totals, "components": _texts(planned.total), "primaryDataShare": planned.pds}
        return {**more, "declared": stated}
    direct = {"stage": "MANUFACTURING", "components": _texts(planned.direct)}
    lines = [_line(plan, one) for one in planned.lines]
    return {**more, "modelled": {"direct": [direct], "directPrimaryDataShare": planned.pds, "lines": lines}}


def _line(plan: Plan, one: Row) -> dict[str, Any]:
    names = {"amountIsPrimary": one["primary"], "packaging": one["packaging"], "stage": one["stage"]}
    named = {"productId": urn(plan, one["supplier"])}
    return {"product": named, "amount": one["amount"], "unit": one["unit"], **names}


def _texts(components: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(amount) for name, amount in components.items()}


def _tree(depth: int) -> str:
    inner = f"children {{ {_tree(depth - 1)} }}" if depth else ""
    return f"product {{ name }} amount totalEmissions ownEmissions {inner}"


def told_over_http(client: ApiClient, columns: Sequence[str]) -> Told:
    """What a client of one organization is told."""
    components = "{ " + " ".join(columns) + " }"
    of_product = f"""id name access
      footprint(asOf: "{AS_OF}") {{ lines {{
        number product {{ name }} productId amount stage amountIsPrimary packaging }} }}
      cradleToGate(asOf: "{AS_OF}") {{ ... on RollUp {{
        components {components} lower upper primaryDataShare dataQuality {{ temporalDQR }}
        packagingGhgEmissions direct {components} byStage {{ stage components {components} }}
        gaps {{ consumer {{ name }} line }} }} }}"""
    of_root = f"""... on Product {{ name cradleToGate(asOf: "{AS_OF}") {{ ... on RollUp {{
        contributions(first: {FIRST}) {{ product {{ name }} ownEmissions }}
        tree(depth: {TREE_DEPTH}, cutoffPercent: 0, maxNodes: {FIRST}) {{ root {{ {_tree(TREE_DEPTH)} }} }} }} }} }}"""
    page = "products(first: 100, orderBy: {field: CREATED_AT})"
    told, ids = Told(), []
    for one in client.query(f"{{ {page} {{ nodes {{ {of_product} }} }} }}")["products"]["nodes"]:
        told.products[one["name"]] = _product(one, columns)
        ids.append(one["id"])
    roots = asked_about(ids)
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {of_root} }} }}"
    for at in range(0, len(roots), 4):
        for one in client.query(query, {"ids": roots[at : at + 4]})["nodes"]:
            result = one["cradleToGate"]
            shares = [(each["product"]["name"], Decimal(each["ownEmissions"])) for each in result["contributions"]]
            told.contributions[one["name"]] = tuple(ToldShare(*each) for each in shares)
            told.trees[one["name"]] = tuple(_shares(result["tree"]["root"]))
    return told


def _product(one: dict[str, Any], columns: Sequence[str]) -> ToldProduct:
    def of(given: dict[str, str]) -> dict[str, Decimal]:
        return {name: Decimal(given[name]) for name in columns}

    result, lines = one["cradleToGate"], one["footprint"]["lines"]
    gaps = {each["line"] for each in result["gaps"] if each["consumer"]["name"] == one["name"]}
    packaging, direct, stages = (result[name] for name in ("packagingGhgEmissions", "direct", "byStage"))
    return ToldProduct(
        components=of(result["components"]),
        lower=Decimal(result["lower"]),
        upper=Decimal(result["upper"]),
        primary_percent=Decimal(result["primaryDataShare"]),
        temporal_rating=Decimal(result["dataQuality"]["temporalDQR"]),
        packaging=None if packaging is None else Decimal(packaging),
        direct=None if direct is None else of(direct),
        by_stage=None
        if stages is None
        else {each["stage"]: sum(of(each["components"]).values(), Decimal(0)) for each in stages},
        lines=None if lines is None else tuple(_told_line(each) for each in lines if each["number"] not in gaps),
        access=one["access"],
    )


def _told_line(one: dict[str, Any]) -> ToldLine:
    return ToldLine(
        one["product"]["name"], Decimal(one["amount"]), one["stage"], one["amountIsPrimary"], one["packaging"]
    )


def _shares(node: dict[str, Any]) -> list[ToldShare]:
    numbers = (Decimal(node[name]) for name in ("ownEmissions", "amount", "totalEmissions"))
    found = [ToldShare(node["product"]["name"], *numbers)]
    for child in node.get("children", ()):
        found += _shares(child)
    return found
