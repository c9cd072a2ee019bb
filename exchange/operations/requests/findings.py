"""Findings: what is kept but worth a second look (docs/method.md, "Refused, or kept with a finding")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from exchange.model.carbon import EXCLUDING, UNSPECIFIED, UPTAKE
from exchange.model.footprint import Declared, Finding, Footprint, LifeCycleStage, Line, Modelled
from exchange.operations.requests.checks import US_PER_DAY, date_of_day, years_later
from exchange.units import Dimension, dimension, size

VALIDITY_YEARS = 3
EXEMPTED_PERCENT_HIGH = Decimal(3)  # PACT Methodology: exemptions stay below 3 % of the footprint
KG_CO2E_PER_KG_IMPLAUSIBLE = Decimal(10_000)  # beyond any bulk material; a slip of units, most likely
AMOUNT_PER_KG_IMPLAUSIBLE = Decimal(
    10_000_000
)  # kg, litre, MJ, … of a line; a kg of diamonds takes 5,000,000 kg of rock
PER_UNIT_IMPLAUSIBLE = Decimal(10**12)  # where there is no mass: more than a large power plant burns in a year
WITHOUT_SIZE = (Dimension.MONEY, Dimension.DATA)  # a kilogram may be worth any sum, and hold any number of bits
THREE_DIGITS = Context(prec=3)
ASSESSMENT_REPORT_LATEST = 6  # of 2021; the next one is due in 2029
TRANSPORT_FINDINGS = frozenset({"TRANSPORT_COUNTED_TWICE", "TRANSPORT_NOT_COUNTED"})  # roll-ups tell them again


def declared_findings(declared: Declared) -> Iterable[Finding]:
    """Sums that do not meet their parts, and a primary data share that looks like a fraction."""
    known = [declared.components.get(name) for name in EXCLUDING if name != UNSPECIFIED]
    stated = [declared.components.amounts[name] for name in EXCLUDING if name in declared.components.amounts]
    yield from _sum_finding("pcfExcludingBiogenicUptake", declared.excluding_kg_co2e, sum(known, Decimal(0)), stated)
    uptake = declared.components.get(UPTAKE)
    parts = [declared.excluding_kg_co2e] + ([uptake] if UPTAKE in declared.components.amounts else [])
    total = declared.excluding_kg_co2e + uptake
    yield from _sum_finding("pcfIncludingBiogenicUptake", declared.including_kg_co2e, total, parts)
    yield from fraction_finding(declared.primary_data_share_percent, ("declared", "primaryDataShare"))


def _sum_finding(name: str, stated: Decimal, summed: Decimal, parts: list[Decimal]) -> Iterable[Finding]:
    """Where the difference exceeds half a unit in the last place of every number, summed."""
    slack = sum((_half_unit(number) for number in [stated, *parts]), Decimal(0))
    if abs(stated - summed) > slack:
        message = f"{name} differs from the sum of its components; the difference is kept as unspecified."
        yield Finding("SUM_DIFFERS", "WARNING", message, ("declared", name), _plain(summed), _plain(stated))


def _half_unit(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal(5).scaleb(int(exponent) - 1)


def fraction_finding(share: Decimal | None, path: tuple[str, ...]) -> Iterable[Finding]:
    if share is not None and 0 < share <= 1:
        message = "A primary data share of at most 1 percent: was it meant as a fraction? It is a percentage."
        yield Finding("PRIMARY_DATA_SHARE_LOW", "WARNING", message, path, "percent, 0 to 100", _plain(share))


def modelled_findings(modelled: Modelled, lines: list[Line]) -> Iterable[Finding]:
    yield from fraction_finding(modelled.direct_primary_data_share_percent, ("modelled", "directPrimaryDataShare"))
    yield from _transport_findings(lines)


def _transport_findings(lines: list[Line]) -> Iterable[Finding]:
    """Inbound transport is either a line of its own or `delivered`: not both, not neither.

    The lines alone tell, so it is found once, here. Some goods may come delivered and others by a transport line; only
    where each is delivered is there nothing left for the line to bring.
    """
    bought = [line for line in lines if line.stage == LifeCycleStage.RAW_MATERIAL_ACQUISITION]
    carried = [line for line in bought if dimension(line.unit) == Dimension.TRANSPORT]
    goods = [line for line in bought if dimension(line.unit) in (Dimension.MASS, Dimension.VOLUME, Dimension.PIECE)]
    delivered = [line for line in goods if line.delivered]
    path = ("modelled", "lines")
    if delivered and carried and len(delivered) == len(goods):
        message = "Every good is marked delivered, and there are transport lines: is transport counted twice?"
        yield Finding("TRANSPORT_COUNTED_TWICE", "WARNING", message, path)
    if goods and not delivered and not carried:
        message = "Goods are bought, but neither a transport line nor `delivered` brings them: is transport missing?"
        yield Finding("TRANSPORT_NOT_COUNTED", "INFO", message, path)


def validity_findings(period_end_day: int, valid_until_day: int) -> Iterable[Finding]:
    last = years_later(period_end_day, VALIDITY_YEARS)
    if valid_until_day > last:
        message = "The footprint is stated to hold for more than three years after its reference period."
        path, expected = ("validityPeriodEnd",), f"≤ {date_of_day(last).isoformat()}"
        got = date_of_day(valid_until_day).isoformat()
        yield Finding("VALIDITY_OVER_THREE_YEARS", "WARNING", message, path, expected, got)


def exempted_findings(percent: Decimal) -> Iterable[Finding]:
    if percent > EXEMPTED_PERCENT_HIGH:
        message = "More than 3 percent of the footprint is exempted."
        yield Finding("EXEMPTED_HIGH", "WARNING", message, ("exemptedEmissionsPercent",), "≤ 3", _plain(percent))


def mass_findings(unit: str, amount: Decimal, mass: Decimal) -> Iterable[Finding]:
    if unit == "KILOGRAM" and mass != amount:
        message = "A product declared in kilogram has its declared amount as its mass."
        path = ("productMassPerDeclaredUnit",)
        yield Finding("MASS_DIFFERS", "WARNING", message, path, _plain(amount), _plain(mass))


def period_findings(end_us: int, now_us: int) -> Iterable[Finding]:
    end, today = date_of_day(end_us // US_PER_DAY), date_of_day(now_us // US_PER_DAY)
    if end > today:
        message = "The reference period is not over: were all of its data known?"
        path, expected = ("referencePeriodEnd",), f"≤ {today.isoformat()}"
        yield Finding("REFERENCE_PERIOD_NOT_OVER", "WARNING", message, path, expected, end.isoformat())


def characterization_findings(names: Sequence[str]) -> Iterable[Finding]:
    """PACT takes any `AR` with a number; some reports are not written yet."""
    unknown = [name for name in names if int(name.removeprefix("AR")) > ASSESSMENT_REPORT_LATEST]
    if unknown:
        message = "No IPCC assessment report of this number is known."
        path, expected = ("ipccCharacterizationFactors",), f"AR1 to AR{ASSESSMENT_REPORT_LATEST}"
        yield Finding("CHARACTERIZATION_FACTORS_UNKNOWN", "WARNING", message, path, expected, ", ".join(unknown))


def size_findings(footprint: Footprint) -> Iterable[Finding]:
    """The largest of the stated emissions, where it is more than a product of this mass can carry."""
    mass = footprint.mass_kg_per_declared_unit
    bound = KG_CO2E_PER_KG_IMPLAUSIBLE * mass if mass > 0 else _unit_bound(footprint)
    path, largest = max(_stated_kg_co2e(footprint), key=lambda stated: abs(stated[1]), default=((), Decimal(0)))
    if abs(largest) > bound:
        message = "More than a product of this mass, or of this amount, can carry: are the units right?"
        yield Finding("SIZE_IMPLAUSIBLE", "WARNING", message, path, f"≤ {_shortest(bound)} kg CO2e", _plain(largest))


def _stated_kg_co2e(footprint: Footprint) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    """What a footprint states itself, with its field; not the components of a stated total."""
    declared, modelled = footprint.declared, footprint.modelled
    if declared is not None:
        yield ("declared", "pcfExcludingBiogenicUptake"), declared.excluding_kg_co2e
        yield ("declared", "pcfIncludingBiogenicUptake"), declared.including_kg_co2e
    if modelled is not None:
        for position, components in enumerate(modelled.direct.values()):
            for name, amount in components.amounts.items():
                yield ("modelled", "direct", str(position), "components", name), amount


def amount_findings(footprint: Footprint, lines: Sequence[Line]) -> Iterable[Finding]:
    """The first line, or its fallback, of which the product takes too much: one finding, however many there are."""
    mass, of_a_unit = footprint.mass_kg_per_declared_unit, _unit_bound(footprint)
    of_mass = AMOUNT_PER_KG_IMPLAUSIBLE * mass if mass > 0 else of_a_unit
    for line in lines:
        for used, below in ((line, ()), (line.fallback, ("fallback",))):
            if used is None:
                continue
            bound = of_a_unit if dimension(used.unit) in WITHOUT_SIZE else of_mass
            if abs(used.amount) * size(used.unit) > bound:
                message = "More than a product of this mass, or of this amount, can take: are the units right?"
                path = ("modelled", "lines", str(line.number - 1), *below, "amount")
                expected = f"≤ {_shortest(THREE_DIGITS.divide(bound, size(used.unit)))}"
                yield Finding("SIZE_IMPLAUSIBLE", "WARNING", message, path, expected, _plain(used.amount))
                return


def withdrawn_finding(stood_before: bool, stands: bool) -> Iterable[Finding]:
    """Where a footprint was withdrawn and nothing stands for its product today that did before."""
    if stood_before and not stands:
        message = "Nothing stands for the product today any more: its roll-up is refused, and a line to it is a gap. A "
        message += "footprint that this one replaced does not stand again; publish the values that hold."
        yield Finding("NOTHING_STANDS", "WARNING", message, ("product",))


def _unit_bound(footprint: Footprint) -> Decimal:
    return PER_UNIT_IMPLAUSIBLE * footprint.declared_unit_amount


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _shortest(number: Decimal) -> str:
    """What was computed: its last digits may be zeros that nobody stated."""
    text = _plain(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
