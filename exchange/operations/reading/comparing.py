"""Comparing products as their viewer sees them: what was shown of each becomes a subject, and the rule is asked.

Nothing is read here: footprints, roll-ups and products come as answers, which hold no more than their viewer may see.
Two products are compared within a boundary that both have a footprint of; cradle to gate first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exchange.comparison import BiogenicConvention, Comparison, Finding, Reason, ReasonCode, Subject, compare
from exchange.comparison.rule import comparison_of
from exchange.comparison.subjects import ProductRule
from exchange.model.carbon import UPTAKE
from exchange.model.conformity import ProductOrSectorSpecificRule
from exchange.model.footprint import DataQuality, SystemBoundary
from exchange.operations.answers.values import (
    DeclaredAnswer,
    FootprintAnswer,
    ProductAnswer,
    RefusedAnswer,
    RollUpAnswer,
)
from exchange.rollup import interval_of
from exchange.rollup.standings import are_unrated

GATE, GRAVE = SystemBoundary.CRADLE_TO_GATE, SystemBoundary.CRADLE_TO_GRAVE
ALL_PERCENT: Final = Decimal(100)

MESSAGES: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.NO_RESULT: "One of the products has no result on these dates: choose other dates.",
    ReasonCode.BOUNDARY: "One result ends at the gate and the other counts use and end of life, too.",
    ReasonCode.UNIT: "The declared units measure different things, or money of another kind.",
    ReasonCode.BIOGENIC_CONVENTION: "Whether both results leave out what biomass took up is not so, or not known.",
    ReasonCode.KIND: "The products have no classification in common: they may serve different purposes.",
    ReasonCode.PIECE: "A piece of one does not weigh what a piece of the other does, as far as is known.",
    ReasonCode.CHARACTERIZATION: "The gases were weighed by different reports, or it is not known by which.",
    ReasonCode.PERIOD: "The data describe different times.",
    ReasonCode.GEOGRAPHY: "The data describe different places, or it is not known which.",
    ReasonCode.RULES: "The results were made by different standards, or it is not known by which.",
    ReasonCode.PRODUCT_RULES: "The two did not follow the same rules for this kind of product, as far as is known.",
    ReasonCode.DATA_QUALITY: "The data are not equally good, or it is not known how good they are.",
    ReasonCode.VERIFICATION: "One is verified and the other is not, or not in the same way, as far as is known.",
    ReasonCode.GAPS: "Inputs are missing in a result, which is too small by what they carry.",
    ReasonCode.SPREAD: "Not all that the results rest on has a stated spread: a difference may be chance.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a viewer is shown of a product on the dates asked about: the footprint that stands in each boundary."""

    product: ProductAnswer
    standing: Mapping[SystemBoundary, FootprintAnswer]
    cradle_to_gate: RollUpAnswer | RefusedAnswer

    @property
    def boundary(self) -> SystemBoundary | None:
        """The one that its result is of, cradle to gate first; None: it has none."""
        return next((boundary for boundary in (GATE, GRAVE) if boundary in self.standing), None)


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """A product with the result that was compared: kg CO2e per its own declared unit; None where it has none."""

    product_key: int
    footprint_id: str | None
    boundary: SystemBoundary | None
    kg_co2e: Decimal | None


@dataclass(frozen=True, slots=True)
class ComparisonAnswer:
    one: ComparedSide
    other: ComparedSide
    comparison: Comparison


def compare_shown(one: Shown, other: Shown) -> ComparisonAnswer:
    """May compute spreads, which takes long: call it in a turn."""
    common = next((b for b in (GATE, GRAVE) if b in one.standing and b in other.standing), None)
    of = [common or each.boundary for each in (one, other)]
    subjects = [_subject(each, boundary) for each, boundary in zip((one, other), of, strict=True)]
    first, second = subjects
    if first is None or second is None:
        codes = tuple(
            (None if subject else _refusal(each),) for each, subject in zip((one, other), subjects, strict=True)
        )
        reason = Reason(ReasonCode.NO_RESULT, Finding.UNKNOWN, True, ("code",), *codes)
        comparison = comparison_of((reason,), None)
    else:
        comparison = compare(first, second)
    sides = [_side(*each) for each in zip((one, other), of, subjects, strict=True)]
    return ComparisonAnswer(sides[0], sides[1], comparison)


def _refusal(of: Shown) -> str | None:
    return of.cradle_to_gate.code if isinstance(of.cradle_to_gate, RefusedAnswer) else None


def _side(of: Shown, boundary: SystemBoundary | None, subject: Subject | None) -> ComparedSide:
    footprint = None if boundary is None else of.standing[boundary]
    return ComparedSide(
        product_key=of.product.product.key,
        footprint_id=None if footprint is None else footprint.id,
        boundary=boundary,
        kg_co2e=None if subject is None else subject.kg_co2e,
    )


@dataclass(frozen=True, slots=True)
class _Result:
    """What of a subject is the result's, and not its footprint's. interval: None where the spread is not known."""

    boundary: SystemBoundary
    kg_co2e: Decimal
    interval: tuple[Decimal | None, Decimal | None]
    covered_percent: Decimal
    convention: BiogenicConvention | None
    characterizations: tuple[str, ...]
    primary_data_share_percent: Decimal | None
    quality: DataQuality | None
    has_gaps: bool


def _subject(of: Shown, boundary: SystemBoundary | None) -> Subject | None:
    if boundary is None:
        return None
    footprint = of.standing[boundary]
    if boundary is GRAVE:
        result = _stated(footprint)
    elif isinstance(of.cradle_to_gate, RefusedAnswer):
        return None
    else:
        result = _computed(of.cradle_to_gate)
    return Subject(
        boundary=result.boundary,
        kg_co2e=result.kg_co2e,
        lower_kg_co2e=result.interval[0],
        upper_kg_co2e=result.interval[1],
        covered_percent=result.covered_percent,
        convention=result.convention,
        declared_unit_amount=footprint.declared_unit_amount,
        declared_unit=footprint.declared_unit,
        price=footprint.price,
        mass_kg=footprint.mass_kg_per_declared_unit,
        period_start_us=footprint.reference_period_start_us,
        period_end_us=footprint.reference_period_end_us,
        country=footprint.geography_country,
        country_subdivision=footprint.geography_country_subdivision,
        region=footprint.geography_region_or_subregion,
        characterizations=result.characterizations,
        standards=footprint.cross_sectoral_standards,
        product_rules=product_rules(footprint.product_rules),
        verification=footprint.verification,
        classifications=of.product.product.classifications,
        primary_data_share_percent=result.primary_data_share_percent,
        quality=result.quality,
        has_gaps=result.has_gaps,
    )


def _computed(result: RollUpAnswer) -> _Result:
    """A cradle-to-gate result: excluding uptake by its definition, and rated over the whole chain."""
    spread, rated, share = result.uncertainty(), result.data_quality, result.primary_data_share_percent
    unrated = are_unrated((rated.technological, rated.temporal, rated.geographical))
    return _Result(
        boundary=GATE,
        kg_co2e=result.excluding_kg_co2e,
        interval=(spread.lower_kg_co2e, spread.upper_kg_co2e),
        covered_percent=spread.covered_percent,
        convention=BiogenicConvention.EXCLUDING_UPTAKE,
        characterizations=result.ipcc_characterization_factors,
        primary_data_share_percent=None if unrated and not share else share,
        quality=None if unrated else rated,
        has_gaps=result.has_gaps or bool(result.gaps),
    )


def product_rules(rules: Iterable[ProductOrSectorSpecificRule]) -> tuple[ProductRule, ...]:
    """Each rule with whose it is. Names are compared as people read them: composed alike, without blanks around."""
    return tuple(
        (rule.operator, _read(rule.other_operator_name or ""), _read(name))
        for rule in rules
        for name in rule.rule_names
    )


def _read(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def convention_of(declared: DeclaredAnswer) -> BiogenicConvention | None:
    """Of a stated result. One number for both totals, with uptake left unknown, does not say whether it counts uptake:
    None."""
    unclear = UPTAKE in declared.unknown_components and declared.excluding_kg_co2e == declared.including_kg_co2e
    return None if unclear else BiogenicConvention.EXCLUDING_UPTAKE


def _stated(footprint: FootprintAnswer) -> _Result:
    """A cradle-to-grave result, as it was stated."""
    declared = footprint.declared
    assert declared is not None  # only a declared footprint is cradle to grave, and its result is shown with it
    deviation = declared.geometric_standard_deviation
    spread = None
    if deviation is not None and declared.excluding_kg_co2e > 0:
        spread = interval_of(declared.excluding_kg_co2e, deviation)
    return _Result(
        boundary=GRAVE,
        kg_co2e=declared.excluding_kg_co2e,
        interval=spread or (None, None),
        covered_percent=Decimal(0) if spread is None else ALL_PERCENT,
        convention=convention_of(declared),
        characterizations=footprint.ipcc_characterization_factors,
        primary_data_share_percent=declared.primary_data_share_percent,
        quality=footprint.data_quality,
        has_gaps=False,
    )
