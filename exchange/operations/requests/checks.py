"""Checks of single fields: each adds a problem that names the field, what was expected and what was got."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from exchange.errors import Problems
from exchange.model.footprint import NEVER_US, DataQuality, Price, PriceBasis
from exchange.model.pedigree import BASIC_DEVIATION_MAX, BASIC_VARIANCE_MAX, SCORES, Pedigree
from exchange.model.text import LAST_CONTROL_CHARACTER, shows_nothing, steering_character
from exchange.model.urns import is_name, names_something, normal_urn
from exchange.operations.requests.inputs import DataQualityInput, PedigreeInput

TEXT_LENGTH_MAX = 65_536  # a description may be long; the database takes 1 MiB in one property
NAME_LENGTH_MAX = 512  # a name is indexed for ordering, and indexed text has a bound of 4 KiB
LIST_LENGTH_MAX = 100  # identifiers, classifications, standards: nobody needs more, and each is an index entry
YEAR_MIN, YEAR_MAX = 1900, 2200
YEARS = f"{YEAR_MIN} to {YEAR_MAX}"
# What a MONEY amount has besides, and how each of them looks.
PRICE_FIELDS = {"currency": "a code such as USD", "priceYear": YEARS, "priceBasis": "BASIC, PRODUCER or PURCHASER"}
US_PER_DAY = 86_400_000_000
_SPREAD_FIELDS = ("geometricStandardDeviation", "pedigree")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_us(value: datetime) -> int:
    """Microseconds since 1970 of an aware instant, exactly."""
    return (value - _EPOCH) // _MICROSECOND


def day_not_before(instant: int) -> int:
    """The first day (since 1970, its 00:00 UTC) that is not before an instant in microseconds."""
    return -(-instant // US_PER_DAY)


def day_of(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - date(1970, 1, 1).toordinal()


def date_of_day(day: int) -> date:
    return date.fromordinal(day + date(1970, 1, 1).toordinal())


def years_later(day: int, years: int) -> int:
    """The same date some years later; 29 February becomes 28."""
    found = date_of_day(day)
    try:
        return day_of(found.replace(year=found.year + years))
    except ValueError:
        return day_of(found.replace(year=found.year + years, day=28))


def joined(names: Sequence[str], last: str = "and") -> str:
    """Names as a sentence lists them: a, b and c."""
    *before, end = names
    return f"{', '.join(before)} {last} {end}" if before else end


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks fields below one path of an input; all problems end up in one list."""

    problems: Problems
    path: tuple[str, ...]

    def at(self, *steps: str) -> Checker:
        return Checker(self.problems, (*self.path, *steps))

    def add(self, code: str, message: str, *steps: str, expected: str | None = None, got: object = None) -> None:
        shown = None if got is None else str(got)[:200]
        self.problems.add(code, message, (*self.path, *steps), expected=expected, got=shown)

    def text(
        self,
        value: str | None,
        *steps: str,
        longest: int = TEXT_LENGTH_MAX,
        required: bool = False,
        lines: bool = False,
    ) -> None:
        """Text that can be stored and shown: not longer than the bound, nothing in it that steers a terminal, no lone
        surrogate; something to be seen, unless it is empty and not required. `lines`: of more than one line."""
        if value is None:
            return
        if required and shows_nothing(value):
            self._empty(value.strip(), *steps)
        if len(value) > longest:
            message = f"has {len(value)} characters; shorten it to {longest}"
            self.add("TOO_LONG", message, *steps, expected=f"≤ {longest} characters", got=f"{len(value)} characters")
        if any("\ud800" <= character <= "\udfff" for character in value):
            self.add("TEXT_INVALID", "contains half of a surrogate pair; send valid Unicode", *steps)
        steering = steering_character(value, lines=lines)
        if steering is not None:
            named = f"U+{ord(steering):04X}"
            message = f"contains the control character {named}; remove it"
            if ord(steering) > LAST_CONTROL_CHARACTER:
                message = f"contains {named}, which overrides the direction of writing; remove it"
            elif not lines and steering in "\r\n\t":
                message = f"stands on one line; put a space for {named} in it"
            self.add("TEXT_INVALID", message, *steps, got=named)
        elif value and not required and shows_nothing(value):
            seen = "a character that can be seen, or nothing"
            message = (
                "shows nothing: all of its characters are blank or invisible; write what people can read, or leave"
            )
            self.add("TEXT_INVALID", f"{message} it out", *steps, expected=seen, got=f"U+{ord(value[0]):04X}")

    def _empty(self, left: str, *steps: str) -> None:
        """left: what is there besides blanks, all of it invisible."""
        if not left:
            self.add("REQUIRED", "must not be empty", *steps)
            return
        named = f"U+{ord(left[0]):04X}"
        message = f"shows nothing: all of its characters are invisible, such as {named}; write what people can read"
        self.add("REQUIRED", message, *steps, expected="a character that can be seen", got=named)

    def one_of(self, what: str, given: Mapping[str, bool], *steps: str) -> None:
        """Exactly one of several fields. what: what they say together; given: whether each of them is there."""
        if sum(given.values()) == 1:
            return
        named = [name for name, there in given.items() if there]
        gave = joined(named) if named else "none of them"
        message = f"{what}: name exactly one of {joined(list(given))}; you gave {gave}"
        self.add("ONE_OF", message, *steps, expected=joined(list(given), "or"), got=joined(named) if named else None)

    def texts(self, values: Sequence[str], *steps: str, fewest: int = 0) -> None:
        if len(values) < fewest:
            self.add(
                "REQUIRED", f"needs at least {fewest} entry", *steps, expected=f"≥ {fewest} entry", got=len(values)
            )
        self.not_too_many(values, *steps)
        for position, value in enumerate(values[:LIST_LENGTH_MAX]):
            self.text(value, *steps, str(position), longest=NAME_LENGTH_MAX, required=True)

    def not_too_many(self, values: Sequence[object], *steps: str) -> None:
        if len(values) > LIST_LENGTH_MAX:
            message = f"has {len(values)} entries; at most {LIST_LENGTH_MAX}"
            self.add("TOO_MANY", message, *steps, expected=f"≤ {LIST_LENGTH_MAX} entries", got=len(values))

    def urn(self, value: str, *steps: str) -> str:
        """The normal spelling; a problem where it is not a URN, or more than a name."""
        found = normal_urn(value)
        if found is None:
            expected = "a URN such as urn:pact:your-domain:…"
            self.add("URN_INVALID", "is not a URN (RFC 8141)", *steps, expected=expected, got=value)
        elif not is_name(found):
            message = "has an r-, q- or f-component, which is no part of a name; leave out what begins with ?+, ?= or #"
            self.add("URN_INVALID", message, *steps, expected=re.split(r"[?#]", found)[0], got=value)
        return found or value

    def identifier(self, value: str, *steps: str) -> str:
        """The normal spelling of a URN that is to stand for one thing; a problem where it stands for none."""
        before, found = len(self.problems.found), self.urn(value, *steps)
        if len(self.problems.found) == before and not names_something(found):
            message = "ends where the name of the thing belongs; write one after the last colon"
            self.add("URN_INVALID", message, *steps, expected=f"{found.rstrip(':')}:…", got=value)
        return found

    def above_zero(self, value: Decimal, *steps: str) -> None:
        if value <= 0:
            self.add("OUT_OF_RANGE", "must be greater than 0", *steps, expected="> 0", got=value)

    def not_negative(self, value: Decimal | None, *steps: str) -> None:
        if value is not None and value < 0:
            self.add("OUT_OF_RANGE", "must not be negative", *steps, expected="≥ 0", got=value)

    def percent(self, value: Decimal | None, *steps: str, below_100: bool = False) -> None:
        if value is None:
            return
        if value < 0 or value > 100 or (below_100 and value == 100):
            expected = "0 to below 100" if below_100 else "0 to 100"
            self.add("OUT_OF_RANGE", f"is a percentage: {expected}", *steps, expected=expected, got=value)

    def deviation(self, value: Decimal | None, *steps: str) -> None:
        """A geometric standard deviation is a factor: 1 is certain."""
        if value is not None and value < 1:
            self.add("OUT_OF_RANGE", "is a factor and never below 1", *steps, expected="≥ 1", got=value)

    def spread(
        self, deviation: Decimal | None, pedigree: PedigreeInput | None, *, direct: bool = False
    ) -> tuple[Decimal | None, Pedigree | None]:
        """How uncertain a number is, stated as a deviation or by pedigree scores, and not both: the deviation that
        counts, and the scores. `direct`: of direct emissions, whose fields say so."""
        names = ("directGeometricStandardDeviation", "directPedigree") if direct else _SPREAD_FIELDS
        self.deviation(deviation, names[0])
        if pedigree is None:
            return deviation, None
        if deviation is not None:
            for name, other in (names, names[::-1]):
                message = f"is stated beside {other}, and both say the spread; leave one of the two out"
                self.add("CONTRADICTION", message, name, expected=f"{names[0]} or {names[1]}")
        found = self.at(names[1]).pedigree(pedigree)
        return (None if found is None else found.geometric_standard_deviation), found

    def pedigree(self, value: PedigreeInput) -> Pedigree | None:
        """Pedigree scores with their basic uncertainty; None where something is wrong with them."""
        before = len(self.problems.found)
        scores = {
            "reliability": value.reliability,
            "completeness": value.completeness,
            "temporalCorrelation": value.temporal_correlation,
            "geographicalCorrelation": value.geographical_correlation,
            "furtherTechnologicalCorrelation": value.further_technological_correlation,
        }
        for name, score in scores.items():
            if type(score) is not int or score not in SCORES:
                message = "is a whole number from 1 (best) to 5 (worst)"
                self.add("OUT_OF_RANGE", message, name, expected="1, 2, 3, 4 or 5", got=score)
        variance, deviation = value.basic_variance, value.basic_geometric_standard_deviation
        stated = {"basicVariance": variance is not None, "basicGeometricStandardDeviation": deviation is not None}
        self.one_of("the basic uncertainty", stated, "basicVariance")
        self._within(variance, Decimal(0), BASIC_VARIANCE_MAX, "basicVariance")
        self._within(deviation, Decimal(1), BASIC_DEVIATION_MAX, "basicGeometricStandardDeviation")
        if len(self.problems.found) > before:
            return None
        return Pedigree(variance, deviation, *scores.values())

    def _within(self, value: Decimal | None, least: Decimal, most: Decimal, *steps: str) -> None:
        if value is not None and not least <= value <= most:
            expected = f"{least} to {most}"
            self.add("OUT_OF_RANGE", f"must be {expected}", *steps, expected=expected, got=value)

    def quality(self, value: DataQualityInput | None, *steps: str) -> DataQuality | None:
        if value is None:
            return None
        ratings = {
            "technologicalDQR": value.technological_dqr,
            "temporalDQR": value.temporal_dqr,
            "geographicalDQR": value.geographical_dqr,
        }
        for name, rating in ratings.items():
            if not 1 <= rating <= 5:
                self.add(
                    "OUT_OF_RANGE", "is rated from 1 (best) to 5 (worst)", *steps, name, expected="1 to 5", got=rating
                )
        return DataQuality(*ratings.values())

    def price(
        self, money: bool, currency: str | None, year: int | None, basis: PriceBasis | None, *steps: str
    ) -> Price | None:
        """What a MONEY amount needs, and nothing else may have: currency, year and basis of the price."""
        given = {"currency": currency, "priceYear": year, "priceBasis": basis}
        if not money:
            for name, value in given.items():
                if value is not None:
                    self.add("NOT_MONEY", "belongs to MONEY amounts only; leave it out", *steps, name, got=value)
            return None
        for name, value in given.items():
            if value is None:
                message, expected = "is required for a MONEY amount", PRICE_FIELDS[name]
                self.add("REQUIRED", message, *steps, name, expected=expected)
        if currency is not None and not (
            len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()
        ):
            message, expected = "is not an ISO 4217 code, such as USD", PRICE_FIELDS["currency"]
            self.add("CURRENCY_INVALID", message, *steps, "currency", expected=expected, got=currency)
        if year is not None and not YEAR_MIN <= year <= YEAR_MAX:
            self.add("OUT_OF_RANGE", f"is not a year of {YEARS}", *steps, "priceYear", expected=YEARS, got=year)
        if currency is None or year is None or basis is None:
            return None
        return Price(currency, year, basis)

    def instant(self, value: datetime | None, *steps: str) -> int | None:
        """Microseconds since 1970; a problem where the year is outside what the exchange keeps."""
        if value is None:
            return None
        if not YEAR_MIN <= value.year <= YEAR_MAX:
            self.add("OUT_OF_RANGE", f"is outside {YEARS}", *steps, expected=YEARS, got=value.isoformat())
            return None
        return instant_us(value)

    def day(self, value: date, *steps: str) -> int:
        """Days since 1970; a problem where the year is outside what the exchange keeps."""
        if not YEAR_MIN <= value.year <= YEAR_MAX:
            self.add("OUT_OF_RANGE", f"is outside {YEARS}", *steps, expected=YEARS, got=value.isoformat())
        return day_of(value)


def open_end(value: int | None) -> int:
    """An instant that may be absent, as it is kept."""
    return NEVER_US if value is None else value


def first_of_month(day: int) -> int:
    """The first day of the month that a day is in: how exactly validity is shown to whoever is not the owner."""
    return day_of(date_of_day(day).replace(day=1))
