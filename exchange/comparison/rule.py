"""The rule: what keeps two results from being compared, and what has to be said beside a comparison.

Another boundary, unit dimension (or kind of money) or biogenic convention: not comparable. Anything else that differs
is a caveat; so is what is unknown on either side, because it is not known to be the same. A reason holds both values,
which are facts of the viewer that asks. Source: ISO 14067 6.2 and annex, ISO 14044 4.2.3.7 (docs/method.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final

from exchange.comparison.difference import Difference, difference_of
from exchange.comparison.subjects import ProductRule, Subject
from exchange.model.footprint import DataQuality
from exchange.units import Dimension, dimension

SHARE_STEP_PERCENT: Final = Decimal(10)  # primary data shares that far apart are told; less is the noise of accounting


class Verdict(StrEnum):
    COMPARABLE = "COMPARABLE"
    COMPARABLE_WITH_CAVEATS = "COMPARABLE_WITH_CAVEATS"
    NOT_COMPARABLE = "NOT_COMPARABLE"


class ReasonCode(StrEnum):
    """What a reason is about. The first four can prevent a comparison."""

    NO_RESULT = "NO_RESULT"
    BOUNDARY = "BOUNDARY"
    UNIT = "UNIT"
    BIOGENIC_CONVENTION = "BIOGENIC_CONVENTION"
    KIND = "KIND"
    PIECE = "PIECE"
    CHARACTERIZATION = "CHARACTERIZATION"
    PERIOD = "PERIOD"
    GEOGRAPHY = "GEOGRAPHY"
    RULES = "RULES"
    PRODUCT_RULES = "PRODUCT_RULES"
    DATA_QUALITY = "DATA_QUALITY"
    VERIFICATION = "VERIFICATION"
    GAPS = "GAPS"
    SPREAD = "SPREAD"


class Finding(StrEnum):
    DIFFERENT = "DIFFERENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Reason:
    """fields: those that differ or are unknown, by the API's names. one, other: their values; None: unknown or none."""

    code: ReasonCode
    finding: Finding
    prevents: bool
    fields: tuple[str, ...]
    one: tuple[str | None, ...]
    other: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """difference: None where the two are not comparable. Reasons that prevent it come first."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    difference: Difference | None


Values = tuple[str | None, ...]


def compare(one: Subject, other: Subject) -> Comparison:
    """The verdict of two results, with every reason that applies, in the order of ReasonCode."""
    reasons = tuple(_reasons(one, other))
    return comparison_of(reasons, None if any(r.prevents for r in reasons) else difference_of(one, other))


def comparison_of(reasons: tuple[Reason, ...], difference: Difference | None) -> Comparison:
    if any(reason.prevents for reason in reasons):
        return Comparison(Verdict.NOT_COMPARABLE, reasons, None)
    verdict = Verdict.COMPARABLE_WITH_CAVEATS if reasons else Verdict.COMPARABLE
    return Comparison(verdict, reasons, difference)


def _reasons(one: Subject, other: Subject) -> Iterator[Reason]:
    yield from _boundary(one, other)
    yield from _unit(one, other)
    yield from _convention(one, other)
    yield from _kind(one, other)
    yield from _piece(one, other)
    yield from _characterization(one, other)
    yield from _period(one, other)
    yield from _geography(one, other)
    yield from _rules(one, other)
    yield from _product_rules(one, other)
    yield from _quality(one, other)
    yield from _verification(one, other)
    yield from _gaps(one, other)
    yield from _spread(one, other)


def _different(code: ReasonCode, fields: Values, one: Values, other: Values, *, prevents: bool = False) -> Reason:
    """Of the fields, those in which the two differ."""
    apart = [at for at in range(len(fields)) if one[at] != other[at]]
    return _reason(code, Finding.DIFFERENT, apart, fields, one, other, prevents=prevents)


def _unknown(code: ReasonCode, fields: Values, one: Values, other: Values) -> Reason:
    """Of the fields, those that are unknown on either side."""
    missing = [at for at in range(len(fields)) if one[at] is None or other[at] is None]
    return _reason(code, Finding.UNKNOWN, missing, fields, one, other, prevents=False)


def _reason(
    code: ReasonCode, finding: Finding, at: list[int], fields: Values, one: Values, other: Values, *, prevents: bool
) -> Reason:
    names = tuple(str(fields[position]) for position in at)
    return Reason(code, finding, prevents, names, tuple(one[p] for p in at), tuple(other[p] for p in at))


def _boundary(one: Subject, other: Subject) -> Iterator[Reason]:
    if one.boundary is not other.boundary:
        fields = ("systemBoundary",)
        yield _different(ReasonCode.BOUNDARY, fields, (one.boundary,), (other.boundary,), prevents=True)


def _unit(one: Subject, other: Subject) -> Iterator[Reason]:
    """Kilograms and tons are one dimension; so are the same currency, year and basis, and no other money."""
    same = dimension(one.declared_unit) is dimension(other.declared_unit)
    if not same or one.price != other.price:
        fields = ("declaredUnitOfMeasurement", "currency", "priceYear", "priceBasis")
        yield _different(ReasonCode.UNIT, fields, _units(one), _units(other), prevents=True)


def _units(of: Subject) -> Values:
    price = of.price
    if price is None:
        return (of.declared_unit.value, None, None, None)
    return (of.declared_unit.value, price.currency, str(price.year), price.basis.value)


def _convention(one: Subject, other: Subject) -> Iterator[Reason]:
    fields, values = ("biogenicConvention",), ((one.convention,), (other.convention,))
    if one.convention is None or other.convention is None:
        yield _unknown(ReasonCode.BIOGENIC_CONVENTION, fields, *values)
    elif one.convention is not other.convention:
        yield _different(ReasonCode.BIOGENIC_CONVENTION, fields, *values, prevents=True)


def _kind(one: Subject, other: Subject) -> Iterator[Reason]:
    """One classification in common is enough: owners classify by several systems."""
    fields, values = ("classifications",), (_listed(one.classifications), _listed(other.classifications))
    if not one.classifications or not other.classifications:
        yield _unknown(ReasonCode.KIND, fields, *values)
    elif not set(one.classifications) & set(other.classifications):
        yield _different(ReasonCode.KIND, fields, *values)


def _piece(one: Subject, other: Subject) -> Iterator[Reason]:
    """A piece of one may be twice a piece of the other: only their masses tell."""
    if any(dimension(each.declared_unit) is not Dimension.PIECE for each in (one, other)):
        return
    fields, values = ("productMassPerDeclaredUnit",), ((_mass(one),), (_mass(other),))
    if one.mass_kg == 0 or other.mass_kg == 0:
        yield _unknown(ReasonCode.PIECE, fields, *values)
    elif one.mass_kg * other.declared_unit_amount != other.mass_kg * one.declared_unit_amount:
        yield _different(ReasonCode.PIECE, fields, *values)


def _characterization(one: Subject, other: Subject) -> Iterator[Reason]:
    """Of a mixed set it is not known which part used which, so that two equal ones are not known to be equal."""
    fields = ("ipccCharacterizationFactors",)
    values = (_listed(one.characterizations), _listed(other.characterizations))
    if set(one.characterizations) != set(other.characterizations) and one.characterizations and other.characterizations:
        yield _different(ReasonCode.CHARACTERIZATION, fields, *values)
    elif len(one.characterizations) != 1 or len(other.characterizations) != 1:
        yield Reason(ReasonCode.CHARACTERIZATION, Finding.UNKNOWN, False, fields, *values)


def _period(one: Subject, other: Subject) -> Iterator[Reason]:
    periods = (one.period_start_us, one.period_end_us), (other.period_start_us, other.period_end_us)
    if periods[0] != periods[1]:
        fields = ("referencePeriodStart", "referencePeriodEnd")
        yield _different(ReasonCode.PERIOD, fields, _instants(periods[0]), _instants(periods[1]))


def _geography(one: Subject, other: Subject) -> Iterator[Reason]:
    fields = ("geographyCountry", "geographyCountrySubdivision", "geographyRegionOrSubregion")
    places = [(each.country, each.country_subdivision, each.region) for each in (one, other)]
    if not any(places[0]) or not any(places[1]):
        yield _unknown(ReasonCode.GEOGRAPHY, fields[:1], places[0][:1], places[1][:1])
    elif places[0] != places[1]:
        yield _different(ReasonCode.GEOGRAPHY, fields, *places)


def _rules(one: Subject, other: Subject) -> Iterator[Reason]:
    fields, values = ("crossSectoralStandards",), (_listed(one.standards), _listed(other.standards))
    if not one.standards or not other.standards:
        yield _unknown(ReasonCode.RULES, fields, *values)
    elif set(one.standards) != set(other.standards):
        yield _reason(ReasonCode.RULES, Finding.DIFFERENT, [0], fields, *values, prevents=False)


def _product_rules(one: Subject, other: Subject) -> Iterator[Reason]:
    """Standards leave choices open that a product rule decides. Where neither side followed one, it is not known that
    both chose alike."""
    fields = ("productOrSectorSpecificRules",)
    values = [_listed(tuple(map(_rule_text, each.product_rules))) for each in (one, other)]
    if not one.product_rules and not other.product_rules:
        yield _unknown(ReasonCode.PRODUCT_RULES, fields, *values)
    elif set(one.product_rules) != set(other.product_rules):
        yield _reason(ReasonCode.PRODUCT_RULES, Finding.DIFFERENT, [0], fields, *values, prevents=False)


def _rule_text(rule: ProductRule) -> str:
    """Names in quotation marks, as JSON writes them: no two rules are one text."""
    operator, other, name = rule
    return f"{operator} {_quoted(other)} {_quoted(name)}" if other else f"{operator} {_quoted(name)}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _quality(one: Subject, other: Subject) -> Iterator[Reason]:
    """Ratings that differ as whole numbers, or shares that are ten points or more apart; and what is not rated."""
    fields = ("primaryDataShare", "technologicalDQR", "temporalDQR", "geographicalDQR")
    told = _qualities(one), _qualities(other)
    if None in told[0] or None in told[1]:
        yield _unknown(ReasonCode.DATA_QUALITY, fields, *told)
    apart = [at for at in range(4) if _apart(at, told[0][at], told[1][at])]
    if apart:
        yield _reason(ReasonCode.DATA_QUALITY, Finding.DIFFERENT, apart, fields, *told, prevents=False)


def _apart(at: int, one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return False
    if at == 0:
        return abs(Decimal(one) - Decimal(other)) >= SHARE_STEP_PERCENT
    return _level(one) != _level(other)


def _level(rating: str) -> Decimal:
    return Decimal(rating).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def _qualities(of: Subject) -> Values:
    rated: DataQuality | None = of.quality
    share = None if of.primary_data_share_percent is None else _plain(of.primary_data_share_percent)
    if rated is None:
        return (share, None, None, None)
    return (share, *map(_plain, (rated.technological, rated.temporal, rated.geographical)))


def _verification(one: Subject, other: Subject) -> Iterator[Reason]:
    """One verified and the other not; or both, of another coverage or against another standard, or unknown which."""
    if one.verification is None and other.verification is None:
        return
    told = _verified(one), _verified(other)
    if one.verification is None or other.verification is None:
        yield _different(ReasonCode.VERIFICATION, ("verification",), told[0][:1], told[1][:1])
        return
    fields = ("verification", "coverage", "standardName")
    if None in told[0] or None in told[1]:
        yield _unknown(ReasonCode.VERIFICATION, fields, *told)
    apart = [at for at in range(3) if None not in (told[0][at], told[1][at]) and told[0][at] != told[1][at]]
    if apart:
        yield _reason(ReasonCode.VERIFICATION, Finding.DIFFERENT, apart, fields, *told, prevents=False)


def _verified(of: Subject) -> Values:
    stated = of.verification
    return (None, None, None) if stated is None else ("stated", stated.coverage, stated.standard_name)


def _gaps(one: Subject, other: Subject) -> Iterator[Reason]:
    """A result without all of its inputs is too small, on both sides too: by how much is not known."""
    if one.has_gaps or other.has_gaps:
        values = (str(one.has_gaps).lower(),), (str(other.has_gaps).lower(),)
        finding = Finding.UNKNOWN if one.has_gaps == other.has_gaps else Finding.DIFFERENT
        yield Reason(ReasonCode.GAPS, finding, False, ("hasGaps",), *values)


def _spread(one: Subject, other: Subject) -> Iterator[Reason]:
    """Whether a difference means anything is known only where all that both results rest on has a stated spread."""
    if any(each.lower_kg_co2e is None or each.covered_percent < 100 for each in (one, other)):
        values = [(None if each.lower_kg_co2e is None else _plain(each.covered_percent),) for each in (one, other)]
        yield Reason(ReasonCode.SPREAD, Finding.UNKNOWN, False, ("coveredPercent",), *values)


def _listed(names: tuple[str, ...]) -> Values:
    return (", ".join(sorted(set(names))) or None,)


def _mass(of: Subject) -> str | None:
    return None if of.mass_kg == 0 else _plain(of.mass_kg)


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _instants(microseconds: tuple[int, int]) -> Values:
    return tuple(
        datetime.fromtimestamp(each / 1_000_000, tz=UTC).isoformat().replace("+00:00", "Z") for each in microseconds
    )
