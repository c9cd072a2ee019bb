"""Bad input over HTTP: each refused with its code and its path, in words that help, and nothing in the store changed.

A case is what is changed in an input that is good, and what is said of it. `INVALID_VALUE` is refused by the schema
before anything is executed; other codes in capitals are problems of InvalidInput; the rest are members of the union.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from exchange.model.parties import Scope
from exchange.schema.http import BODY_BYTES_MAX
from exchange.schema.ids import global_id, named_by
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key
from tests.api.graph_dump import Dump, dump


class Gone:
    def __repr__(self) -> str:
        return "GONE"


GONE = Gone()  # leaves a field out
UNKNOWN = "6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"
LONE, NUL, EMOJI = "a\ud800b", "a\x00b", "🏭"
LONG = 65_536
DECLARED = {
    "pcfExcludingBiogenicUptake": "2",
    "pcfIncludingBiogenicUptake": "2",
    "components": {"fossilGhgEmissions": "2"},
}


@dataclass(frozen=True)
class Id:
    """An id that is known only when the server runs."""

    name: str


def footprint(**more: Any) -> dict[str, Any]:
    return {
        "product": Id("mine"),
        "declaredUnitAmount": "1",
        "declaredUnitOfMeasurement": "KILOGRAM",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": "2025-01-01T00:00:00Z",
        "referencePeriodEnd": "2026-01-01T00:00:00Z",
        "ipccCharacterizationFactors": ["AR6"],
        "crossSectoralStandards": ["ISO14067"],
        **more,
    }


def declared(**more: Any) -> dict[str, Any]:
    return footprint(declared=copy.deepcopy(DECLARED), **more)


def modelled(**line: Any) -> dict[str, Any]:
    stage = {"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "1"}}
    lines = [{"product": {"productId": "urn:pact:nobody.example:product-id:1"}, "amount": "1", "unit": "KILOGRAM"}]
    return footprint(modelled={"direct": [stage], "lines": [lines[0] | line]})


FALLBACK = {"product": {"id": Id("mine")}, "amount": "1", "unit": "KILOGRAM"}
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "product": ("createProduct", {"productIds": ["urn:pact:maker.example:product-id:new"], "name": "New"}),
    "declared": ("publishFootprint", {"footprint": declared()}),
    "modelled": ("publishFootprint", {"footprint": modelled(fallback=FALLBACK)}),
    "many": ("publishFootprints", {"footprints": [declared(), declared()]}),
    "release": ("createRelease", {"dataset": "Factors", "label": "2027", "date": "2027-01-01"}),
    "deprecation": ("deprecateFootprint", {"footprint": Id("standing"), "reason": "Wrong."}),
    "grant": ("grantAccess", {"product": Id("mine"), "to": {"organization": Id("other")}, "level": "TOTAL"}),
    "revocation": ("revokeAccess", {"grant": Id("my grant")}),
}

INVALID = "INVALID_VALUE"
Case = tuple[str, dict[str, Any], str, str]  # which input, what is changed, what is said, of which field


def each(what: str, path: str, said: str, *values: Any, of: str | None = None) -> list[Case]:
    return [(what, {path: value}, said, path if of is None else of) for value in values]


def decimals(what: str, path: str, *, required: bool = True) -> list[Case]:
    """What is no decimal, in any place where one belongs."""
    wrong = [
        1,
        1.5,
        True,
        [],
        {},
        "",
        " 1",
        "1\n",
        "+1",
        ".5",
        "5.",
        "1,5",
        "1_000",
        "1e3",
        "NaN",
        "Infinity",
        "-inf",
        "0x10",
        "١٢",
        "1" * 39,
        "0." + "1" * 38,
        LONE,
        NUL,
        EMOJI,
    ]
    return each(what, path, INVALID, *wrong, *([None, GONE] if required else []))


def outside(what: str, path: str, *values: str, code: str = "OUT_OF_RANGE") -> list[Case]:
    return each(what, path, code, *values)


# What steers whoever shows it: a terminal, a log, a page.
STEERING = [NUL, "a\x07", "\x1b[2J", "a\x0bb", "a\x7fb", "a\x85b", "\x9b2J", "a\u202eb", "a\u202ab", "a\u2066b\u2069"]
# Only what may have lines may have these.
LINES = ["a\nb", "a\n", "\ta", "a\r\nb"]


def names(what: str, path: str, longest: int, *, required: bool = True, lines: bool = False) -> list[Case]:
    cases = each(what, path, INVALID, 7, True, [], {}, *([None, GONE] if required else []))
    cases += each(what, path, "REQUIRED", "", " \t\n", "\u3000") if required else []
    cases += each(what, path, "TEXT_INVALID", LONE, "a\rb", *STEERING, *([] if lines else LINES))
    return [*cases, *each(what, path, "TOO_LONG", "x" * (longest + 1))]


def ids(what: str, path: str, wrong_type: str, *, code: str = "ID_INVALID") -> list[Case]:
    """What names nothing of the type: malformed, of another type, of no type."""
    bare = global_id("Product", UNKNOWN)
    malformed = ["", "x", UNKNOWN, bare[:-1], "UHJvZHVjdDox", "x" * 10_000, LONE, NUL, EMOJI, "../etc", "'"]
    return [
        *each(what, path, code, *malformed, Id(wrong_type), global_id("Client", UNKNOWN)),
        *each(what, path, INVALID, {}, [], 1.5, None, GONE),
    ]


def instants(what: str, path: str, *, required: bool) -> list[Case]:
    wrong = [7, "", "yesterday", "2025-01-01", "2025-01-01T00:00:00", "2025-02-29T00:00:00Z", "2025-01-01T24:00:01Z"]
    wrong += ["2025-01-01T00:00:00+25:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", LONE]
    return [
        *each(what, path, INVALID, *wrong, *([None, GONE] if required else [])),
        *outside(what, path, "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z"),
    ]


def keys(what: str) -> list[Case]:
    return each(
        what, "idempotencyKey", INVALID, None, GONE, 7, "", "key", UNKNOWN + " ", UNKNOWN.replace("-", ""), LONE
    )


F, D, M, L, B = "footprint", "footprint.declared", "footprint.modelled", "footprint.modelled.lines.0", None
FALL = "footprint.modelled.lines.0.fallback"
MONEY = {"unit": "MONEY", "currency": "USD", "priceYear": 2020, "priceBasis": "PRODUCER"}
NOT_NEGATIVE = [
    "fossilGhgEmissions",
    "landUseChangeGhgEmissions",
    "landManagementBiogenicCO2Emissions",
    "biogenicNonCO2Emissions",
    "landManagementFossilGhgEmissions",
    "aircraftGhgEmissions",
]
NOT_POSITIVE = ["landManagementBiogenicCO2Removals", "technologicalCO2Removals", "ccsTechnologicalCO2Capture"]

PRODUCT_CASES: list[Case] = [
    *keys("product"),
    *names("product", "name", 512),
    *names("product", "description", LONG, required=False, lines=True),
    *each("product", "productIds", INVALID, None, GONE, [None], [7], {}),
    *each("product", "productIds", "REQUIRED", []),
    *each("product", "productIds", "TOO_MANY", [f"urn:pact:maker.example:product-id:{n}" for n in range(101)]),
    *each("product", "productIds.0", INVALID, "", "x", "urn:x:1", "urn:pact:", f"urn:pact:maker.example:{EMOJI}"),
    *each("product", "productIds.0", INVALID, "urn:pact:maker.example:a b", "urn:pact:maker.example:" + "x" * 500),
    *each("product", "productIds.0", INVALID, f"urn:pact:maker.example:{LONE}", "urn:uuid:1", "http://maker.example"),
    *each("product", "productIds.0", "NAMESPACE_FOREIGN", "urn:pact:other.example:product-id:1", "urn:isbn:1"),
    *each("product", "productIds.0", "NAMESPACE_FOREIGN", "urn:gtin:4012345000009", "urn:pact:maker.example.com:x"),
    *each(
        "product",
        "productIds.0",
        "Conflict",
        "urn:pact:maker.example:product-id:mine",
        "URN:pact:MAKER.example:product-id:mine",
    ),
    *each("product", "classifications", INVALID, None, [None], ["x"], 7),
    *each("product", "classifications", "TOO_MANY", [f"urn:un-cpc:{n}" for n in range(101)]),
    *each("product", "owner", INVALID, "me"),
]
FOOTPRINT_CASES: list[Case] = [
    *keys("declared"),
    *each("declared", F, INVALID, None, GONE, [], "x"),
    *ids("declared", f"{F}.product", "standing"),
    *each("declared", f"{F}.product", "NotFound", global_id("Product", UNKNOWN), Id("hidden")),
    *each("declared", f"{F}.product", "AccessDenied", Id("shown")),
    *each("declared", f"{F}.release", "ID_INVALID", "x", Id("mine")),
    *each("declared", f"{F}.release", "NOT_KNOWN", global_id("Release", UNKNOWN), Id("their release")),
    *each("declared", f"{F}.pfId", INVALID, "", "x", 7, UNKNOWN + "\n"),
    *each("declared", f"{F}.pfId", "Conflict", Id("standing pfId"), Id("deprecated pfId")),
    *each("declared", f"{F}.precedingPfIds", INVALID, None, [None], ["x"], [7], {}),
    *each("declared", f"{F}.precedingPfIds", "NOT_KNOWN", [UNKNOWN], [Id("second pfId")], [Id("their pfId")]),
    *each("declared", f"{F}.precedingPfIds", "REPEATED", [UNKNOWN, UNKNOWN.upper()]),
    *each("declared", f"{F}.precedingPfIds", "Conflict", [Id("deprecated pfId")]),
    *decimals("declared", f"{F}.declaredUnitAmount"),
    *outside("declared", f"{F}.declaredUnitAmount", "0", "-0", "-1", "-0." + "0" * 36 + "1"),
    *each("declared", f"{F}.declaredUnitOfMeasurement", INVALID, None, GONE, "", "kg", "kilogram", "TON", 7, LONE),
    *decimals("declared", f"{F}.productMassPerDeclaredUnit"),
    *outside("declared", f"{F}.productMassPerDeclaredUnit", "-1"),
    *outside("declared", f"{F}.fossilCarbonContent", "-0.1"),
    *outside("declared", f"{F}.exemptedEmissionsPercent", "-1", "100", "101"),
    *instants("declared", f"{F}.referencePeriodStart", required=True),
    *instants("declared", f"{F}.referencePeriodEnd", required=True),
    *instants("declared", f"{F}.validityPeriodStart", required=False),
    *instants("declared", f"{F}.validityPeriodEnd", required=False),
    *each("declared", f"{F}.referencePeriodEnd", "REVERSED", "2025-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00"),
    *each("declared", f"{F}.validityPeriodEnd", "REVERSED", "2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("declared", {f"{F}.validityPeriodStart": "2029-01-01T00:00:00Z"}, "REVERSED", f"{F}.validityPeriodEnd"),
    *each("declared", f"{F}.ipccCharacterizationFactors", INVALID, None, GONE, [7], {}),
    *each("declared", f"{F}.ipccCharacterizationFactors", "REQUIRED", []),
    *each("declared", f"{F}.ipccCharacterizationFactors", "TOO_MANY", [f"AR{n}" for n in range(101)]),
    *each("declared", f"{F}.ipccCharacterizationFactors.0", "NOT_KNOWN", "", "ar6", "AR", "AR6 ", "AR123", "AR٦"),
    *each("declared", f"{F}.ipccCharacterizationFactors.0", "TEXT_INVALID", LONE),
    *each("declared", f"{F}.crossSectoralStandards", INVALID, None, GONE, [7]),
    *each("declared", f"{F}.crossSectoralStandards", "REQUIRED", []),
    *each("declared", f"{F}.crossSectoralStandards", "TOO_MANY", ["ISO14067"] * 101),
    *each("declared", f"{F}.crossSectoralStandards.0", "REQUIRED", "", " "),
    *each("declared", f"{F}.crossSectoralStandards.0", "TOO_LONG", "x" * 513),
    *each("declared", f"{F}.crossSectoralStandards.0", "TEXT_INVALID", LONE, *STEERING, *LINES),
    *each("declared", f"{F}.geographyCountry", "NOT_KNOWN", "", "cn", "CHN", "C", "中国", "C\x00", LONE, "x" * 100_000),
    *each("declared", f"{F}.geographyCountry", "NOT_KNOWN", "ZZ", "XX", "UK", "EU", "AA"),
    *each("declared", f"{F}.geographyCountrySubdivision", "NOT_KNOWN", "", "CN", "CN-", "CN-1234", "cn-SH", LONE),
    *each("declared", f"{F}.geographyCountrySubdivision", "NOT_KNOWN", "ZZ-SH", "XX-1"),
    (
        "declared",
        {f"{F}.geographyCountry": "DE", f"{F}.geographyCountrySubdivision": "CN-SH"},
        "CONTRADICTION",
        f"{F}.geographyCountrySubdivision",
    ),
    *each("declared", f"{F}.geographyRegionOrSubregion", "NOT_KNOWN", "", "Atlantis", "asia", LONE, EMOJI),
    *names("declared", f"{F}.comment", LONG, required=False, lines=True),
    *names("declared", f"{F}.boundaryProcessesDescription", LONG, required=False, lines=True),
    *names("declared", f"{F}.exemptedEmissionsDescription", LONG, required=False, lines=True),
    *each("declared", f"{F}.currency", "NOT_MONEY", "USD"),
    *each("declared", f"{F}.priceYear", "NOT_MONEY", 2020),
    *each("declared", f"{F}.priceYear", INVALID, "2020", 2020.5, True, 2**31, 10**400),
    *each("declared", f"{F}.declaredUnitOfMeasurement", "REQUIRED", "MONEY", of=f"{F}.currency"),
    *each("declared", f"{F}.dataQuality", INVALID, 7, {}, {"technologicalDQR": "1"}),
    *(
        (
            "declared",
            {f"{F}.dataQuality": {**dict.fromkeys(DQR, "3"), one: rating}},
            "OUT_OF_RANGE",
            f"{F}.dataQuality.{one}",
        )
        for DQR in [("technologicalDQR", "temporalDQR", "geographicalDQR")]
        for one in DQR
        for rating in ("0", "0.99", "5.01", "-3")
    ),
    *each("declared", f"{F}.surprise", INVALID, "x"),
    *each("declared", f"{F}.declared", "ONE_OF", None, GONE),
    ("declared", {f"{F}.modelled": {"direct": [], "lines": []}}, "ONE_OF", f"{F}.declared"),
    *decimals("declared", f"{D}.pcfExcludingBiogenicUptake"),
    *decimals("declared", f"{D}.pcfIncludingBiogenicUptake"),
    *outside("declared", f"{D}.primaryDataShare", "-0.1", "100.1"),
    *outside("declared", f"{D}.geometricStandardDeviation", "0", "0.99", "-2"),
    *outside("declared", f"{D}.outboundLogisticsGhgEmissions", "-1"),
    *outside("declared", f"{D}.packagingGhgEmissions", "-1"),
    *each("declared", f"{D}.components", INVALID, None, GONE, {}, [], {"fossilGhgEmissions": None}),
    *(("declared", {f"{D}.components.{c}": "-0.1"}, "SIGN", f"{D}.components.{c}") for c in NOT_NEGATIVE),
    *(
        ("declared", {f"{D}.components.{c}": "0.1"}, "SIGN", f"{D}.components.{c}")
        for c in [*NOT_POSITIVE, "biogenicCO2Uptake"]
    ),
    *each("declared", f"{D}.components.unspecified", "NOT_KNOWN", "1"),
]
LINE_CASES: list[Case] = [
    *each("modelled", f"{M}.direct", INVALID, None, GONE, [None], [{}]),
    *each("modelled", f"{M}.lines", INVALID, None, GONE, [None], [{}]),
    *(
        ("modelled", {f"{M}.direct.0.components.{c}": "-1"}, "SIGN", f"{M}.direct.0.components.{c}")
        for c in NOT_NEGATIVE
    ),
    *(
        ("modelled", {f"{M}.direct.0.components.{c}": "1"}, "SIGN", f"{M}.direct.0.components.{c}")
        for c in NOT_POSITIVE
    ),
    (
        "modelled",
        {f"{M}.direct": [{"stage": "USE", "components": {"fossilGhgEmissions": "1"}}] * 2},
        "REPEATED",
        f"{M}.direct.1.stage",
    ),
    *each("modelled", f"{M}.direct.0.stage", INVALID, None, GONE, "use", "Use", 7),
    *outside("modelled", f"{M}.directPrimaryDataShare", "-1", "101"),
    *outside("modelled", f"{M}.directPackagingGhgEmissions", "-1"),
    *outside("modelled", f"{M}.directGeometricStandardDeviation", "0.5"),
    *each("modelled", f"{L}.amountIsPrimary", INVALID, None, "true", 1),
    *each("modelled", f"{L}.stage", INVALID, None, "COOKING"),
    ("modelled", {f"{L}.credit": True}, "SIGN", f"{L}.amount"),
    ("modelled", {f"{L}.credit": True, f"{L}.amount": "0"}, "SIGN", f"{L}.amount"),
    *each(
        "modelled",
        M + ".lines",
        "TOO_MANY",
        [{"product": {"productId": "urn:x-y:1"}, "amount": "1", "unit": "TON"}] * 20_001,
    ),
    *(
        case
        for place in (L, FALL)
        for case in [
            *decimals("modelled", f"{place}.amount"),
            *each("modelled", f"{place}.amount", "SIGN", "-1"),
            *each("modelled", f"{place}.unit", INVALID, None, GONE, "kg", "POUND"),
            *outside("modelled", f"{place}.geometricStandardDeviation", "0.99"),
            *each("modelled", f"{place}.product", INVALID, None, GONE, {}, "x"),
            *each("modelled", f"{place}.product", INVALID, {"id": Id("mine"), "productId": "urn:x-y:1"}),
            *each("modelled", f"{place}.product", INVALID, {"id": None}, {"id": None, "productId": None}),
            *each("modelled", f"{place}.product", INVALID, {"productId": "x"}, {"productId": LONE}),
            *each(
                "modelled",
                f"{place}.product",
                "ID_INVALID",
                {"id": "x"},
                {"id": Id("standing")},
                of=f"{place}.product.id",
            ),
            *each("modelled", f"{place}.currency", "NOT_MONEY", "USD"),
            *each("modelled", f"{place}.unit", "REQUIRED", "MONEY", of=f"{place}.priceYear"),
            *(
                (
                    "modelled",
                    {f"{place}.{name}": value for name, value in {**MONEY, **cast("dict[str, Any]", wrong)}.items()},
                    code,
                    f"{place}.{field}",
                )
                for wrong, code, field in [
                    ({"currency": "usd"}, "CURRENCY_INVALID", "currency"),
                    ({"currency": "$"}, "CURRENCY_INVALID", "currency"),
                    ({"currency": LONE}, "CURRENCY_INVALID", "currency"),
                    ({"currency": "元元元"}, "CURRENCY_INVALID", "currency"),
                    ({"currency": None}, "REQUIRED", "currency"),
                    ({"priceYear": 1899}, "OUT_OF_RANGE", "priceYear"),
                    ({"priceYear": -(2**31)}, "OUT_OF_RANGE", "priceYear"),
                    ({"priceBasis": None}, "REQUIRED", "priceBasis"),
                ]
            ),
        ]
    ),
    *each(
        "modelled",
        f"{L}.dataQuality",
        "OUT_OF_RANGE",
        dict.fromkeys(["technologicalDQR", "temporalDQR", "geographicalDQR"], "9"),
        of=f"{L}.dataQuality.temporalDQR",
    ),
]
MANY = "footprints"
MANY_CASES: list[Case] = [
    *keys("many"),
    *each("many", MANY, INVALID, None, GONE, [None], 7),
    *each("many", MANY, "REQUIRED", []),
    *each("many", MANY, "TOO_MANY", [declared()] * 1001),
    *each("many", f"{MANY}.1.declaredUnitAmount", "OUT_OF_RANGE", "0"),
    *each("many", f"{MANY}.1.declared.pcfExcludingBiogenicUptake", INVALID, 1),
    *each("many", f"{MANY}.1.product", "NotFound", Id("hidden")),
    *each("many", f"{MANY}.1.product", "AccessDenied", Id("shown")),
    *each("many", f"{MANY}.1.product", "ID_INVALID", "x"),
    *each("many", f"{MANY}.1.release", "NOT_KNOWN", Id("their release")),
    *each("many", f"{MANY}.1.pfId", "Conflict", Id("standing pfId")),
    ("many", {f"{MANY}.0.pfId": UNKNOWN, f"{MANY}.1.pfId": UNKNOWN.upper()}, "REPEATED", f"{MANY}.1.pfId"),
    (
        "many",
        {f"{MANY}.0.precedingPfIds": [Id("standing pfId")], f"{MANY}.1.precedingPfIds": [Id("standing pfId")]},
        "REPEATED",
        f"{MANY}.1.precedingPfIds",
    ),
    *each("many", f"{MANY}.1.precedingPfIds", "Conflict", [Id("deprecated pfId")]),
    (
        "many",
        {f"{MANY}.0.pfId": UNKNOWN, f"{MANY}.1.precedingPfIds": [UNKNOWN]},
        "NOT_KNOWN",
        f"{MANY}.1.precedingPfIds",
    ),
]
RELEASE_CASES: list[Case] = [
    *keys("release"),
    *names("release", "dataset", 512),
    *names("release", "label", 512),
    *each("release", "date", INVALID, None, GONE, 2027, "2027", "2027-02-29", "2027-1-1", "2027-01-01T00:00:00Z", LONE),
    *outside("release", "date", "0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"),
    *each("release", "label", "Conflict", "2026"),
]
GRANT_CASES: list[Case] = [
    *ids("deprecation", "footprint", "mine"),
    *each("deprecation", "footprint", "NotFound", global_id("Footprint", UNKNOWN), Id("hidden footprint")),
    *each("deprecation", "footprint", "AccessDenied", Id("shown footprint")),
    *each("deprecation", "footprint", "Conflict", Id("deprecated")),
    *names("deprecation", "reason", LONG, lines=True),
    *keys("grant"),
    *ids("grant", "product", "standing"),
    *each("grant", "product", "NotFound", global_id("Product", UNKNOWN), Id("hidden")),
    *each("grant", "product", "AccessDenied", Id("shown")),
    *each("grant", "to", INVALID, None, GONE, {}, "public", {"organization": None}, {"public": None}),
    *each("grant", "to", INVALID, {"organization": Id("other"), "public": True}),
    *each("grant", "to", "ONE_OF", {"public": False}),
    *each("grant", "to.organization", "ID_INVALID", "", "x", Id("mine"), LONE),
    *each("grant", "to.organization", "NotFound", global_id("Organization", UNKNOWN)),
    *each("grant", "to.organization", "CONTRADICTION", Id("me")),
    *each("grant", "level", INVALID, None, GONE, "OWNER", "NONE", "total", 1),
    ("grant", {"to": {"public": True}, "level": "INPUTS"}, "CONTRADICTION", "level"),
    ("grant", {"to": {"public": True}, "onward": True}, "CONTRADICTION", "onward"),
    *each("grant", "onward", INVALID, None, "yes"),
    *instants("grant", "from", required=False),
    *instants("grant", "until", required=False),
    *each("grant", "until", "REVERSED", "2020-01-01T00:00:00Z"),
    ("grant", {"from": "2031-01-01T00:00:00Z", "until": "2031-01-01T00:00:00Z"}, "REVERSED", "until"),
    *each(
        "revocation", "grant", "NotFound", "", "x", LONE, Id("mine"), global_id("Grant", UNKNOWN), Id("hidden grant")
    ),
    *each("revocation", "grant", "AccessDenied", Id("grant to me")),
    *each("revocation", "grant", "Conflict", Id("revoked grant")),
    *each("revocation", "grant", INVALID, None, GONE, {}),
]
CASES = [*PRODUCT_CASES, *FOOTPRINT_CASES, *LINE_CASES, *MANY_CASES, *RELEASE_CASES, *GRANT_CASES]


@dataclass
class World:
    """A server with something of everything, the ids of it, and all that its database holds."""

    server: ExchangeServer
    ids: dict[str, str]
    before: Dump
    head: int = 0

    @property
    def maker(self) -> ApiClient:
        return self.server.clients["maker"]

    def resolved(self, given: Any) -> Any:
        if isinstance(given, Id):
            return self.ids[given.name]
        if isinstance(given, dict):
            return {name: self.resolved(value) for name, value in given.items() if value is not GONE}
        return [self.resolved(value) for value in given] if isinstance(given, list) else given

    def check_unchanged(self) -> None:
        assert dump(self.server) == self.before, "the store changed"


@pytest.fixture(scope="module")
def world(server: ExchangeServer) -> World:
    maker, other = server.add_organization("maker"), server.add_organization("other")
    reader = server.add_organization("reader", scopes=frozenset({Scope.READ}))
    found = World(server, {"me": maker.organization_id or "", "other": other.organization_id or ""}, Dump({}, ""))

    def make(client: ApiClient, mutation: str, fields: str, **given: Any) -> dict[str, Any]:
        if mutation not in {"deprecateFootprint", "revokeAccess"}:
            given["idempotencyKey"] = new_key()
        return client.done(mutation, found.resolved(given), fields)

    def publish(client: ApiClient, name: str, product: str) -> None:
        given = declared() | {"product": Id(product)}
        made = make(client, "publishFootprint", "footprint { id pfId }", footprint=given)["footprint"]
        found.ids |= {name: made["id"], f"{name} pfId": made["pfId"]}

    for client, owner, name in (
        (maker, "maker", "mine"),
        (maker, "maker", "other of mine"),
        (other, "other", "shown"),
        (other, "other", "hidden"),
    ):
        urn = f"urn:pact:{owner}.example:product-id:{name.replace(' ', '-')}"
        made = make(client, "createProduct", "product { id }", productIds=[urn], name=name)
        found.ids[name] = made["product"]["id"]
    publish(maker, "deprecated", "mine")
    make(maker, "deprecateFootprint", "footprint { id }", footprint=Id("deprecated"), reason="Wrong.")
    publish(maker, "standing", "mine")
    publish(maker, "second", "other of mine")
    publish(other, "shown footprint", "shown")
    publish(other, "hidden footprint", "hidden")
    found.ids["their pfId"] = found.ids["shown footprint pfId"]
    for client, name in ((maker, "my release"), (other, "their release")):
        made = make(client, "createRelease", "release { id }", dataset="Factors", label="2026", date="2026-01-01")
        found.ids[name] = made["release"]["id"]
    for client, name, product, to in (
        (maker, "my grant", "mine", "other"),
        (maker, "revoked grant", "mine", "other"),
        (other, "grant to me", "shown", "me"),
        (other, "hidden grant", "hidden", "other of all"),
    ):
        found.ids["other of all"] = reader.organization_id or ""
        made = make(
            client, "grantAccess", "grant { id }", product=Id(product), to={"organization": Id(to)}, level="TOTAL"
        )
        found.ids[name] = made["grant"]["id"]
    make(maker, "revokeAccess", "grant { id }", grant=Id("revoked grant"))
    found.before, found.head = dump(server), server.ledger_head()
    return found


def edited(good: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    given = copy.deepcopy(good)
    for path, value in edits.items():
        *steps, last = path.split(".")
        at: Any = given
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value
    return given


def document(mutation: str) -> str:
    name = mutation[0].upper() + mutation[1:]
    problems = (
        "" if mutation == "revokeAccess" else "... on InvalidInput { problems { code message path expected got } }"
    )
    return f"""mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename
      ... on UserError {{ message code path }} {problems} }} }}"""


def send(client: ApiClient, mutation: str, given: Any) -> httpx.Response:
    """As JSON in ASCII, in which a lone surrogate can be said."""
    body = json.dumps({"query": document(mutation), "variables": {"input": given}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {client.token}"}
    return client.http.post("/graphql", content=body, headers=headers)


def check_invalid_value(body: dict[str, Any], path: str) -> None:
    """An error that names the field's place, or the place of the object that lacks it or must not have it."""
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INVALID_INPUT"}
    above, _, field = ("." + path).rpartition(".")
    prefix = r"Variable '\$input' has invalid value"
    places = [re.escape(f" at {bracketed('.' + path)}") + r"[\[.:]", f"{re.escape(at(above))}: .*field '{field}'"]
    pattern = re.compile(prefix + f"({'|'.join(places)})")
    assert any(pattern.match(error["message"]) for error in body["errors"]), pattern.pattern
    assert all(len(error["message"]) < 2_000 for error in body["errors"]), "an error is read by people"


def at(path: str) -> str:
    return f" at {bracketed(path)}" if path else ""


def bracketed(path: str) -> str:
    """A path as the schema's own errors write it."""
    return re.sub(r"\.(\d+)", r"[\1]", path)


def check_refused(body: dict[str, Any], mutation: str, said: str, path: str) -> None:
    assert "errors" not in body, body["errors"]
    found = body["data"][mutation]
    steps = ["input", *path.split(".")]
    assert len(found["message"]) > 10
    if not said.isupper():
        assert (found["__typename"], found["path"]) == (said, steps), found
        return
    assert (found["__typename"], found["code"]) == ("InvalidInput", "INVALID_INPUT"), found
    problems = {(problem["code"], tuple(problem["path"])) for problem in found["problems"]}
    assert (said, tuple(steps)) in problems, problems
    assert all(len(problem["message"]) > 10 for problem in found["problems"])
    assert found["path"] == found["problems"][0]["path"]


def groups() -> dict[str, list[Case]]:
    """Cases by the field that is changed first."""
    found: dict[str, list[Case]] = {}
    for case in CASES:
        found.setdefault(f"{GOOD[case[0]][0]} {next(iter(case[1]))}", []).append(case)
    return found


GROUPS = groups()


@pytest.mark.parametrize("field", GROUPS)
def test_bad_input_is_refused_with_its_path_and_changes_nothing(world: World, field: str) -> None:
    missed = [f"{ascii(case[1])[:200]} {case[2:]}: {said}" for case in GROUPS[field] if (said := check(world, case))]
    world.check_unchanged()
    if missed:
        pytest.fail("\n\n".join(missed), pytrace=False)


def check(world: World, case: Case) -> str:
    """What is wrong with the refusal, or nothing."""
    what, edits, said, path = case
    mutation, good = GOOD[what]
    given = world.resolved(edited(good, edits))
    if mutation not in {"deprecateFootprint", "revokeAccess"} and "idempotencyKey" not in edits:
        given["idempotencyKey"] = new_key()
    answer = send(world.maker, mutation, given)
    try:
        assert answer.status_code == 200
        if said == INVALID:
            check_invalid_value(answer.json(), path)
        else:
            check_refused(answer.json(), mutation, said, path)
        assert world.server.ledger_head() == world.head, "something was written"
    except AssertionError as error:
        return f"{str(error).partition(chr(10))[0]} in {answer.text[:500]}"
    return ""


DUPLICATE = '{"query": "mutation ($input: CreateReleaseInput!) { createRelease(input: $input) { __typename } }", '
DUPLICATE += (
    '"variables": {"input": {"dataset": "D", "label": "a", "label": "b", "date": "2026-01-01", "idempotencyKey": "'
)
CREATE = 'createRelease(input: {idempotencyKey: "%s", dataset: "D", label: "L", date: "2026-01-01"}) { __typename }'
MINE = "urn:pact:maker.example:product-id:mine"
REQUESTS: dict[str, tuple[bytes | str, int, str]] = {
    "no JSON": (b"{", 400, "INVALID_INPUT"),
    "no text": (b"\xff\xfe\xff", 400, "INVALID_INPUT"),
    "nothing": (b"", 400, "INVALID_INPUT"),
    "NaN": (b'{"query": "{ viewer { scopes } }", "variables": {"x": NaN}}', 400, "INVALID_INPUT"),
    "a name twice": ((DUPLICATE + UNKNOWN + '"}}}').encode(), 400, "INVALID_INPUT"),
    "nested without end": (b"[" * 100_000, 400, "INVALID_INPUT"),
    "a number without end": (b'{"query": ' + b"1" * 5_000 + b"}", 400, "INVALID_INPUT"),
    "several": (b"[{}]", 400, "INVALID_INPUT"),
    "too large": (b'"' + b"x" * BODY_BYTES_MAX + b'"', 413, "REQUEST_TOO_LARGE"),
    "an argument twice": (
        "mutation { " + CREATE.replace("dataset:", 'label: "M" dataset:') + " }",
        200,
        "INVALID_QUERY",
    ),
    "a field that is not there": ("mutation { a: " + CREATE + " surprise }", 200, "INVALID_QUERY"),
    "a bomb of aliases": (
        "mutation { " + " ".join(f"a{n}: {CREATE}" for n in range(1_000)) + " }",
        200,
        "QUERY_TOO_LARGE",
    ),
    "a bomb of directives": ("mutation { a: " + CREATE + "@skip(if: false)" * 5_000 + " }", 200, "INVALID_QUERY"),
    "text without end": ("mutation { a: " + CREATE + " } #" + "x" * 300_000, 200, "QUERY_TOO_LARGE"),
    "a mutation of another type": ("query { a: " + CREATE + " }", 200, "INVALID_QUERY"),
    "a subscription": ("subscription { x }", 200, "INVALID_QUERY"),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_bad_requests_are_refused_and_change_nothing(world: World, case: str) -> None:
    sent, status, code = REQUESTS[case]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {world.maker.token}"}
    if isinstance(sent, str):
        assert "a%s" not in sent
        sent = json.dumps({"query": sent.replace("%s", new_key())}).encode()
    answer = world.server.http.post("/graphql", content=sent, headers=headers)
    assert answer.status_code == status, answer.text[:300]
    body = answer.json()
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}, answer.text[:300]
    world.check_unchanged()


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_content_types_are_refused(world: World, media_type: str) -> None:
    body = json.dumps({"query": "mutation { " + CREATE % new_key() + " }"})
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {world.maker.token}"}
    answer = world.server.http.post("/graphql", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    world.check_unchanged()


@pytest.mark.parametrize("what", GOOD)
def test_who_may_not_publish_changes_nothing(world: World, what: str) -> None:
    mutation, good = GOOD[what]
    given = world.resolved(good)
    if mutation not in {"deprecateFootprint", "revokeAccess"}:
        given["idempotencyKey"] = new_key()
    reader = send(world.server.clients["reader"], mutation, given).json()
    found = reader["data"][mutation]
    assert (found["__typename"], "PUBLISH" in found["message"]) == ("AccessDenied", True)
    body = {"query": document(mutation), "variables": {"input": given}}
    nobody = world.server.http.post("/graphql", json=body)
    assert nobody.json()["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    forged = world.server.http.post("/graphql", json=body, headers={"Authorization": "Bearer x.y.z"})
    assert (forged.status_code, forged.json()["errors"][0]["extensions"]["code"]) == (401, "NOT_SIGNED_IN")
    world.check_unchanged()


ODD = {
    "emoji": "🏭👩‍🔬🇨🇳",
    "both directions": "كربون \u200fabc\u200e שלום\u061c",
    "combining": "e\u0301 é \ufeff\u2028\u2029",
    "quotes": "'\"\\`${}--;/*<b>",
    "not a character": "\ufffe\uffff\U0010ffff",
    "spaces outside": " \u3000x\u00a0 ",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ODD.items()])
def test_odd_text_comes_back_as_it_was(world: World, text: str) -> None:
    check_text(world, text, f"{text}\n\t{text}\r\n")


@pytest.mark.parametrize("character", ["x", "中", "🏭"])
def test_the_longest_text_comes_back_as_it_was(world: World, character: str) -> None:
    check_text(world, character * 512, character * LONG)


def check_text(world: World, name: str, long: str) -> None:
    """Everywhere where text is kept: the product, a dataset, a footprint, why it was withdrawn."""
    maker = world.maker

    def done(mutation: str, fields: str, given: dict[str, Any]) -> Any:
        return maker.done(mutation, given, fields)

    urn = f"urn:pact:maker.example:product-id:{new_key()}"
    given = {"idempotencyKey": new_key(), "productIds": [urn], "name": name, "description": long}
    made = done("createProduct", "product { id name description }", given)["product"]
    assert (made["name"], made["description"]) == (name, long)
    listed = maker.query(
        "query ($id: ID!, $part: String!) { product(id: $id) { name description } "
        "products(filter: {nameContains: $part}) { nodes { id } } }",
        {"id": made["id"], "part": name[:100]},
    )
    assert listed["product"] == {"name": name, "description": long}
    assert made["id"] in [node["id"] for node in listed["products"]["nodes"]]
    dataset = {"idempotencyKey": new_key(), "dataset": name, "label": f"{name[:400]}{new_key()}", "date": "2026-01-01"}
    release = done("createRelease", "release { label dataset { name } }", dataset)["release"]
    assert release == {"label": dataset["label"], "dataset": {"name": name}}
    texts = {
        "comment": long,
        "boundaryProcessesDescription": long,
        "exemptedEmissionsDescription": long,
        "crossSectoralStandards": [name],
    }
    published = world.resolved(declared(**texts) | {"product": made["id"]})
    fields = "footprint { id crossSectoralStandards }"
    found = done("publishFootprint", fields, {"idempotencyKey": new_key(), "footprint": published})["footprint"]
    assert found["crossSectoralStandards"] == [name]
    done("deprecateFootprint", "footprint { status }", {"footprint": found["id"], "reason": long})
    named = named_by(found["id"])
    assert named is not None
    uuid = named[1]
    statement = "MATCH (f:Footprint {id: $id}) RETURN f.comment, f.boundaryProcessesDescription, f.deprecationReason"
    kept = world.server.run(lambda exchange: exchange.store._raw.read(statement, id=uuid))
    assert kept == [[long, long, long]]
    world.before, world.head = dump(world.server), world.server.ledger_head()
