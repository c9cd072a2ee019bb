"""Own terms of many footprints at once, from the decimal texts that they are stored as.

Not another arithmetic: what is said in `own_terms` and rounded in `standings.binary_terms`, to the last digit and to
the sign of a zero. The rule: a text that is `plain` is rounded to binary by itself, which is its decimal's rounding;
what is a sum is summed as decimals, exactly; and where a text is not plain, `own_terms` itself is asked, and its exact
vector handed back beside the doubles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from exchange.model.carbon import (
    COLUMN,
    COLUMNS,
    EXCLUDING,
    STATED,
    UNSPECIFIED,
    UNSPECIFIED_BIOGENIC,
    UPTAKE,
    CarbonComponents,
)
from exchange.model.columns import Texts
from exchange.model.footprint import GATE_STAGES, Declared, LifeCycleStage
from exchange.rollup.own_terms import (
    EXACT,
    NOTHING,
    Vector,
    direct_of_stages,
    exact_sum,
    excluding,
    stated_result,
    unspecified_only,
)

PLAIN_CHARACTERS: Final = 15  # a decimal of so many digits is the shortest text of its double
BITS: Final[Mapping[str, int]] = {name: 1 << at for at, name in enumerate(STATED)}
ALL_BITS: Final = (1 << len(STATED)) - 1

_EXCLUDING = frozenset(EXCLUDING)
_STATED = frozenset(STATED)
_STATED_EXCLUDING = _EXCLUDING & _STATED
_GATE = tuple(stage.value for stage in GATE_STAGES)
_DISTRIBUTION = LifeCycleStage.DISTRIBUTION.value

Doubles = list[float]  # a row as of `binary_terms`: the components, and their sum excluding uptake
Term = tuple[Doubles, Vector | None]  # and the exact decimals, where some may not be the shortest text of their double


def plain(text: str) -> bool:
    """Whether a decimal text is sure to be the shortest text of its double (but for zeros at its end)."""
    return len(text) <= PLAIN_CHARACTERS and "E" not in text


def declared_term(excluding_text: str, including_text: str, components: Texts) -> Term:
    """`stated_result`: what a declared footprint brings into cradle to gate."""
    if not (plain(excluding_text) and plain(including_text) and all(map(plain, components.values()))):
        return _exactly(stated_result(_declared(excluding_text, including_text, components)))
    row = _row((name, text) for name, text in components.items() if name in _STATED)
    total, both = Decimal(excluding_text), Decimal(including_text)
    parts = exact_sum(Decimal(text) for name, text in components.items() if name in _STATED_EXCLUDING)
    rest = EXACT.subtract(EXACT.subtract(both, total), Decimal(components.get(UPTAKE, 0)))
    unspecified = EXACT.subtract(total, parts)
    if not (plain(str(unspecified)) and plain(str(rest))):
        return _exactly(stated_result(_declared(excluding_text, including_text, components)))
    row[COLUMN[UNSPECIFIED]] = float(unspecified)
    row[COLUMN[UNSPECIFIED_BIOGENIC]] = float(rest)
    row[-1] = float(EXACT.add(parts, unspecified))
    return row, None


def modelled_term(direct: Mapping[str, Texts]) -> Term:
    """`direct_of_stages` of those inside cradle to gate."""
    stages = [direct[stage] for stage in _GATE if stage in direct]
    if not stages:
        return [0.0] * (len(COLUMNS) + 1), None
    if len(stages) > 1 or not all(map(plain, stages[0].values())):
        return _exactly(direct_of_stages(_components(direct), GATE_STAGES))
    [texts] = stages
    row = _row(texts.items())
    summed = [text for name, text in texts.items() if name in _EXCLUDING]
    if len(summed) == 1:
        row[-1] = float(summed[0]) + 0.0  # a sum is never minus zero
    elif summed:
        row[-1] = float(exact_sum(map(Decimal, summed)))
    return row, None


def outbound_term(stated: str | None, direct: Mapping[str, Texts] | None, has_lines: bool) -> Vector | None:
    """`own_terms.outbound_term`. has_lines: whether a modelled footprint has lines of DISTRIBUTION."""
    if stated is not None:
        return unspecified_only(Decimal(stated))
    if direct is None:
        return None
    if _DISTRIBUTION in direct:
        return direct_of_stages(_components(direct), (LifeCycleStage.DISTRIBUTION,))
    return NOTHING if has_lines else None


def unknown_bits(components: Texts | None, direct: Mapping[str, Texts] | None) -> int:
    """`Footprint.unknown_components`, as bits in the order of STATED."""
    if components is not None:
        return ALL_BITS & ~_bits(components)
    unknown = 0
    for stage in _GATE:
        if direct is not None and stage in direct:
            unknown |= ALL_BITS & ~_bits(direct[stage])
    return unknown


def _bits(names: Iterable[str]) -> int:
    found = 0
    for name in names:
        found |= BITS.get(name, 0)
    return found


def _row(texts: Iterable[tuple[str, str]]) -> Doubles:
    row = [0.0] * (len(COLUMNS) + 1)
    for name, text in texts:
        at = COLUMN.get(name)
        if at is not None:
            row[at] = float(text)
    return row


def _exactly(vector: Vector) -> Term:
    return [float(number) for number in (*vector, excluding(vector))], vector


def _declared(excluding_text: str, including_text: str, components: Texts) -> Declared:
    return Declared(Decimal(excluding_text), Decimal(including_text), _carbon(components), None, None, None, None)


def _components(direct: Mapping[str, Texts]) -> dict[LifeCycleStage, CarbonComponents]:
    return {LifeCycleStage(stage): _carbon(texts) for stage, texts in direct.items()}


def _carbon(texts: Texts) -> CarbonComponents:
    return CarbonComponents({name: Decimal(text) for name, text in texts.items()})
