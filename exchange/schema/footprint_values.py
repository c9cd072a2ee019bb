"""A footprint as it was sent, turned into the operations' values.

What was sent comes as graphql-core leaves it: mappings by the API's names, with its scalars and enumerations as Python
values and its defaults filled in. A footprint may have twenty thousand lines, so they are read as they are, and not
made into objects of the schema first. Conversion decodes global ids and says which are malformed; it checks nothing
else, which is the operation's part. Absent and null mean the same everywhere (PACT clients send null for what they
leave out).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exchange.errors import Problems
from exchange.model.carbon import COLUMNS, UNSPECIFIED_BIOGENIC
from exchange.operations.requests import inputs as values
from exchange.schema.ids import required_id

Path = tuple[str, ...]
Stated = Mapping[str, Any]

STATEABLE: Final = tuple(name for name in COLUMNS if name != UNSPECIFIED_BIOGENIC)


def parts_of(given: Stated) -> int:
    """How many parts reading a FootprintInput takes: itself and its lines."""
    return 1 + len((given.get("modelled") or {}).get("lines", ()))


def footprint_value(given: Stated, problems: Problems, path: Path) -> values.FootprintInput:
    """The value of a FootprintInput. Malformed ids are added to `problems`, below `path`."""
    release, declared, modelled = given.get("release"), given.get("declared"), given.get("modelled")
    return values.FootprintInput(
        product=required_id(given["product"], "Product", problems, (*path, "product")),
        release=None if release is None else required_id(release, "Release", problems, (*path, "release")),
        fossil_carbon_content=given.get("fossilCarbonContent"),
        pf_id=given.get("pfId"),
        preceding_pf_ids=tuple(given["precedingPfIds"]),
        declared_unit_amount=given["declaredUnitAmount"],
        declared_unit_of_measurement=given["declaredUnitOfMeasurement"],
        **_price(given),
        product_mass_per_declared_unit=given["productMassPerDeclaredUnit"],
        reference_period_start=given["referencePeriodStart"],
        reference_period_end=given["referencePeriodEnd"],
        validity_period_start=given.get("validityPeriodStart"),
        validity_period_end=given.get("validityPeriodEnd"),
        geography_country=given.get("geographyCountry"),
        geography_country_subdivision=given.get("geographyCountrySubdivision"),
        geography_region_or_subregion=given.get("geographyRegionOrSubregion"),
        boundary_processes_description=given.get("boundaryProcessesDescription"),
        ipcc_characterization_factors=tuple(given["ipccCharacterizationFactors"]),
        cross_sectoral_standards=tuple(given["crossSectoralStandards"]),
        exempted_emissions_percent=given["exemptedEmissionsPercent"],
        exempted_emissions_description=given.get("exemptedEmissionsDescription"),
        data_quality=_quality(given.get("dataQuality")),
        comment=given.get("comment"),
        declared=None if declared is None else _declared(declared),
        modelled=None if modelled is None else _modelled(modelled, problems, (*path, "modelled")),
        system_boundary=given["systemBoundary"],
        product_rules=tuple(map(_rule, given.get("productOrSectorSpecificRules") or ())),
        verification=_verification(given.get("verification")),
    )


def _declared(given: Stated) -> values.DeclaredInput:
    return values.DeclaredInput(
        pcf_excluding_biogenic_uptake=given["pcfExcludingBiogenicUptake"],
        pcf_including_biogenic_uptake=given["pcfIncludingBiogenicUptake"],
        components=components_value(given["components"]),
        outbound_logistics_ghg_emissions=given.get("outboundLogisticsGhgEmissions"),
        packaging_ghg_emissions=given.get("packagingGhgEmissions"),
        primary_data_share=given.get("primaryDataShare"),
        geometric_standard_deviation=given.get("geometricStandardDeviation"),
        pedigree=_pedigree(given.get("pedigree")),
    )


def _modelled(given: Stated, problems: Problems, path: Path) -> values.ModelledInput:
    return values.ModelledInput(
        direct=tuple(
            values.StageEmissionsInput(stage["stage"], components_value(stage["components"]))
            for stage in given["direct"]
        ),
        lines=tuple(
            _line(line, problems, (*path, "lines", str(position))) for position, line in enumerate(given["lines"])
        ),
        direct_primary_data_share=given.get("directPrimaryDataShare"),
        direct_packaging_ghg_emissions=given.get("directPackagingGhgEmissions"),
        direct_geometric_standard_deviation=given.get("directGeometricStandardDeviation"),
        direct_pedigree=_pedigree(given.get("directPedigree")),
    )


def _line(given: Stated, problems: Problems, path: Path) -> values.LineInput:
    fallback = given.get("fallback")
    return values.LineInput(
        **_used(given, problems, path),
        stage=given["stage"],
        amount_is_primary=given["amountIsPrimary"],
        delivered=given["delivered"],
        packaging=given["packaging"],
        credit=given["credit"],
        data_quality=_quality(given.get("dataQuality")),
        fallback=None if fallback is None else values.FallbackInput(**_used(fallback, problems, (*path, "fallback"))),
    )


def _used(given: Stated, problems: Problems, path: Path) -> dict[str, Any]:
    """What a line and a fallback both say: what goes in, and how much of it."""
    return {
        "product": product_key_value(given["product"], problems, (*path, "product")),
        "amount": given["amount"],
        "unit": given["unit"],
        "geometric_standard_deviation": given.get("geometricStandardDeviation"),
        "pedigree": _pedigree(given.get("pedigree")),
        **_price(given),
    }


def _price(given: Stated) -> dict[str, Any]:
    return {
        "currency": given.get("currency"),
        "price_year": given.get("priceYear"),
        "price_basis": given.get("priceBasis"),
    }


def product_key_value(given: Stated, problems: Problems, path: Path) -> values.ProductKey:
    """The value of a ProductKey at `path`."""
    id_ = given.get("id")
    if id_ is None:
        return values.ProductKey(product_id=given.get("productId"))
    return values.ProductKey(id=required_id(id_, "Product", problems, (*path, "id")))


def components_value(given: Stated) -> dict[str, Any]:
    """Components by PACT's names; None where absent."""
    return {name: given.get(name) for name in STATEABLE}


def _rule(given: Stated) -> values.ProductOrSectorSpecificRuleInput:
    return values.ProductOrSectorSpecificRuleInput(
        given["operator"], tuple(given["ruleNames"]), given.get("otherOperatorName")
    )


def _verification(given: Stated | None) -> values.VerificationInput | None:
    if given is None:
        return None
    return values.VerificationInput(
        coverage=given.get("coverage"),
        provider_name=given.get("providerName"),
        completed_at=given.get("completedAt"),
        standard_name=given.get("standardName"),
        comments=given.get("comments"),
    )


def _quality(given: Stated | None) -> values.DataQualityInput | None:
    if given is None:
        return None
    return values.DataQualityInput(given["technologicalDQR"], given["temporalDQR"], given["geographicalDQR"])


def _pedigree(given: Stated | None) -> values.PedigreeInput | None:
    if given is None:
        return None
    return values.PedigreeInput(
        reliability=given["reliability"],
        completeness=given["completeness"],
        temporal_correlation=given["temporalCorrelation"],
        geographical_correlation=given["geographicalCorrelation"],
        further_technological_correlation=given["furtherTechnologicalCorrelation"],
        basic_variance=given.get("basicVariance"),
        basic_geometric_standard_deviation=given.get("basicGeometricStandardDeviation"),
    )
