"""Inputs of all mutations that are good, and what makes each of them bad: what is said of it, and of which field.

`INVALID_VALUE` is refused by the schema before anything is executed; other codes in capitals are problems of
InvalidInput; the rest are members of the union.
"""

from __future__ import annotations

from typing import Any, cast

from exchange.schema.ids import global_id
from tests.api import bad_alliance_inputs, inputs
from tests.api.bad_values import (
    COMPONENTS,
    EMOJI,
    GONE,
    INVALID,
    LINES,
    LONE,
    LONG,
    STEERING,
    UNKNOWN,
    Case,
    Id,
    decimals,
    each,
    ids,
    instants,
    keys,
    names,
    outside,
    pedigrees,
)
from tests.api.inputs import footprint


def declared(**more: Any) -> dict[str, Any]:
    return footprint(Id("mine"), inputs.declared("2"), **more)


def modelled(**line: Any) -> dict[str, Any]:
    named = {"product": {"productId": "urn:pact:nobody.example:product-id:1"}, "amount": "1", "unit": "KILOGRAM"}
    return footprint(Id("mine"), inputs.modelled(named | line))


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
    **bad_alliance_inputs.GOOD,
}

RULE = {"operator": "OTHER", "ruleNames": ["PCR 1"], "otherOperatorName": "Steel Forum"}
PEF_RULE = {"operator": "PEF", "ruleNames": ["PEFCR 1"]}
RULES, CHECKED = "footprint.productOrSectorSpecificRules", "footprint.verification"

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
    *each("product", "productIds.0", INVALID, "urn:pact:maker.example:a%6", "urn:pact:maker.example:a?b"),
    *each("product", "productIds.0", "URN_INVALID", *(f"urn:pact:maker.example:a{more}" for more in COMPONENTS)),
    *each("product", "productIds.0", "URN_INVALID", "urn:xy:z:", "urn:pact:maker.example:", "urn:pact:maker.example"),
    *each("product", "classifications", "URN_INVALID", ["urn:x-y:1#f"], of="classifications.0"),
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
    *each("declared", RULES, INVALID, [None], ["PEF"], [7], [{}], 7, [{"operator": "PEF"}], [RULE | {"more": 1}]),
    *each("declared", RULES, "TOO_MANY", [RULE | {"ruleNames": [f"PCR {n}"]} for n in range(101)]),
    *each("declared", RULES, INVALID, [RULE | {"operator": "pef"}], of=f"{RULES}.0.operator"),
    *each("declared", RULES, INVALID, [RULE | {"operator": "EPD International"}], of=f"{RULES}.0.operator"),
    *each("declared", RULES, "REPEATED", [RULE, PEF_RULE, RULE], of=f"{RULES}.2"),
    *each("declared", RULES, "REPEATED", [RULE | {"ruleNames": ["a", "a"]}], of=f"{RULES}.0.ruleNames"),
    *each("declared", RULES, "REQUIRED", [RULE | {"ruleNames": []}], of=f"{RULES}.0.ruleNames"),
    *each(
        "declared", RULES, "TOO_MANY", [RULE | {"ruleNames": [str(n) for n in range(101)]}], of=f"{RULES}.0.ruleNames"
    ),
    *each("declared", RULES, "REQUIRED", [RULE | {"ruleNames": ["a", " "]}], of=f"{RULES}.0.ruleNames.1"),
    *each("declared", RULES, "TEXT_INVALID", [RULE | {"ruleNames": ["a\nb"]}], of=f"{RULES}.0.ruleNames.0"),
    *each(
        "declared", RULES, "REQUIRED", [{"operator": "OTHER", "ruleNames": ["a"]}], of=f"{RULES}.0.otherOperatorName"
    ),
    *each("declared", RULES, "CONTRADICTION", [RULE | {"operator": "PEF"}], of=f"{RULES}.0.otherOperatorName"),
    *each("declared", RULES, "REQUIRED", [RULE | {"otherOperatorName": "\u200b"}], of=f"{RULES}.0.otherOperatorName"),
    *each("declared", RULES, "TOO_LONG", [RULE | {"otherOperatorName": "x" * 513}], of=f"{RULES}.0.otherOperatorName"),
    *each("declared", CHECKED, INVALID, "yes", [], 7, {"coverage": "ALL"}, {"more": 1}, {"completedAt": "yesterday"}),
    *each("declared", CHECKED, "REQUIRED", {}, {"comments": "Twice."}, {"coverage": None}),
    *each("declared", CHECKED, "REQUIRED", {"providerName": ""}, of=f"{CHECKED}.providerName"),
    *each("declared", CHECKED, "TOO_LONG", {"providerName": "x" * 513}, of=f"{CHECKED}.providerName"),
    *each("declared", CHECKED, "TEXT_INVALID", {"standardName": "ISO\n14064"}, of=f"{CHECKED}.standardName"),
    *each("declared", CHECKED, "OUT_OF_RANGE", {"completedAt": "2999-01-01T00:00:00Z"}, of=f"{CHECKED}.completedAt"),
    *each("declared", CHECKED, "OUT_OF_RANGE", {"completedAt": "0900-01-01T00:00:00Z"}, of=f"{CHECKED}.completedAt"),
    *each(
        "declared",
        CHECKED,
        "TOO_LONG",
        {"coverage": "PRODUCT_LEVEL", "comments": "x" * (LONG + 1)},
        of=f"{CHECKED}.comments",
    ),
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
    *pedigrees("declared", f"{D}.pedigree", f"{D}.geometricStandardDeviation"),
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
    *pedigrees("modelled", f"{M}.directPedigree", f"{M}.directGeometricStandardDeviation"),
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
            *pedigrees("modelled", f"{place}.pedigree", f"{place}.geometricStandardDeviation"),
            *each("modelled", f"{place}.product", INVALID, None, GONE, {}, "x"),
            *each("modelled", f"{place}.product", INVALID, {"id": Id("mine"), "productId": "urn:x-y:1"}),
            *each("modelled", f"{place}.product", INVALID, {"id": None}, {"id": None, "productId": None}),
            *each("modelled", f"{place}.product", INVALID, {"productId": "x"}, {"productId": LONE}),
            *each(
                "modelled",
                f"{place}.product",
                "URN_INVALID",
                *({"productId": f"urn:x-y:1{more}"} for more in COMPONENTS),
                of=f"{place}.product.productId",
            ),
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
    *ids("grant", "product", "standing", required=False),
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
    *ids("revocation", "grant", "mine"),
    *each("revocation", "grant", "NotFound", global_id("Grant", UNKNOWN), Id("hidden grant")),
    *each("revocation", "grant", "AccessDenied", Id("grant to me")),
    *each("revocation", "grant", "Conflict", Id("revoked grant")),
]
CASES = [
    *PRODUCT_CASES,
    *FOOTPRINT_CASES,
    *LINE_CASES,
    *MANY_CASES,
    *RELEASE_CASES,
    *GRANT_CASES,
    *bad_alliance_inputs.CASES,
]
