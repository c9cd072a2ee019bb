"""A roll-up as JSON, in the API's own names and spelling, so that what reads one reads the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exchange.model.carbon import COLUMNS
from exchange.model.footprint import DataQuality
from exchange.operations.answers.values import FallbackUseAnswer, GapAnswer, RollUpAnswer, TreeNodeAnswer
from exchange.rollup.rounding import text as decimal_text
from exchange.schema.ids import global_id
from exchange.schema.instants import date_of, instant_of

CONTRIBUTIONS = 20  # as the API's default
TREE_DEPTH, TREE_CUTOFF_PERCENT, TREE_NODES = 3, 1.0, 200  # as the API's defaults


@dataclass(frozen=True, slots=True)
class Named:
    """A product by what programs and people call it."""

    id: str
    product: str
    owner: str


Names = Mapping[int, Named]


def roll_up_fields(answer: RollUpAnswer, names: Names, *, tree: bool) -> dict[str, object]:
    """All fields that the command prints; a product is None where the viewer may not know it."""
    until = answer.valid_until_day()
    fields: dict[str, object] = {
        "product": _product(names, answer.product_key),
        "asOf": date_of(answer.as_of_day).isoformat(),
        "knownAt": instant_of(answer.known_at_us).isoformat().replace("+00:00", "Z"),
        "ledgerSequence": None if answer.ledger_sequence is None else str(answer.ledger_sequence),
        "declaredUnitAmount": decimal_text(answer.declared_unit_amount),
        "declaredUnitOfMeasurement": str(answer.declared_unit),
        "pcfExcludingBiogenicUptake": decimal_text(answer.excluding_kg_co2e),
        "pcfIncludingBiogenicUptake": decimal_text(answer.including_kg_co2e),
        "lower": decimal_text(answer.lower_kg_co2e),
        "upper": decimal_text(answer.upper_kg_co2e),
        "components": _columns(answer.components),
        "direct": None if answer.direct is None else _columns(answer.direct),
        "byStage": None
        if answer.by_stage is None
        else [{"stage": str(stage.stage), "components": _columns(stage.components)} for stage in answer.by_stage],
        "outboundLogisticsGhgEmissions": _optional(answer.outbound_logistics_kg_co2e),
        "packagingGhgEmissions": _optional(answer.packaging_kg_co2e),
        "primaryDataShare": decimal_text(answer.primary_data_share_percent),
        "dataQuality": _quality(answer.data_quality),
        "exemptedEmissionsPercent": decimal_text(answer.exempted_emissions_percent),
        "ownExemptedEmissionsPercent": _optional(answer.own_exempted_emissions_percent),
        "validUntil": None if until is None else date_of(until).isoformat(),
        "ipccCharacterizationFactors": list(answer.ipcc_characterization_factors),
        "unknownComponents": list(answer.unknown_components),
        "findings": [
            {"code": f.code, "severity": f.severity, "message": f.message, "path": list(f.path)}
            for f in answer.findings
        ],
        "hasGaps": answer.has_gaps,
        "gaps": [_gap(gap, names) for gap in answer.gaps],
        "fallbacks": [_fallback(use, names) for use in answer.fallbacks],
        "contributions": [
            {
                "product": _product(names, one.product_key),
                "ownEmissions": decimal_text(one.own_kg_co2e),
                "sharePercent": decimal_text(one.share_percent),
                "brokenDown": one.broken_down,
            }
            for one in answer.contributions(CONTRIBUTIONS)
        ],
        "digest": answer.digest(),
    }
    if tree:
        grown = answer.tree(TREE_DEPTH, TREE_CUTOFF_PERCENT, TREE_NODES)
        fields["tree"] = {
            "root": _node(grown.root, names),
            "coveragePercent": decimal_text(grown.coverage_percent),
            "hiddenNodes": grown.hidden_nodes,
        }
    return fields


def _product(names: Names, key: int | None) -> dict[str, object] | None:
    named = names.get(key) if key is not None else None
    if named is None:
        return None
    return {"id": global_id("Product", named.id), "name": named.product, "owner": {"name": named.owner}}


def _columns(amounts: Sequence[Decimal]) -> dict[str, str]:
    return {name: decimal_text(amount) for name, amount in zip(COLUMNS, amounts, strict=True)}


def _optional(number: Decimal | None) -> str | None:
    return None if number is None else decimal_text(number)


def _quality(ratings: DataQuality) -> dict[str, str]:
    return {
        "technologicalDQR": decimal_text(ratings.technological),
        "temporalDQR": decimal_text(ratings.temporal),
        "geographicalDQR": decimal_text(ratings.geographical),
    }


def _gap(gap: GapAnswer, names: Names) -> dict[str, object]:
    return {
        "code": str(gap.code),
        "message": gap.message,
        "consumer": _product(names, gap.consumer_key),
        "line": gap.line,
        "product": _product(names, gap.product_key),
    }


def _fallback(use: FallbackUseAnswer, names: Names) -> dict[str, object]:
    return {
        "reason": str(use.reason),
        "consumer": _product(names, use.consumer_key),
        "line": use.line,
        "product": _product(names, use.product_key),
    }


def _node(node: TreeNodeAnswer, names: Names) -> dict[str, object]:
    return {
        "product": _product(names, node.product_key),
        "line": node.line,
        "amount": decimal_text(node.amount),
        "totalEmissions": decimal_text(node.total_kg_co2e),
        "ownEmissions": decimal_text(node.own_kg_co2e),
        "sharePercent": decimal_text(node.share_percent),
        "children": [_node(child, names) for child in node.children],
    }
