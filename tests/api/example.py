"""A small invented exchange with the exact answer for every viewer, restated from the API's published example.

Nine organizations and six products with a loop (power, coal), a fallback (ore), a gap (seat), an onward grant (steel)
and a use stage (the car's power). Figures follow by exact fractions, rounded to 12 digits.
"""

from __future__ import annotations

from typing import Any

from tests.api.inputs import PER_KILOGRAM

ORGANIZATIONS = ["grid", "mine", "steel", "car", "factors", "dealer", "fleet", "lease", "stranger"]
OWNERS = {
    "power": "grid",
    "coal": "mine",
    "steel": "steel",
    "orefactor": "factors",
    "transport": "factors",
    "car": "car",
}
AS_OF = "2026-06-30"


def urn(key: str) -> str:
    """The URN of a product; nobody registers those of `ore` and `seat`."""
    domain = {"ore": "ore", "seat": "seats"}.get(key) or OWNERS[key]
    return f"urn:pact:{domain}.example:product-id:{key}"


def _line(key: str, amount: str, unit: str, *, primary: bool = True, **more: Any) -> dict[str, Any]:
    return {"product": {"productId": urn(key)}, "amount": amount, "unit": unit, "amountIsPrimary": primary, **more}


def _modelled(direct: dict[str, str], share: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    stage = {"stage": "MANUFACTURING", "components": direct}
    return {"modelled": {"direct": [stage], "directPrimaryDataShare": share, "lines": lines}}


def _declared(total: str, fossil: str) -> dict[str, Any]:
    return {
        "declared": {
            "pcfExcludingBiogenicUptake": total,
            "pcfIncludingBiogenicUptake": total,
            "components": {"fossilGhgEmissions": fossil},
            "primaryDataShare": "0",
        }
    }


_ORE = {"product": {"productId": urn("orefactor")}, "amount": "1.5", "unit": "TON"}
# product, declared amount, unit, mass, rating, result
_FOOTPRINTS: list[tuple[str, str, str, str, str, dict[str, Any]]] = [
    (
        "power",
        "1",
        "KILOWATT_HOUR",
        "0",
        "1",
        _modelled({"fossilGhgEmissions": "0.85"}, "100", [_line("coal", "0.4", "KILOGRAM")]),
    ),
    (
        "coal",
        "1",
        "KILOGRAM",
        "1",
        "2",
        _modelled({"fossilGhgEmissions": "0.05"}, "20", [_line("power", "0.06", "KILOWATT_HOUR", primary=False)]),
    ),
    ("orefactor", "1", "KILOGRAM", "1", "3", _declared("0.03", "0.03")),
    ("transport", "1", "TON_KILOMETER", "0", "3", _declared("0.1", "0.09")),
    (
        "steel",
        "1000",
        "KILOGRAM",
        "1000",
        "1",
        _modelled(
            {"fossilGhgEmissions": "1800", "ccsTechnologicalCO2Capture": "-100"},
            "100",
            [
                _line("power", "500", "KILOWATT_HOUR"),
                _line("coal", "0.6", "TON"),
                _line("ore", "1600", "KILOGRAM", fallback=_ORE),
                _line("transport", "300", "TON_KILOMETER", primary=False),
            ],
        ),
    ),
    (
        "car",
        "1",
        "PIECE",
        "1500",
        "1",
        _modelled(
            {"fossilGhgEmissions": "300"},
            "100",
            [
                _line("steel", "900", "KILOGRAM"),
                _line("power", "0.4", "MEGAWATT_HOUR"),
                _line("seat", "4", "PIECE"),
                _line("power", "15000", "KILOWATT_HOUR", primary=False, stage="USE"),
            ],
        ),
    ),
]


def footprints() -> list[tuple[str, dict[str, Any]]]:
    """(product key, FootprintInput without its product) in publishing order."""
    return [
        (
            key,
            {
                **PER_KILOGRAM,
                "declaredUnitAmount": amount,
                "declaredUnitOfMeasurement": unit,
                "productMassPerDeclaredUnit": mass,
                "crossSectoralStandards": ["ISO14067", "PACT-3.0"],
                "dataQuality": {"technologicalDQR": rating, "temporalDQR": rating, "geographicalDQR": rating},
                **result,
            },
        )
        for key, amount, unit, mass, rating, result in _FOOTPRINTS
    ]


GRANTS: list[tuple[str, str, str, bool]] = [
    ("power", "mine", "TOTAL", False),
    ("power", "steel", "TOTAL", False),
    ("power", "car", "TOTAL", False),
    ("coal", "grid", "TOTAL", False),
    ("coal", "steel", "TOTAL", False),
    ("steel", "car", "INPUTS", True),
    ("orefactor", "public", "TOTAL", False),
    ("transport", "public", "TOTAL", False),
    ("car", "dealer", "TOTAL", False),
    ("car", "fleet", "INPUTS", False),
    ("car", "lease", "BREAKDOWN", False),
    ("power", "lease", "BREAKDOWN", False),
    ("coal", "lease", "TOTAL", False),
]

# What a product carries, the same for everybody who may see it: total, components, PDS, technological DQR, gaps.
_STEEL = {"fossilGhgEmissions": "2379.78688525", "ccsTechnologicalCO2Capture": "-100", "unspecified": "3"}
_CAR = {"fossilGhgEmissions": "2798.36557377", "ccsTechnologicalCO2Capture": "-90", "unspecified": "2.7"}
RESULTS: dict[str, tuple[str, dict[str, str], str, str, bool]] = {
    "power": ("0.891393442623", {"fossilGhgEmissions": "0.891393442623"}, "95.8050574713", "1.02298850575", False),
    "coal": ("0.103483606557", {"fossilGhgEmissions": "0.103483606557"}, "9.66336633663", "1.49504950495", False),
    "orefactor": ("0.03", {"fossilGhgEmissions": "0.03"}, "0", "3", False),
    "transport": ("0.1", {"fossilGhgEmissions": "0.09", "unspecified": "0.01"}, "0", "3", False),
    "steel": ("2282.78688525", _STEEL, "93.4384201077", "1.12308797127", False),
    "car": ("2711.06557377", _CAR, "94.4757671958", "1.09630234316", True),
}

# Per viewer and visible product: level, direct, lines (product, amount, unit), contributions (product, own emissions,
# share, broken down), and for owners gaps (line, code) and fallbacks (line, reason, product). A product with nothing
# but a level is a closed total. What is not here is not visible.
_Answer = dict[str, Any]


def _closed(level: str = "TOTAL", direct: dict[str, str] | None = None) -> _Answer:
    return {"level": level, "direct": direct, "lines": None, "contributions": None}


_PUBLIC: dict[str, _Answer] = {"orefactor": _closed(), "transport": _closed()}
_LEAF_OWNER: _Answer = {
    "level": "OWNER",
    "direct": None,
    "lines": [],
    "contributions": None,
    "gaps": [],
    "fallbacks": [],
}
_STEEL_LINES = [
    ("power", "500", "KILOWATT_HOUR"),
    ("coal", "0.6", "TON"),
    ("ore", "1600", "KILOGRAM"),
    ("transport", "300", "TON_KILOMETER"),
]
ANSWERS: dict[str, dict[str, _Answer]] = {
    "grid": {
        **_PUBLIC,
        "power": {
            "level": "OWNER",
            "direct": {"fossilGhgEmissions": "0.85"},
            "lines": [("coal", "0.4", "KILOGRAM")],
            "contributions": [
                ("power", "0.85", "95.3563218391", True),
                ("coal", "0.041393442623", "4.64367816092", False),
            ],
            "gaps": [],
            "fallbacks": [],
        },
        "coal": _closed(),
    },
    "mine": {
        **_PUBLIC,
        "power": _closed(),
        "coal": {
            "level": "OWNER",
            "direct": {"fossilGhgEmissions": "0.05"},
            "lines": [("power", "0.06", "KILOWATT_HOUR")],
            "contributions": [
                ("power", "0.0534836065574", "51.6831683168", False),
                ("coal", "0.05", "48.3168316832", True),
            ],
            "gaps": [],
            "fallbacks": [],
        },
    },
    "steel": {
        **_PUBLIC,
        "power": _closed(),
        "coal": _closed(),
        "steel": {
            "level": "OWNER",
            "direct": {"fossilGhgEmissions": "1800", "ccsTechnologicalCO2Capture": "-100"},
            "lines": _STEEL_LINES,
            "contributions": [
                ("steel", "1700", "74.4703770197", True),
                ("power", "445.696721311", "19.5242369838", False),
                ("coal", "62.0901639344", "2.71992818671", False),
                ("orefactor", "45", "1.97127468582", False),
                ("transport", "30", "1.31418312388", False),
            ],
            "gaps": [],
            "fallbacks": [(3, "NOT_GRANTED", "orefactor")],
        },
    },
    "car": {
        **_PUBLIC,
        "power": _closed(),
        "steel": {
            "level": "INPUTS",
            "direct": None,
            "lines": [("power", "500", "KILOWATT_HOUR"), ("transport", "300", "TON_KILOMETER")],
            "contributions": [
                ("steel", "1807.09016393", "79.1615798923", False),
                ("power", "445.696721311", "19.5242369838", False),
                ("transport", "30", "1.31418312388", False),
            ],
            "gaps": [],
            "fallbacks": [],
        },
        "car": {
            "level": "OWNER",
            "direct": {"fossilGhgEmissions": "300"},
            "lines": [
                ("steel", "900", "KILOGRAM"),
                ("power", "0.4", "MEGAWATT_HOUR"),
                ("seat", "4", "PIECE"),
                ("power", "15000", "KILOWATT_HOUR"),
            ],
            "contributions": [
                ("steel", "1626.38114754", "59.9904761905", False),
                ("power", "757.68442623", "27.947845805", False),
                ("car", "300", "11.0657596372", True),
                ("transport", "27", "0.995918367347", False),
            ],
            "gaps": [(3, "NOT_GRANTED")],
            "fallbacks": [],
        },
    },
    "factors": {"orefactor": _LEAF_OWNER, "transport": _LEAF_OWNER},
    "dealer": {**_PUBLIC, "car": _closed()},
    "fleet": {
        **_PUBLIC,
        "steel": _closed(),
        "car": {
            "level": "INPUTS",
            "direct": None,
            "lines": [("steel", "900", "KILOGRAM")],
            "contributions": [
                ("steel", "2054.50819672", "75.7823129252", False),
                ("car", "656.557377049", "24.2176870748", False),
            ],
            "gaps": [],
            "fallbacks": [],
        },
    },
    "lease": {
        **_PUBLIC,
        "power": _closed("BREAKDOWN", {"fossilGhgEmissions": "0.85"}),
        "coal": _closed(),
        "car": _closed("BREAKDOWN"),
    },
    "stranger": _PUBLIC,
    "anonymous": _PUBLIC,
}
CAR_USE_STAGE_KG = "13370.9016393"  # shown to the car's maker alone
