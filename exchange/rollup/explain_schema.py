"""The format of explain files: one JSON Schema, by which they are documented and by which they are checked.

docs/explain-file.schema.json is this value as JSON (a test compares; `python -m tests.docs.reference` writes it anew).
Only the keywords that conforming.py knows are used. Every number but a count is decimal text.
"""

from __future__ import annotations

from typing import Any, Final

from exchange.model.carbon import COLUMNS
from exchange.model.footprint import PriceBasis
from exchange.model.resolved import GAP_CODES
from exchange.rollup.digest import METHOD_VERSION
from exchange.rollup.explain_file import FORMAT
from exchange.units import DeclaredUnit

NUMBER_LENGTH_MAX: Final = 200  # of a decimal's text; a factor has 34 digits behind up to 76 zeros
ID_LENGTH_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 65_536  # as of any text that the exchange takes
ITEMS_MAX: Final = 1_000  # of a short list: identifiers, sets of factors
COUNT_MAX: Final = 10_000_000  # the number of a line, a year

Schema = dict[str, Any]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(description: str, required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, most: int | None = None, description: str | None = None) -> Schema:
    more: Schema = {} if most is None else {"maxItems": most}
    said: Schema = {} if description is None else {"description": description}
    return {"type": "array", **said, "items": items, **more}


def _or_null(one: Schema, description: str) -> Schema:
    return {"description": description, "anyOf": [one, {"type": "null"}]}


_TOTAL: Final[Schema] = {
    "footprint": _ref("id"),
    "pcfExcludingBiogenicUptake": _ref("decimal"),
    "pcfIncludingBiogenicUptake": _ref("decimal"),
    "lower": _ref("decimal"),
    "upper": _ref("decimal"),
    "components": _ref("components"),
    "outboundLogisticsGhgEmissions": _or_null(
        _ref("decimal"), "Transport to the customer, beside the result; null: nothing was said of it."
    ),
}

_DEFINITIONS: Final[Schema] = {
    "decimal": {
        "type": "string",
        "description": "A plain decimal: no exponent, no zeros at the end, no minus zero.",
        "pattern": r"^(?!-0$)-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$",
        "maxLength": NUMBER_LENGTH_MAX,
    },
    "id": {
        "type": "string",
        "description": "The exchange's own id of a footprint or a product.",
        "minLength": 1,
        "maxLength": ID_LENGTH_MAX,
    },
    "text": {"type": "string", "maxLength": TEXT_LENGTH_MAX},
    "hash": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "count": {"type": "integer", "minimum": 1, "maximum": COUNT_MAX},
    "components": {
        "type": "object",
        "description": "kg CO2e per declared unit by component; one that is not there is zero.",
        "properties": {name: _ref("decimal") for name in COLUMNS},
        "additionalProperties": False,
    },
    "line": _object(
        "One line of a product that the viewer sees.",
        {
            "number": _ref("count"),
            "supplier": {**_ref("id"), "description": "The footprint that serves the line."},
            "factor": {
                **_ref("decimal"),
                "description": "Declared units of the supplier per declared unit of the consumer, 34 digits.",
            },
        },
        {
            "outbound": {
                **_ref("decimal"),
                "description": "Only of a delivered line: the supplier's outbound logistics, kg CO2e per declared "
                "unit, to nine digits. They count into `unspecified`.",
            }
        },
    ),
    "gap": {
        "type": "array",
        "description": "A line of the viewer's own product that its own supplier does not serve: its number, why, and "
        "whether a fallback serves it.",
        "prefixItems": [_ref("count"), {"enum": [str(code) for code in GAP_CODES]}, {"type": "boolean"}],
        "minItems": 3,
        "maxItems": 3,
    },
    "entry": _object(
        "One product of the view: x = own + the sum over lines of factor times the supplier's x.",
        {
            "footprint": _ref("id"),
            "own": {
                **_ref("components"),
                "description": "The own term: direct emissions as stated where they are shown whole; else the total, "
                "or what the shown lines leave of it, to nine digits of the total.",
            },
            "lines": _list(_ref("line")),
        },
        {"gaps": _list(_ref("gap"))},
    ),
    "inputs": _object(
        "What was computed from. The digest is the SHA-256 of this value as canonical JSON: names sorted, no spaces, "
        "UTF-8.",
        {
            "method": {"const": METHOD_VERSION, "description": "The version of the method."},
            "root": {**_ref("id"), "description": "The footprint of the product asked about."},
            "products": {**_list(_ref("entry")), "minItems": 1, "description": "Sorted by footprint."},
        },
    ),
    "product": _object(
        "What is shown of one product of the view, per its own declared unit.",
        {
            **_TOTAL,
            "product": _ref("id"),
            "productIds": _list(_ref("text"), ITEMS_MAX, "URNs."),
            "name": _ref("text"),
            "owner": {**_ref("text"), "description": "The owner's name."},
            "declaredUnitAmount": _ref("decimal"),
            "declaredUnitOfMeasurement": {"enum": [str(unit) for unit in DeclaredUnit]},
            "brokenDown": {
                "type": "boolean",
                "description": "Whether `own` is direct emissions, as stated and not rounded.",
            },
        },
        {
            "currency": _ref("text"),
            "priceYear": _ref("count"),
            "priceBasis": {"enum": [str(basis) for basis in PriceBasis]},
        },
    ),
    "result": _object(
        "What was answered of the product asked about, per its declared unit.",
        {
            **_TOTAL,
            "asOf": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
            "knownAt": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z$"},
            "packagingGhgEmissions": _or_null(
                _ref("decimal"), "Of packaging, inside the result; null: nothing was said of it."
            ),
            "primaryDataShare": _ref("decimal"),
            "dataQuality": _object(
                "1 (best) to 5 (worst).",
                {name: _ref("decimal") for name in ("technologicalDQR", "temporalDQR", "geographicalDQR")},
            ),
            "exemptedEmissionsPercent": _ref("decimal"),
            "validUntil": _or_null(
                {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, "Exclusive; null: open."
            ),
            "ipccCharacterizationFactors": _list(_ref("text"), ITEMS_MAX),
            "unknownComponents": _list({"enum": list(COLUMNS)}, len(COLUMNS)),
            "hasGaps": {"type": "boolean"},
        },
    ),
    "checksum": _object(
        "Of the parts of one product, each as canonical JSON.",
        {
            name: _ref("id" if name == "footprint" else "hash")
            for name in ("footprint", "own", "lines", "gaps", "shown")
        },
    ),
}

SCHEMA: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Explain file of the footprint exchange",
    **_object(
        "What a viewer's answer about one product was computed from. `inputs` alone is hashed; what is `shown` is "
        "apart; `checksums` only say where a file was damaged.",
        {
            "format": {"const": FORMAT},
            "digest": {**_ref("hash"), "description": "Of `inputs`; the same as RollUp.digest."},
            "inputs": _ref("inputs"),
            "shown": _object(
                "What was answered, and the names and units to read it with. Not hashed.",
                {"result": _ref("result"), "products": _list(_ref("product"))},
            ),
            "checksums": _object(
                "SHA-256 of parts, to find the place of damage; they prove nothing.",
                {"result": _ref("hash"), "products": _list(_ref("checksum"))},
            ),
        },
    ),
    "$defs": _DEFINITIONS,
}
