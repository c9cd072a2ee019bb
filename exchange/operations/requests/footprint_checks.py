"""Checks of a footprint as it comes in: everything that can be decided without the database.

What is refused and what is kept with a finding: docs/method.md, "Refused, or kept with a finding".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from exchange.model.carbon import NOT_NEGATIVE, NOT_POSITIVE, STATED, UNSPECIFIED, UPTAKE, CarbonComponents
from exchange.model.footprint import (
    NEVER_DAY,
    NEVER_US,
    NO_LINES,
    Declared,
    Finding,
    Footprint,
    LifeCycleStage,
    Line,
    Modelled,
    SystemBoundary,
)
from exchange.model.geography import COUNTRIES, REGIONS
from exchange.operations.requests import findings as found
from exchange.operations.requests.checks import Checker, day_not_before, years_later
from exchange.operations.requests.conformity_checks import check_rules, check_verification
from exchange.operations.requests.inputs import DeclaredInput, FootprintInput, ModelledInput
from exchange.operations.requests.line_checks import check_lines

_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}", re.ASCII)
_IPCC = re.compile(r"AR[1-9][0-9]?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked footprint without what the database and the transaction give it: ids, keys, bound lines."""

    footprint: Footprint
    lines: tuple[Line, ...]


def check_footprint(given: FootprintInput, at: Checker, now_us: int) -> Draft | None:
    """The footprint as a value; None where something required to make one was wrong. Problems go to `at`."""
    before = len(at.problems.found)
    at.above_zero(given.declared_unit_amount, "declaredUnitAmount")
    at.not_negative(given.product_mass_per_declared_unit, "productMassPerDeclaredUnit")
    at.percent(given.exempted_emissions_percent, "exemptedEmissionsPercent", below_100=True)
    at.not_negative(given.fossil_carbon_content, "fossilCarbonContent")
    _texts(given, at)
    _geography(given, at)
    price = at.price(given.declared_unit_of_measurement == "MONEY", given.currency, given.price_year, given.price_basis)
    quality = at.quality(given.data_quality, "dataQuality")
    rules = check_rules(given.product_rules, at)
    verification = check_verification(given.verification, at, now_us)
    period = _period(given, at)
    if (given.declared is None) == (given.modelled is None):
        given_kinds = {"declared": given.declared is not None, "modelled": given.modelled is not None}
        at.one_of("what the footprint states", given_kinds, "declared")
        return None
    if given.modelled and given.system_boundary is not SystemBoundary.CRADLE_TO_GATE:
        message = "a modelled footprint is computed from cradle to gate; state what lies beyond the gate by stage"
        at.add("CONTRADICTION", message, "systemBoundary", expected="CRADLE_TO_GATE", got=given.system_boundary)
    declared = _declared(given.declared, at.at("declared")) if given.declared else None
    modelled: Modelled | None = None
    lines: list[Line] = []
    if given.modelled:
        modelled, lines = _modelled(given.modelled, at.at("modelled"), in_release=given.release is not None)
    if len(at.problems.found) > before or period is None:
        return None
    start_us, end_us, valid_from, valid_until = period
    footprint = Footprint(
        id="",
        key=-1,
        pf_id=given.pf_id or "",
        preceding_pf_ids=given.preceding_pf_ids,
        product_id=given.product,
        product_key=-1,
        release_id=given.release,
        published_at_us=0,
        sequence=0,
        deprecated_at_us=NEVER_US,
        deprecated_sequence=NEVER_US,
        reference_period_start_us=start_us,
        reference_period_end_us=end_us,
        valid_from_day=valid_from,
        valid_until_day=valid_until,
        declared_unit_amount=given.declared_unit_amount,
        declared_unit=given.declared_unit_of_measurement,
        price=price,
        mass_kg_per_declared_unit=given.product_mass_per_declared_unit,
        geography_country=given.geography_country,
        geography_country_subdivision=given.geography_country_subdivision,
        geography_region_or_subregion=given.geography_region_or_subregion,
        boundary_processes_description=given.boundary_processes_description,
        ipcc_characterization_factors=given.ipcc_characterization_factors,
        cross_sectoral_standards=given.cross_sectoral_standards,
        exempted_emissions_percent=given.exempted_emissions_percent,
        exempted_emissions_description=given.exempted_emissions_description,
        fossil_carbon_content=given.fossil_carbon_content,
        data_quality=quality,
        comment=given.comment,
        declared=declared,
        modelled=modelled,
        boundary=given.system_boundary,
        product_rules=rules,
        verification=verification,
    )
    return Draft(replace(footprint, findings=tuple(_findings(footprint, lines, now_us))), tuple(lines))


def _texts(given: FootprintInput, at: Checker) -> None:
    # Cradle to grave is not PACT's: who reported it may never have said which factors or standards were used.
    fewest = 1 if given.system_boundary is SystemBoundary.CRADLE_TO_GATE else 0
    at.texts(given.ipcc_characterization_factors, "ipccCharacterizationFactors", fewest=fewest)
    for position, name in enumerate(given.ipcc_characterization_factors):
        if not _IPCC.fullmatch(name):
            steps = ("ipccCharacterizationFactors", str(position))
            message = "does not name an IPCC assessment report, such as AR6"
            at.add("NOT_KNOWN", message, *steps, expected="a name such as AR5 or AR6", got=name)
    if len(given.ipcc_characterization_factors) != len(set(given.ipcc_characterization_factors)):
        at.add("REPEATED", "names an assessment report twice", "ipccCharacterizationFactors")
    at.texts(given.cross_sectoral_standards, "crossSectoralStandards", fewest=fewest)
    at.text(given.boundary_processes_description, "boundaryProcessesDescription", lines=True)
    at.text(given.exempted_emissions_description, "exemptedEmissionsDescription", lines=True)
    at.text(given.comment, "comment", lines=True)
    if len(given.preceding_pf_ids) != len(set(given.preceding_pf_ids)):
        at.add("REPEATED", "names a footprint twice", "precedingPfIds")


def _geography(given: FootprintInput, at: Checker) -> None:
    country, region = given.geography_country, given.geography_region_or_subregion
    if country is not None and country not in COUNTRIES:
        message = "is no country's ISO 3166-1 alpha-2 code, such as CN"
        at.add("NOT_KNOWN", message, "geographyCountry", expected="a code such as CN", got=country)
    if given.geography_country_subdivision is not None:
        _subdivision(given.geography_country_subdivision, country, at)
    if region is not None and region not in REGIONS:
        steps = "geographyRegionOrSubregion"
        message = "is not a UN M49 region of PACT's list, such as Eastern Asia"
        at.add("NOT_KNOWN", message, steps, expected="a name such as Eastern Asia", got=region)


def _subdivision(given: str, country: str | None, at: Checker) -> None:
    """Its country has to be one; which subdivisions a country has changes too often to be known here."""
    steps, expected = "geographyCountrySubdivision", "a code such as CN-SH"
    if not _SUBDIVISION.fullmatch(given):
        message = "is no subdivision's ISO 3166-2 code, such as CN-SH"
        at.add("NOT_KNOWN", message, steps, expected=expected, got=given)
    elif given[:2] not in COUNTRIES:
        message = "does not begin with a country's ISO 3166-1 alpha-2 code, as CN-SH does"
        at.add("NOT_KNOWN", message, steps, expected=expected, got=given)
    elif country in COUNTRIES and given[:2] != country:
        message = f"lies in another country than geographyCountry says, which is {country}"
        at.add("CONTRADICTION", message, steps, expected=f"a code that begins with {country}-", got=given)


def _period(given: FootprintInput, at: Checker) -> tuple[int, int, int, int] | None:
    """Reference period in microseconds, validity in days; the default is three years from the period's end."""
    start = at.instant(given.reference_period_start, "referencePeriodStart")
    end = at.instant(given.reference_period_end, "referencePeriodEnd")
    valid_start = at.instant(given.validity_period_start, "validityPeriodStart")
    valid_end = at.instant(given.validity_period_end, "validityPeriodEnd")
    if valid_start is not None and valid_end is not None and valid_start >= valid_end:
        message = "the validity must end after it starts"
        _reversed(message, given.validity_period_start, given.validity_period_end, at, "validityPeriodEnd")
    if start is None or end is None:
        return None
    if start >= end:
        message = "the reference period must end after it starts"
        _reversed(message, given.reference_period_start, given.reference_period_end, at, "referencePeriodEnd")
        return None
    end_day = day_not_before(end)
    from_day = end_day if valid_start is None else day_not_before(valid_start)
    default_until = NEVER_DAY if given.release is not None else years_later(end_day, found.VALIDITY_YEARS)
    until_day = default_until if valid_end is None else day_not_before(valid_end)
    if from_day >= until_day:
        if valid_start is None or valid_end is None or valid_start < valid_end:
            days = "the validity holds no whole day (it starts at the end of the reference period unless stated)"
            at.add("REVERSED", days, "validityPeriodEnd", expected="a whole day (UTC) or more")
        return None
    return start, end, from_day, until_day


def _reversed(message: str, start: datetime | None, end: datetime | None, at: Checker, step: str) -> None:
    assert start is not None  # whoever calls has compared the two
    assert end is not None
    at.add("REVERSED", message, step, expected=f"after {start.isoformat()}", got=end.isoformat())


def check_components(given: dict[str, Decimal | None], at: Checker, *, direct: bool) -> CarbonComponents:
    """Known components by PACT name; signs as docs/method.md, "Components", has them."""
    amounts: dict[str, Decimal] = {}
    for name, amount in given.items():
        if amount is None:
            continue
        if name not in STATED and not (direct and name == UNSPECIFIED):
            at.add("NOT_KNOWN", "is not a component that can be stated here", name)
        elif name in NOT_NEGATIVE and amount < 0:
            at.add("SIGN", "is an emission and must not be negative", name, expected="≥ 0", got=amount)
        elif (name in NOT_POSITIVE or (name == UPTAKE and not direct)) and amount > 0:
            at.add("SIGN", "is a removal and must not be positive", name, expected="≤ 0", got=amount)
        amounts[name] = amount
    if "fossilGhgEmissions" not in amounts:
        at.add("REQUIRED", "is required", "fossilGhgEmissions", expected="≥ 0")
    return CarbonComponents(amounts)


def _declared(given: DeclaredInput, at: Checker) -> Declared:
    at.percent(given.primary_data_share, "primaryDataShare")
    deviation, pedigree = at.spread(given.geometric_standard_deviation, given.pedigree)
    at.not_negative(given.outbound_logistics_ghg_emissions, "outboundLogisticsGhgEmissions")
    at.not_negative(given.packaging_ghg_emissions, "packagingGhgEmissions")
    return Declared(
        excluding_kg_co2e=given.pcf_excluding_biogenic_uptake,
        including_kg_co2e=given.pcf_including_biogenic_uptake,
        components=check_components(given.components, at.at("components"), direct=False),
        outbound_logistics_kg_co2e=given.outbound_logistics_ghg_emissions,
        packaging_kg_co2e=given.packaging_ghg_emissions,
        primary_data_share_percent=given.primary_data_share,
        geometric_standard_deviation=deviation,
        pedigree=pedigree,
    )


def _modelled(given: ModelledInput, at: Checker, *, in_release: bool) -> tuple[Modelled, list[Line]]:
    at.percent(given.direct_primary_data_share, "directPrimaryDataShare")
    deviation, pedigree = at.spread(given.direct_geometric_standard_deviation, given.direct_pedigree, direct=True)
    at.not_negative(given.direct_packaging_ghg_emissions, "directPackagingGhgEmissions")
    direct: dict[LifeCycleStage, CarbonComponents] = {}
    for position, stage in enumerate(given.direct):
        below = at.at("direct", str(position))
        if stage.stage in direct:
            below.add("REPEATED", "states a life-cycle stage twice", "stage", got=stage.stage)
        direct[stage.stage] = check_components(stage.components, below.at("components"), direct=True)
    lines = check_lines(given.lines, at.at("lines"), in_release=in_release)
    modelled = Modelled(
        direct=direct,
        direct_primary_data_share_percent=given.direct_primary_data_share,
        direct_packaging_kg_co2e=given.direct_packaging_ghg_emissions,
        direct_geometric_standard_deviation=deviation,
        lines=NO_LINES,
        direct_pedigree=pedigree,
    )
    return modelled, lines


def _findings(footprint: Footprint, lines: list[Line], now_us: int) -> list[Finding]:
    """Of a footprint that may be kept; its lines are not yet in it."""
    end_us, mass = footprint.reference_period_end_us, footprint.mass_kg_per_declared_unit
    all_findings = [
        *found.exempted_findings(footprint.exempted_emissions_percent),
        *found.mass_findings(footprint.declared_unit, footprint.declared_unit_amount, mass),
        *found.period_findings(end_us, now_us),
        *found.characterization_findings(footprint.ipcc_characterization_factors),
        *found.size_findings(footprint),
    ]
    if footprint.valid_until_day != NEVER_DAY:
        all_findings += found.validity_findings(day_not_before(end_us), footprint.valid_until_day)
    if footprint.declared is not None:
        all_findings += found.declared_findings(footprint.declared)
    if footprint.modelled is not None:
        all_findings += found.modelled_findings(footprint.modelled, lines)
        all_findings += found.amount_findings(footprint, lines)
    return all_findings
