"""A footprint with the API's field names (as JSON files hold it) as an input of the operations.

Everything is spelt out: a field that is not known is an error, never a silent default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from exchange.model.conformity import ProductRuleOperator, VerificationCoverage
from exchange.model.footprint import LifeCycleStage, SystemBoundary
from exchange.operations.requests.inputs import (
    DataQualityInput,
    DeclaredInput,
    FallbackInput,
    FootprintInput,
    LineInput,
    ModelledInput,
    PedigreeInput,
    ProductKey,
    ProductOrSectorSpecificRuleInput,
    StageEmissionsInput,
    VerificationInput,
)
from exchange.units import AmountUnit, DeclaredUnit

Fields = Mapping[str, Any]
KeyOf = Callable[[Fields], ProductKey]


def _plain(value: Any) -> Any:
    return value


def _quality(fields: Fields) -> DataQualityInput:
    return DataQualityInput(
        technological_dqr=Decimal(fields["technologicalDQR"]),
        temporal_dqr=Decimal(fields["temporalDQR"]),
        geographical_dqr=Decimal(fields["geographicalDQR"]),
    )


def _pedigree(fields: Fields) -> PedigreeInput:
    return PedigreeInput(**_arguments(fields, _PEDIGREE))


def _rules(listed: list[Fields]) -> tuple[ProductOrSectorSpecificRuleInput, ...]:
    return tuple(ProductOrSectorSpecificRuleInput(**_arguments(fields, _RULE)) for fields in listed)


def _verification(fields: Fields) -> VerificationInput:
    return VerificationInput(**_arguments(fields, _VERIFICATION))


def _components(fields: Fields) -> dict[str, Decimal | None]:
    return {name: Decimal(amount) for name, amount in fields.items()}


# API field -> (argument, how its value is read)
_ENVELOPE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "declaredUnitAmount": ("declared_unit_amount", Decimal),
    "declaredUnitOfMeasurement": ("declared_unit_of_measurement", DeclaredUnit),
    "productMassPerDeclaredUnit": ("product_mass_per_declared_unit", Decimal),
    "referencePeriodStart": ("reference_period_start", datetime.fromisoformat),
    "referencePeriodEnd": ("reference_period_end", datetime.fromisoformat),
    "validityPeriodStart": ("validity_period_start", datetime.fromisoformat),
    "validityPeriodEnd": ("validity_period_end", datetime.fromisoformat),
    "geographyCountry": ("geography_country", _plain),
    "geographyCountrySubdivision": ("geography_country_subdivision", _plain),
    "geographyRegionOrSubregion": ("geography_region_or_subregion", _plain),
    "ipccCharacterizationFactors": ("ipcc_characterization_factors", tuple),
    "crossSectoralStandards": ("cross_sectoral_standards", tuple),
    "boundaryProcessesDescription": ("boundary_processes_description", _plain),
    "exemptedEmissionsPercent": ("exempted_emissions_percent", Decimal),
    "exemptedEmissionsDescription": ("exempted_emissions_description", _plain),
    "fossilCarbonContent": ("fossil_carbon_content", Decimal),
    "dataQuality": ("data_quality", _quality),
    "comment": ("comment", _plain),
    "systemBoundary": ("system_boundary", SystemBoundary),
    "productOrSectorSpecificRules": ("product_rules", _rules),
    "verification": ("verification", _verification),
}
_RULE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "operator": ("operator", ProductRuleOperator),
    "ruleNames": ("rule_names", tuple),
    "otherOperatorName": ("other_operator_name", _plain),
}
_VERIFICATION: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "coverage": ("coverage", VerificationCoverage),
    "providerName": ("provider_name", _plain),
    "completedAt": ("completed_at", datetime.fromisoformat),
    "standardName": ("standard_name", _plain),
    "comments": ("comments", _plain),
}
_PEDIGREE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "basicVariance": ("basic_variance", Decimal),
    "basicGeometricStandardDeviation": ("basic_geometric_standard_deviation", Decimal),
    "reliability": ("reliability", _plain),
    "completeness": ("completeness", _plain),
    "temporalCorrelation": ("temporal_correlation", _plain),
    "geographicalCorrelation": ("geographical_correlation", _plain),
    "furtherTechnologicalCorrelation": ("further_technological_correlation", _plain),
}
_DECLARED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "pcfExcludingBiogenicUptake": ("pcf_excluding_biogenic_uptake", Decimal),
    "pcfIncludingBiogenicUptake": ("pcf_including_biogenic_uptake", Decimal),
    "components": ("components", _components),
    "outboundLogisticsGhgEmissions": ("outbound_logistics_ghg_emissions", Decimal),
    "packagingGhgEmissions": ("packaging_ghg_emissions", Decimal),
    "primaryDataShare": ("primary_data_share", Decimal),
    "geometricStandardDeviation": ("geometric_standard_deviation", Decimal),
    "pedigree": ("pedigree", _pedigree),
}
_LINE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "amount": ("amount", Decimal),
    "unit": ("unit", AmountUnit),
    "stage": ("stage", LifeCycleStage),
    "amountIsPrimary": ("amount_is_primary", _plain),
    "delivered": ("delivered", _plain),
    "packaging": ("packaging", _plain),
    "credit": ("credit", _plain),
    "dataQuality": ("data_quality", _quality),
    "geometricStandardDeviation": ("geometric_standard_deviation", Decimal),
    "pedigree": ("pedigree", _pedigree),
}
_MODELLED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "directPrimaryDataShare": ("direct_primary_data_share", Decimal),
    "directPackagingGhgEmissions": ("direct_packaging_ghg_emissions", Decimal),
    "directGeometricStandardDeviation": ("direct_geometric_standard_deviation", Decimal),
    "directPedigree": ("direct_pedigree", _pedigree),
}


def _arguments(
    fields: Fields, table: Mapping[str, tuple[str, Callable[[Any], Any]]], *, beside: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Keyword arguments of what the table knows; KeyError for a field that neither it nor `beside` names."""
    return {table[name][0]: table[name][1](value) for name, value in fields.items() if name not in beside}


def footprint_input(fields: Fields, *, product: str, key_of: KeyOf, **given: Any) -> FootprintInput:
    """The input of a footprint of `product` (UUID). `key_of` reads what a line or fallback names; `given` are further
    arguments that a file cannot know: release, pf_id, preceding_pf_ids, comment."""
    arguments = _arguments(fields, _ENVELOPE, beside=frozenset({"declared", "modelled"}))
    if "declared" in fields:
        arguments["declared"] = DeclaredInput(**_arguments(fields["declared"], _DECLARED))
    if "modelled" in fields:
        arguments["modelled"] = _modelled(fields["modelled"], key_of)
    return FootprintInput(product=product, **{**arguments, **given})


def _modelled(fields: Fields, key_of: KeyOf) -> ModelledInput:
    return ModelledInput(
        direct=tuple(
            StageEmissionsInput(LifeCycleStage(stage["stage"]), _components(stage["components"]))
            for stage in fields["direct"]
        ),
        lines=tuple(_line(line, key_of) for line in fields["lines"]),
        **_arguments(fields, _MODELLED, beside=frozenset({"direct", "lines"})),
    )


def _line(fields: Fields, key_of: KeyOf) -> LineInput:
    arguments = _arguments(fields, _LINE, beside=frozenset({"product", "fallback"}))
    if "fallback" in fields:
        fallback = fields["fallback"]
        arguments["fallback"] = FallbackInput(
            product=key_of(fallback["product"]), **_arguments(fallback, _LINE, beside=frozenset({"product"}))
        )
    return LineInput(product=key_of(fields["product"]), **arguments)
