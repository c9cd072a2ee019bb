"""A small exchange in which every relation between a viewer and a product is there once.

The maker's `widget` takes two kilograms of `steel` and one `bolt`; `gapped` has a gap and a line served by its
fallback; `leaf` is declared; `open` is public; `assembly` takes a `gear` that was granted to the maker onward. All is
written at one instant; `grow_old` moves the clock to when one grant has ended and another has not begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exchange.model.parties import Scope
from tests.api import inputs
from tests.api.callers import ADMINISTRATOR, Callers
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key
from tests.rollup.check import instant

WRITTEN_US, ASKED_US = instant("2026-07-01"), instant("2026-07-03")
ALL_COMPONENTS = {
    "fossilGhgEmissions": "10",
    "landUseChangeGhgEmissions": "0.5",
    "landManagementBiogenicCO2Emissions": "0",
    "landManagementBiogenicCO2Removals": "0",
    "biogenicNonCO2Emissions": "0",
    "technologicalCO2Removals": "0",
    "ccsTechnologicalCO2Capture": "0",
    "biogenicCO2Uptake": "0",
    "landManagementFossilGhgEmissions": "0",
    "aircraftGhgEmissions": "0",
}
OWNERS = {
    "widget": "maker",
    "gapped": "maker",
    "leaf": "maker",
    "open": "maker",
    "assembly": "maker",
    "steel": "mill",
    "bolt": "smith",
    "gear": "smith",
}
# Who looks, at which product, and the level that this is; grants that make it so are below.
RELATIONS: dict[str, tuple[str, str]] = {
    "anonymous": ("widget", "none"),
    "stranger": ("widget", "none"),
    "future": ("widget", "none"),
    "ended": ("widget", "none"),
    "revoked": ("widget", "none"),
    "public": ("open", "TOTAL"),
    "anonymous on public": ("open", "TOTAL"),
    "total": ("widget", "TOTAL"),
    "total on gaps": ("gapped", "TOTAL"),
    "total on leaf": ("leaf", "TOTAL"),
    "onward": ("gear", "TOTAL"),
    "allied": ("widget", "TOTAL"),
    "invited": ("widget", "none"),
    "left": ("widget", "none"),
    "counted": ("widget", "none"),
    "breakdown": ("widget", "BREAKDOWN"),
    "breakdown, a line hidden": ("widget", "BREAKDOWN"),
    "breakdown on gaps": ("gapped", "BREAKDOWN"),
    "breakdown on leaf": ("leaf", "BREAKDOWN"),
    "inputs": ("widget", "INPUTS"),
    "inputs, a line hidden": ("widget", "INPUTS"),
    "inputs on gaps": ("gapped", "INPUTS"),
    "inputs on leaf": ("leaf", "INPUTS"),
    "owner": ("widget", "OWNER"),
    "owner of gaps": ("gapped", "OWNER"),
    "owner of leaf": ("leaf", "OWNER"),
    "operator": ("widget", "operator"),
}


def caller_of(relation: str) -> str | None:
    """The organization that a relation is of; None: nobody."""
    if relation.startswith("anonymous"):
        return None
    if relation.startswith("owner"):
        return "maker"
    return relation.partition(" on ")[0].replace(", a line hidden", "-partly").replace("public", "stranger")


def line(name: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"product": {"productId": urn(name)}, "amount": amount, "unit": "KILOGRAM", "amountIsPrimary": True, **more}


def urn(name: str) -> str:
    return f"urn:pact:{OWNERS.get(name, 'nobody')}.example:product-id:{name}"


def scores(basic: str) -> dict[str, Any]:
    """Scores that nobody but their owner may see, on top of a basic spread."""
    ratings = {"reliability": 2, "completeness": 3, "temporalCorrelation": 4, "geographicalCorrelation": 5}
    return {"basicGeometricStandardDeviation": basic, **ratings, "furtherTechnologicalCorrelation": 1}


def modelled(*lines: dict[str, Any]) -> dict[str, Any]:
    direct = [
        {"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "10"}},
        {"stage": "DISTRIBUTION", "components": {"fossilGhgEmissions": "3"}},
    ]
    body: dict[str, Any] = {"directPrimaryDataShare": "80", "directPackagingGhgEmissions": "0.25", "lines": list(lines)}
    body["directPedigree"] = scores("1.1")
    return {"modelled": {"direct": direct, **body}, "exemptedEmissionsPercent": "4"}


def declared() -> dict[str, Any]:
    totals = {"pcfExcludingBiogenicUptake": "10.5", "pcfIncludingBiogenicUptake": "10.5", "primaryDataShare": "60"}
    memo = {
        "outboundLogisticsGhgEmissions": "1.5",
        "packagingGhgEmissions": "0.75",
        "pedigree": scores("1.3"),
    }
    return {"declared": {**totals, **memo, "components": ALL_COMPONENTS}, "exemptedEmissionsPercent": "4"}


FALLBACK = {
    "product": {"productId": urn("bolt")},
    "amount": "1",
    "unit": "KILOGRAM",
    "pedigree": scores("1.2"),
}
BODIES = {
    "steel": {**declared(), "ipccCharacterizationFactors": ["AR5"]},
    "bolt": declared(),
    "gear": declared(),
    "leaf": declared(),
    "widget": modelled(
        line("steel", "2", pedigree=scores("1.05")),
        line("bolt", "1", pedigree=scores("1.4"), fallback=FALLBACK | {"product": {"productId": urn("steel")}}),
    ),
    "open": modelled(line("steel", "2"), line("bolt", "1")),
    "gapped": modelled(line("steel", "2"), line("nothing", "3"), line("nobody", "1", fallback=FALLBACK)),
    "assembly": modelled(line("gear", "1")),
}


def footprint(name: str, product: str) -> dict[str, Any]:
    rating = {"technologicalDQR": "1", "temporalDQR": "2", "geographicalDQR": "3"}
    more = {
        "validityPeriodStart": "2026-01-11T00:00:00Z",
        "validityPeriodEnd": "2027-05-17T00:00:00Z",
        "geographyCountry": "CN",
        "dataQuality": rating,
        "productOrSectorSpecificRules": [
            {"operator": "PEF", "ruleNames": [f"PEFCR for {name}", "PEFCR"]},
            {"operator": "OTHER", "ruleNames": ["PCR 7"], "otherOperatorName": f"Forum of {name}"},
        ],
        "verification": {
            "coverage": "PRODUCT_LEVEL",
            "providerName": f"Checkers of {name}",
            "completedAt": "2026-01-10T09:30:00.5Z",
            "standardName": "ISO 14064-3",
            "comments": f"We saw {name}.",
        },
        "comment": f"What {name} is made of,\nand how we know.",
    }
    return inputs.footprint(product, {**more, **BODIES[name]})


@dataclass
class SharedWorld:
    """Ids as the API has them."""

    callers: Callers
    clock: list[int]
    products: dict[str, str] = field(default_factory=dict)
    footprints: dict[str, str] = field(default_factory=dict)
    grants: dict[tuple[str, str], str] = field(default_factory=dict)
    alliances: dict[str, str] = field(default_factory=dict)
    invitations: dict[tuple[str, str], str] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)  # of the maker, beside its clients here
    _clients: dict[str, ApiClient] = field(default_factory=dict)
    _conveners: dict[str, str] = field(default_factory=dict)

    @property
    def server(self) -> ExchangeServer:
        return self.callers.server

    def client(self, relation: str) -> ApiClient:
        if relation not in self._clients:
            scopes = frozenset(Scope) if relation == "operator" else ADMINISTRATOR
            self._clients[relation] = self.callers.client(caller_of(relation), scopes)
        return self._clients[relation]

    def build(self) -> SharedWorld:
        owners = {name: self.callers.client(owner) for name, owner in OWNERS.items()}
        for name, client in owners.items():
            given: dict[str, Any] = {"productIds": [urn(name)], "name": name.title(), "description": f"A {name}"}
            given |= {"classifications": ["urn:pact:class.example:c:1"], "idempotencyKey": new_key()}
            self.products[name] = client.done("createProduct", given, "product { id }")["product"]["id"]
        for name, client in owners.items():
            given = {"idempotencyKey": new_key(), "footprint": footprint(name, self.products[name])}
            self.footprints[name] = client.done("publishFootprint", given, "footprint { id }")["footprint"]["id"]
        self._share()
        self._close_a_loop()
        for name in ("Li Wei", "Wang Fang", "Connector"):
            given = {"idempotencyKey": new_key(), "name": name, "kind": "PERSON", "role": "PUBLISHER"}
            self.members.append(self.client("owner").done("addMember", given, "member { id }")["member"]["id"])
        self.clock[0] = ASKED_US
        self._clients.clear()  # tokens hold for an hour
        return self

    def _close_a_loop(self) -> None:
        """The widget's owner tries, so that there is an attempt to show."""
        loop = {**footprint("widget", self.products["widget"]), **modelled(line("widget", "1"))}
        given = {"idempotencyKey": new_key(), "footprint": loop}
        found = self.callers.client(OWNERS["widget"]).mutate("publishFootprint", given, "footprint { id }")
        assert found["code"] == "LOOP_REFUSED"

    def _share(self) -> None:
        for name in ("steel", "bolt"):
            self.grant(name, "maker")
            for level in ("breakdown", "inputs"):
                self.grant(name, level)
        self.found("guild", "smith")
        self.found("statistics", "mill")
        self.found("club", "maker")
        for name in ("allied", "left"):
            self.invite("guild", name)
            self.client(name).done("acceptInvitation", {"invitation": self.invitations["guild", name]}, "__typename")
        self.client("left").done("leaveAlliance", {"alliance": self.alliances["guild"]}, "__typename")
        self.invite("guild", "invited")
        self.invite("statistics", "counted")
        counted = {"invitation": self.invitations["statistics", "counted"]}
        self.client("counted").done("acceptInvitation", counted, "__typename")
        self.grant("widget", "guild")
        self.grant("widget", "statistics", "BENCHMARK")
        for alliance in ("guild", "statistics"):
            self.invite(alliance, "maker")
        for partly in ("breakdown-partly", "inputs-partly"):
            self.grant("steel", partly)
            self.grant("widget", partly, partly.removesuffix("-partly").upper())
        self.grant("gear", "maker", onward=True)
        self.grant("assembly", "onward", "INPUTS")
        for level in ("total", "breakdown", "inputs"):
            for name in ("widget", "gapped", "leaf"):
                self.grant(name, level, level.upper())
        self.grant("open", None)
        self.grant("widget", "future", "INPUTS", **{"from": "2026-07-04T00:00:00Z"})
        self.grant("widget", "ended", "INPUTS", until="2026-07-02T00:00:00Z")
        self.grant("widget", "revoked", "INPUTS")
        self.client("owner").done("revokeAccess", {"grant": self.grants["widget", "revoked"]}, "grant { id }")

    def grant(self, name: str, to: str | None, level: str = "TOTAL", **more: Any) -> None:
        given = {"idempotencyKey": new_key(), "product": self.products[name], "level": level, **more}
        if to in self.alliances:
            given["to"] = {"alliance": self.alliances[to]}
        else:
            given["to"] = {"public": True} if to is None else {"organization": self.callers.organization(to)}
        made = self.callers.client(OWNERS[name]).done("grantAccess", given, "grant { id }")
        self.grants[name, to or ""] = made["grant"]["id"]

    def found(self, alliance: str, founder: str) -> None:
        given = {"idempotencyKey": new_key(), "name": alliance.title()}
        made = self.callers.client(founder).done("foundAlliance", given, "alliance { id founder { id } }")["alliance"]
        assert made["founder"] == {"id": self.callers.organization(founder)}
        self.alliances[alliance] = made["id"]
        self._conveners[alliance] = founder

    def invite(self, alliance: str, name: str) -> None:
        given = {"idempotencyKey": new_key(), "alliance": self.alliances[alliance]}
        given["organization"] = self.callers.organization(name)
        client = self.callers.client(self._conveners[alliance])
        made = client.done("inviteToAlliance", given, "invitation { id }")["invitation"]
        self.invitations[alliance, name] = made["id"]
