"""Checks of a footprint's lines: what each names, how much of it, in which unit (docs/method.md, "Lines and units")."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exchange.model.footprint import Fallback, Line
from exchange.operations.requests.checks import Checker
from exchange.operations.requests.inputs import FallbackInput, LineInput, ProductKey

LINES_MAX = 20_000  # a footprint with more is a database, not a bill of materials; the largest real one has 411


def check_lines(lines: Sequence[LineInput], at: Checker, *, in_release: bool) -> list[Line]:
    """The lines as values, their products not yet looked up. Problems go to `at`."""
    if len(lines) > LINES_MAX:
        message = f"has {len(lines)} lines; at most {LINES_MAX} make one footprint"
        at.add("TOO_MANY", message, expected=f"≤ {LINES_MAX} lines", got=len(lines))
        return []
    return [_line(line, number, at.at(str(number - 1)), in_release) for number, line in enumerate(lines, start=1)]


def _line(line: LineInput, number: int, at: Checker, in_release: bool) -> Line:
    named_id, urn = _named(line.product, at)
    check_amount(line.amount, at, credit=line.credit, in_release=in_release)
    if line.credit and line.amount >= 0:
        at.add("SIGN", "a credit takes away: its amount is negative", "amount", expected="< 0", got=line.amount)
    deviation, pedigree = at.spread(line.geometric_standard_deviation, line.pedigree)
    return Line(
        number=number,
        product_key=None,
        named_id=named_id,
        urn=urn,
        amount=line.amount,
        unit=line.unit,
        price=at.price(line.unit == "MONEY", line.currency, line.price_year, line.price_basis),
        stage=line.stage,
        amount_is_primary=line.amount_is_primary,
        delivered=line.delivered,
        packaging=line.packaging,
        credit=line.credit,
        data_quality=at.quality(line.data_quality, "dataQuality"),
        geometric_standard_deviation=deviation,
        fallback=_fallback(line.fallback, at.at("fallback"), line.credit, in_release) if line.fallback else None,
        pedigree=pedigree,
    )


def _fallback(fallback: FallbackInput, at: Checker, credit: bool, in_release: bool) -> Fallback:
    named_id, urn = _named(fallback.product, at)
    check_amount(fallback.amount, at, credit=credit, in_release=in_release)
    deviation, pedigree = at.spread(fallback.geometric_standard_deviation, fallback.pedigree)
    return Fallback(
        product_key=None,
        named_id=named_id,
        urn=urn,
        amount=fallback.amount,
        unit=fallback.unit,
        price=at.price(fallback.unit == "MONEY", fallback.currency, fallback.price_year, fallback.price_basis),
        geometric_standard_deviation=deviation,
        pedigree=pedigree,
    )


def _named(key: ProductKey, at: Checker) -> tuple[str | None, str | None]:
    if (key.id is None) == (key.product_id is None):
        at.one_of("the product", {"id": key.id is not None, "productId": key.product_id is not None}, "product")
        return key.id or "", None
    if key.product_id is not None:
        return None, at.urn(key.product_id, "product", "productId")
    return key.id, None


def check_amount(amount: Decimal, at: Checker, *, credit: bool, in_release: bool) -> None:
    if amount < 0 and not credit and not in_release:
        at.add(
            "SIGN",
            "must not be negative; mark what is taken away as a credit",
            "amount",
            expected="≥ 0, or credit: true",
            got=amount,
        )
