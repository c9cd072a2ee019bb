"""Verifying an explain file from nothing but itself: whether its digest, sums and totals follow from its inputs.

Owns what `equal` means:

1. the digest, and every checksum, is that of what is there;
2. shown sums are the exact sums of what is shown, and the parts that say a thing twice agree;
3. at the shown totals each product satisfies x = d + A x: where one does not, this names it;
4. x = d + A x, solved from the inputs alone with a certificate of its own, holds the shown totals of all products.

How far (3) and (4) may be off, recomputing.py owns. What nothing can find here: a file whose inputs were changed and
all the rest made anew from them. Only a digest from elsewhere does (`against`). Names, units, dates and quality are
shown, and do not follow from the inputs (docs/method.md, "Digest").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from exchange.model.carbon import COLUMNS, EXCLUDING, INCLUDING
from exchange.model.resolved import Bools, Floats
from exchange.rollup.answer import EXCLUDING_COLUMN
from exchange.rollup.digest import hashed
from exchange.rollup.explain_file import product_checksums
from exchange.rollup.own_terms import EXACT, exact_sum
from exchange.rollup.recomputing import Recomputed, half_a_unit, reach_of, recompute
from exchange.rollup.rounding import DIGEST_DIGITS, quantum_of, round_significant, text

DIFFERENCES_MAX: Final = 50  # named; all are counted
RADIUS_DIGITS: Final = 3
# A shown interval is never wider than what nine digits leave open, or no digest could rest on the total: one unit of
# the ninth digit to either side, and ten quanta of the twelfth for the rounding of eight components.
REACH_HALF_UNITS_MAX: Final = 2
REACH_QUANTA_MAX: Final = 10
NO_ANSWER: Final = "none: a loop consumes at least one of itself, or numbers are beyond all bounds"
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the file is not what it should be. footprint, product: whose, by id and by name; None: the
    file's own. field: as the file calls it, parts divided by dots."""

    footprint: str | None
    product: str | None
    field: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Recount:
    """The root's total excluding biogenic uptake, solved anew, kg CO2e per declared unit, and how far the shown one may
    be from it: by the rounding of the inputs, and by binary arithmetic."""

    total_kg_co2e: Decimal
    rounding_kg_co2e: Decimal
    arithmetic_kg_co2e: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """digest: of the file's inputs, as computed here. against: what somebody stated it to be.

    differences: at most DIFFERENCES_MAX of difference_count. recount: None where the lines have no answer.
    """

    digest: str
    against: str | None
    product_count: int
    line_count: int
    result: Fields
    root: Fields
    recount: Recount | None
    differences: tuple[Difference, ...]
    difference_count: int

    @property
    def equal(self) -> bool:
        return not self.difference_count


def verify(document: Fields, against: str | None = None) -> Verdict:
    """What became of a file that `read_explain_file` read; `against`: a digest ("sha256:…") that it should have."""
    inputs, shown = document["inputs"], document["shown"]
    entries: Sequence[Fields] = inputs["products"]
    by_footprint = {product["footprint"]: product for product in shown["products"]}
    products = [by_footprint[entry["footprint"]] for entry in entries]
    root = by_footprint[inputs["root"]]
    digest = hashed(inputs)
    recomputed = recompute(entries, products)
    found = [
        *_hashes(document, digest, against),
        *_result(document, by_footprint),
        *(difference for product in products for difference in _sums(product)),
        *_outbound(entries, by_footprint),
        *_totals(recomputed, products, root),
    ]
    row = next(row for row, entry in enumerate(entries) if entry["footprint"] == inputs["root"])
    return Verdict(
        digest=digest,
        against=against,
        product_count=len(entries),
        line_count=sum(len(entry["lines"]) for entry in entries),
        result=shown["result"],
        root=root,
        recount=_recount(recomputed, row),
        differences=tuple(found[:DIFFERENCES_MAX]),
        difference_count=len(found),
    )


def _hashes(document: Fields, digest: str, against: str | None) -> Iterator[Difference]:
    inputs, shown, checksums = document["inputs"], document["shown"], document["checksums"]
    if digest != document["digest"]:
        yield Difference(None, None, "digest", document["digest"], digest)
    if against is not None and digest != against:
        yield Difference(None, None, "against", against, digest)
    result = hashed(shown["result"])
    if result != checksums["result"]:
        yield Difference(None, None, "shown.result", checksums["result"], result)
    stated = {checksum["footprint"]: checksum for checksum in checksums["products"]}
    for product, computed in zip(shown["products"], product_checksums(inputs, shown["products"]), strict=True):
        for part in ("own", "lines", "gaps", "shown"):
            expected = stated[product["footprint"]][part]
            if computed[part] != expected:
                field = part if part == "shown" else f"inputs.{part}"
                yield _of(product, field, expected, computed[part])


def _result(document: Fields, products: Mapping[str, Fields]) -> Iterator[Difference]:
    """The result is that of the root, and says of it what is said of it among the products."""
    result, root = document["shown"]["result"], document["inputs"]["root"]
    if result["footprint"] != root:
        yield Difference(None, None, "inputs.root", result["footprint"], root)
        return
    product = products[root]
    for name in result.keys() & product.keys():
        if result[name] != product[name]:
            yield _of(product, f"shown.result.{name}", _said(product[name]), _said(result[name]))


def _sums(product: Fields) -> Iterator[Difference]:
    components = {name: Decimal(amount) for name, amount in product["components"].items()}
    for field, names in (("pcfExcludingBiogenicUptake", EXCLUDING), ("pcfIncludingBiogenicUptake", INCLUDING)):
        expected = text(exact_sum(components[name] for name in names if name in components))
        if product[field] != expected:
            yield _of(product, field, expected, product[field])
    lower, total, upper = (Decimal(product[name]) for name in ("lower", "pcfExcludingBiogenicUptake", "upper"))
    largest = max(map(abs, components.values()), default=Decimal(0))
    reach = EXACT.add(REACH_HALF_UNITS_MAX * Decimal(half_a_unit(largest)), REACH_QUANTA_MAX * quantum_of(largest))
    if not lower <= total <= upper or reach_of(product) > reach:
        expected = f"at most {text(round_significant(reach, RADIUS_DIGITS))} to either side of {text(total)}"
        yield _of(product, "lower, upper", expected, f"{text(lower)}, {text(upper)}")


def _outbound(entries: Sequence[Fields], products: Mapping[str, Fields]) -> Iterator[Difference]:
    """What a delivered line counts of its supplier's outbound logistics is what is shown of them, to nine digits."""
    for entry in entries:
        for line in entry["lines"]:
            if "outbound" in line:
                shown = products[line["supplier"]]["outboundLogisticsGhgEmissions"] or "0"
                expected = text(round_significant(Decimal(shown), DIGEST_DIGITS))
                if line["outbound"] != expected:
                    field = f"inputs.lines.{line['number']}.outbound"
                    yield _of(products[entry["footprint"]], field, expected, line["outbound"])


def _totals(recomputed: Recomputed, products: Sequence[Fields], root: Fields) -> Iterator[Difference]:
    """Products that do not satisfy their own equation; then, where all do or the root is off, the solved totals."""
    shown = recomputed.shown
    off = _without_sums_of(_outside(shown, recomputed.beside, recomputed.beside_radius))
    for row, column in np.argwhere(off).tolist():
        interval = _interval(recomputed.beside[row, column], recomputed.beside_radius[row, column])
        yield _component(products[row], column, interval)
    if recomputed.x is None:
        yield _of(root, "inputs.lines", "lines with a certified answer", NO_ANSWER)
        return
    radius = recomputed.rounding_radius + recomputed.solving_radius
    beyond = _without_sums_of(_outside(shown, recomputed.x, radius))
    for row, column in np.argwhere(beyond).tolist():
        # One wrong term moves every product downstream: those are told only where nothing nearer was found.
        if products[row] is root or not off.any():
            interval = _interval(recomputed.x[row, column], radius[row, column])
            yield _component(products[row], column, interval, "recomputed.")


def _outside(shown: Floats, center: Floats, radius: Floats) -> Bools:
    """Also where one of them is no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.logical_not(np.abs(shown - center) <= radius)


def _without_sums_of(off: Bools) -> Bools:
    """Where a component is off, so is the sum, which says less."""
    off[:, EXCLUDING_COLUMN] &= ~off[:, :EXCLUDING_COLUMN].any(axis=1)
    return off


def _component(product: Fields, column: int, expected: str, before: str = "") -> Difference:
    if column == EXCLUDING_COLUMN:
        name = "pcfExcludingBiogenicUptake"
        return _of(product, f"{before}{name}", expected, product[name])
    name = COLUMNS[column]
    return _of(product, f"{before}components.{name}", expected, product["components"].get(name, "0"))


def _interval(center: float, radius: float) -> str:
    if not np.isfinite(center) or not np.isfinite(radius):
        return "a finite number"
    return f"{_short(center)} ± {_radius(radius)}"


def _short(value: float) -> str:
    return text(round_significant(Decimal(value)))


def _radius(value: float) -> str:
    return text(round_significant(Decimal(value), RADIUS_DIGITS))


def _recount(recomputed: Recomputed, row: int) -> Recount | None:
    if recomputed.x is None:
        return None
    parts = (recomputed.x[row], recomputed.rounding_radius[row], recomputed.solving_radius[row])
    total, rounding, arithmetic = (Decimal(float(part[EXCLUDING_COLUMN])) for part in parts)
    return Recount(
        round_significant(total),
        round_significant(rounding, RADIUS_DIGITS),
        round_significant(arithmetic, RADIUS_DIGITS),
    )


def _of(product: Fields, field: str, expected: str, got: str) -> Difference:
    return Difference(product["footprint"], product["name"], field, expected, got)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {amount}" for name, amount in sorted(value.items())) or "nothing"
    return "nothing" if value is None else str(value)
