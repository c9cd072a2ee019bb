"""Footprints as properties of a node, and back.

Scalars are properties of their own, so that people can read and query them; components, direct emissions, findings
and what few lines have are JSON texts; lines are kept by column (`line_columns.py`), because a closure reads a hundred
thousand of them. The INPUT relationships say the same again for traversal (`footprint_writes.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from exchange.graph.conformity_records import rules_of, rules_text, verification_of, verification_text
from exchange.graph.keys import checked, decimal_of, decimal_text
from exchange.graph.line_columns import number_column, numbers_of, text_column, texts_of
from exchange.graph.records import Properties, json_text, present
from exchange.model.carbon import CarbonComponents
from exchange.model.footprint import (
    DataQuality,
    Declared,
    Fallback,
    Finding,
    Footprint,
    LifeCycleStage,
    LineExtras,
    Lines,
    Modelled,
    Price,
    PriceBasis,
    SystemBoundary,
)
from exchange.model.pedigree import ADDED_VARIANCES, Pedigree
from exchange.units import DeclaredUnit


def footprint_properties(footprint: Footprint) -> Properties:
    """All properties of the node but `pfKey`, which needs the product's owner."""
    own = {
        "id": checked(footprint.id, "A footprint's id"),
        "key": footprint.key,
        "pfId": checked(footprint.pf_id, "A footprint's pfId"),
        "precedingPfIds": list(footprint.preceding_pf_ids),
        "productId": footprint.product_id,
        "productKey": footprint.product_key,
        "releaseId": footprint.release_id,
        "publishedAtUs": footprint.published_at_us,
        "sequence": footprint.sequence,
        "deprecatedAtUs": footprint.deprecated_at_us,
        "deprecatedSequence": footprint.deprecated_sequence,
        "deprecationReason": footprint.deprecation_reason,
        "referencePeriodStartUs": footprint.reference_period_start_us,
        "referencePeriodEndUs": footprint.reference_period_end_us,
        "validFromDay": footprint.valid_from_day,
        "validUntilDay": footprint.valid_until_day,
        "declaredUnitAmount": decimal_text(footprint.declared_unit_amount),
        "declaredUnit": footprint.declared_unit.value,
        "price": _price_text(footprint.price),
        "massKgPerDeclaredUnit": decimal_text(footprint.mass_kg_per_declared_unit),
        "geographyCountry": footprint.geography_country,
        "geographyCountrySubdivision": footprint.geography_country_subdivision,
        "geographyRegionOrSubregion": footprint.geography_region_or_subregion,
        "boundaryProcessesDescription": footprint.boundary_processes_description,
        "ipccCharacterizationFactors": list(footprint.ipcc_characterization_factors),
        "crossSectoralStandards": list(footprint.cross_sectoral_standards),
        "productOrSectorSpecificRules": rules_text(footprint.product_rules),
        "verification": verification_text(footprint.verification),
        "exemptedEmissionsPercent": decimal_text(footprint.exempted_emissions_percent),
        "exemptedEmissionsDescription": footprint.exempted_emissions_description,
        "fossilCarbonContent": decimal_text(footprint.fossil_carbon_content),
        "dataQuality": _quality_list(footprint.data_quality),
        "comment": footprint.comment,
        "findings": json_text([_finding_map(finding) for finding in footprint.findings])
        if footprint.findings
        else None,
        "kind": footprint.kind.value,
        "systemBoundary": _boundary_text(footprint.boundary),
    }
    result = (
        _declared_properties(footprint.declared) if footprint.declared else _modelled_properties(footprint.modelled)
    )
    return present(own | result)


def footprint_of(stored: Properties) -> Footprint:
    get = stored.get
    return Footprint(
        id=stored["id"],
        key=stored["key"],
        pf_id=stored["pfId"],
        preceding_pf_ids=tuple(stored["precedingPfIds"]),
        product_id=stored["productId"],
        product_key=stored["productKey"],
        release_id=get("releaseId"),
        published_at_us=stored["publishedAtUs"],
        sequence=stored["sequence"],
        deprecated_at_us=stored["deprecatedAtUs"],
        deprecated_sequence=stored["deprecatedSequence"],
        reference_period_start_us=stored["referencePeriodStartUs"],
        reference_period_end_us=stored["referencePeriodEndUs"],
        valid_from_day=stored["validFromDay"],
        valid_until_day=stored["validUntilDay"],
        declared_unit_amount=Decimal(stored["declaredUnitAmount"]),
        declared_unit=DeclaredUnit(stored["declaredUnit"]),
        price=price_of(get("price")),
        mass_kg_per_declared_unit=Decimal(stored["massKgPerDeclaredUnit"]),
        geography_country=get("geographyCountry"),
        geography_country_subdivision=get("geographyCountrySubdivision"),
        geography_region_or_subregion=get("geographyRegionOrSubregion"),
        boundary_processes_description=get("boundaryProcessesDescription"),
        ipcc_characterization_factors=tuple(stored["ipccCharacterizationFactors"]),
        cross_sectoral_standards=tuple(stored["crossSectoralStandards"]),
        exempted_emissions_percent=Decimal(stored["exemptedEmissionsPercent"]),
        exempted_emissions_description=get("exemptedEmissionsDescription"),
        fossil_carbon_content=decimal_of(get("fossilCarbonContent")),
        data_quality=_quality_of(get("dataQuality")),
        comment=get("comment"),
        declared=_declared_of(stored) if stored["kind"] == "DECLARED" else None,
        modelled=_modelled_of(stored) if stored["kind"] == "MODELLED" else None,
        findings=_findings_of(get("findings")),
        deprecation_reason=get("deprecationReason"),
        boundary=SystemBoundary(get("systemBoundary") or SystemBoundary.CRADLE_TO_GATE),
        product_rules=rules_of(get("productOrSectorSpecificRules")),
        verification=verification_of(get("verification")),
    )


def unit_text(unit: str, price: Price | None) -> str:
    """A unit with its price terms as one text: `KILOGRAM`, `MONEY|EUR|2019|BASIC`."""
    return unit if price is None else f"{unit}|{_price_text(price)}"


_FINDING_FIELDS = tuple(field.name for field in fields(Finding))


def _declared_properties(declared: Declared) -> Properties:
    return {
        "excludingKgCo2e": decimal_text(declared.excluding_kg_co2e),
        "includingKgCo2e": decimal_text(declared.including_kg_co2e),
        "components": json_text(_component_texts(declared.components)),
        "outboundLogisticsKgCo2e": decimal_text(declared.outbound_logistics_kg_co2e),
        "packagingKgCo2e": decimal_text(declared.packaging_kg_co2e),
        "primaryDataSharePercent": decimal_text(declared.primary_data_share_percent),
        "geometricStandardDeviation": decimal_text(declared.geometric_standard_deviation),
        "pedigree": pedigree_text(declared.pedigree),
    }


def _declared_of(stored: Properties) -> Declared:
    return Declared(
        excluding_kg_co2e=Decimal(stored["excludingKgCo2e"]),
        including_kg_co2e=Decimal(stored["includingKgCo2e"]),
        components=_components_of(json.loads(stored["components"])),
        outbound_logistics_kg_co2e=decimal_of(stored.get("outboundLogisticsKgCo2e")),
        packaging_kg_co2e=decimal_of(stored.get("packagingKgCo2e")),
        primary_data_share_percent=decimal_of(stored.get("primaryDataSharePercent")),
        geometric_standard_deviation=decimal_of(stored.get("geometricStandardDeviation")),
        pedigree=pedigree_of(stored.get("pedigree")),
    )


def _modelled_properties(modelled: Modelled | None) -> Properties:
    assert modelled is not None, "a footprint is declared or modelled"
    lines = modelled.lines
    own: Properties = {
        "direct": json_text(
            {stage.value: _component_texts(components) for stage, components in modelled.direct.items()}
        ),
        "directPrimaryDataSharePercent": decimal_text(modelled.direct_primary_data_share_percent),
        "directPackagingKgCo2e": decimal_text(modelled.direct_packaging_kg_co2e),
        "directGeometricStandardDeviation": decimal_text(modelled.direct_geometric_standard_deviation),
        "directPedigree": pedigree_text(modelled.direct_pedigree),
        "lineCount": len(lines),
    }
    if not len(lines):
        return own
    return own | {
        "lineSuppliers": [int(key) for key in lines.suppliers],
        "lineNames": text_column(lines.names),
        "lineAmounts": text_column(lines.amounts),
        "lineUnits": number_column(lines.units),
        "unitTable": [unit_text(unit, price) for unit, price in lines.unit_table],
        "lineStages": number_column(lines.stages),
        "lineFlags": number_column(lines.flags),
        "lineExtras": json_text({position: _extras_map(extras) for position, extras in lines.extras.items()})
        if lines.extras
        else None,
    }


def _modelled_of(stored: Properties) -> Modelled:
    return Modelled(
        direct={
            LifeCycleStage(stage): _components_of(components)
            for stage, components in json.loads(stored["direct"]).items()
        },
        direct_primary_data_share_percent=decimal_of(stored.get("directPrimaryDataSharePercent")),
        direct_packaging_kg_co2e=decimal_of(stored.get("directPackagingKgCo2e")),
        direct_geometric_standard_deviation=decimal_of(stored.get("directGeometricStandardDeviation")),
        lines=_lines_of(stored),
        direct_pedigree=pedigree_of(stored.get("directPedigree")),
    )


def _lines_of(stored: Properties) -> Lines:
    """Nothing is done per line."""
    if not stored["lineCount"]:
        return Lines()
    extras = stored.get("lineExtras")
    return Lines(
        suppliers=stored["lineSuppliers"],
        names=texts_of(stored["lineNames"]),
        amounts=texts_of(stored["lineAmounts"]),
        units=numbers_of(stored["lineUnits"]),
        unit_table=[unit_of(text) for text in stored["unitTable"]],
        stages=numbers_of(stored["lineStages"]),
        flags=numbers_of(stored["lineFlags"]),
        extras={int(position): extras_of(each) for position, each in json.loads(extras).items()} if extras else None,
    )


def unit_of(text: str) -> tuple[str, Price | None]:
    unit, separator, price = text.partition("|")
    return unit, price_of(price if separator else None)


def _boundary_text(boundary: SystemBoundary) -> str | None:
    """Absent where it is cradle to gate, as in every footprint stored before there was another."""
    return None if boundary is SystemBoundary.CRADLE_TO_GATE else boundary.value


def _price_text(price: Price | None) -> str | None:
    return None if price is None else f"{price.currency}|{price.year}|{price.basis.value}"


def price_of(text: str | None) -> Price | None:
    if text is None:
        return None
    currency, year, basis = text.rsplit("|", 2)
    return Price(currency, int(year), PriceBasis(basis))


def _component_texts(components: CarbonComponents) -> dict[str, str]:
    return {name: str(amount) for name, amount in components.amounts.items()}


def _components_of(texts: Mapping[str, str]) -> CarbonComponents:
    return CarbonComponents({name: Decimal(text) for name, text in texts.items()})


def pedigree_text(pedigree: Pedigree | None) -> str | None:
    """The scores as five digits, in the order of the fields, and the basic uncertainty: `23112|VARIANCE|0.0006`."""
    if pedigree is None:
        return None
    scores = "".join(str(getattr(pedigree, name)) for name in ADDED_VARIANCES)
    if pedigree.basic_variance is not None:
        return f"{scores}|VARIANCE|{pedigree.basic_variance}"
    return f"{scores}|DEVIATION|{pedigree.basic_geometric_standard_deviation}"


def pedigree_of(text: str | None) -> Pedigree | None:
    if text is None:
        return None
    scores, kind, basic = text.split("|")
    stated = Decimal(basic)
    return Pedigree(
        stated if kind == "VARIANCE" else None,
        stated if kind == "DEVIATION" else None,
        **{name: int(score) for name, score in zip(ADDED_VARIANCES, scores, strict=True)},
    )


def _quality_list(quality: DataQuality | None) -> list[str] | None:
    if quality is None:
        return None
    return [str(quality.technological), str(quality.temporal), str(quality.geographical)]


def _quality_of(texts: list[str] | None) -> DataQuality | None:
    return None if texts is None else DataQuality(*(Decimal(text) for text in texts))


def _finding_map(finding: Finding) -> dict[str, Any]:
    """By field; dataclasses.asdict, which copies every text, takes ten times as long."""
    return {name: getattr(finding, name) for name in _FINDING_FIELDS}


def _findings_of(text: str | None) -> tuple[Finding, ...]:
    if text is None:
        return ()
    return tuple(Finding(**{**finding, "path": tuple(finding["path"])}) for finding in json.loads(text))


def _extras_map(extras: LineExtras) -> dict[str, Any]:
    fallback = extras.fallback
    return present(
        {
            "dataQuality": _quality_list(extras.data_quality),
            "geometricStandardDeviation": decimal_text(extras.geometric_standard_deviation),
            "pedigree": pedigree_text(extras.pedigree),
            "fallback": None
            if fallback is None
            else present(
                {
                    "productKey": fallback.product_key,
                    "namedId": fallback.named_id,
                    "urn": fallback.urn,
                    "amount": str(fallback.amount),
                    "unit": fallback.unit,
                    "price": _price_text(fallback.price),
                    "geometricStandardDeviation": decimal_text(fallback.geometric_standard_deviation),
                    "pedigree": pedigree_text(fallback.pedigree),
                }
            ),
        }
    )


def extras_of(stored: Mapping[str, Any]) -> LineExtras:
    fallback = stored.get("fallback")
    return LineExtras(
        data_quality=_quality_of(stored.get("dataQuality")),
        geometric_standard_deviation=decimal_of(stored.get("geometricStandardDeviation")),
        fallback=None
        if fallback is None
        else Fallback(
            product_key=fallback.get("productKey"),
            named_id=fallback.get("namedId"),
            urn=fallback.get("urn"),
            amount=Decimal(fallback["amount"]),
            unit=fallback["unit"],
            price=price_of(fallback.get("price")),
            geometric_standard_deviation=decimal_of(fallback.get("geometricStandardDeviation")),
            pedigree=pedigree_of(fallback.get("pedigree")),
        ),
        pedigree=pedigree_of(stored.get("pedigree")),
    )
