"""A process while a scenario changes it: its direct emissions by stage, and its lines by number, made of parts.

A line that is not changed stays as the view has it. One that is changed is made of parts, each from one supplier or
made by the process itself, all in the unit of the line. Only lines that count in cradle to gate have parts. Amounts
become factors by the rules of every line (docs/method.md, "Lines and units").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from exchange.model.carbon import CarbonComponents
from exchange.model.footprint import DELIVERED, GATE_STAGES, STAGES, Footprint, LifeCycleStage, Price
from exchange.model.view import ViewNode
from exchange.rollup.changed_view import Process, Take, process_of
from exchange.rollup.factors import SupplierUnit, exact_factor, ratio
from exchange.rollup.own_terms import EXACT, NOTHING, Vector, add, direct_of_stages

_ALL = Decimal(1)


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of a supplier's product, or (supplier_key None) of what the process makes itself.

    own: what making it emits, kg CO2e per `unit`, in the order of COLUMNS; zeros where a supplier makes it.
    """

    supplier_key: int | None
    amount: Decimal
    unit: str
    price: Price | None
    own: Vector = NOTHING

    def scaled(self, share: Decimal) -> Part:
        """This share of it."""
        return replace(self, amount=EXACT.multiply(self.amount, share))


def per_unit(kg: Vector, unit: str, of: str, price: Price | None) -> Vector | None:
    """Emissions per one `unit` per one `of`, a line's unit; None: the two do not meet (MONEY never does)."""
    found = ratio(of, price, SupplierUnit(unit, None, _ALL, None))
    if found is None:
        return None
    return tuple(EXACT.divide(EXACT.multiply(each, found.numerator), found.denominator) for each in kg)


class Draft:
    """One process of the viewer, which is shown all of it. `node`: as the view has it; `footprint`: what stands."""

    def __init__(self, node: ViewNode, footprint: Footprint) -> None:
        self.node, self.footprint = node, footprint
        self._numbers = node.lines.numbers.tolist()
        self._by_fallback = {gap.number for gap in node.gaps if gap.by_fallback}
        self._parts: dict[int, tuple[Part, ...]] = {}
        self._direct: dict[LifeCycleStage, CarbonComponents] = {}

    def in_gate(self, number: int) -> bool:
        """Whether a line is of a stage inside cradle to gate."""
        return STAGES[self.footprint.lines.stages[number - 1]] in GATE_STAGES

    def is_gap(self, number: int) -> bool:
        """Whether nothing serves a line."""
        return any(gap.number == number and not gap.by_fallback for gap in self.node.gaps)

    def is_served_by_fallback(self, number: int) -> bool:
        """Whether its fallback serves a line, and no change has put another product there."""
        return number in self._by_fallback and number not in self._parts

    def is_divided(self, number: int) -> bool:
        """Whether an earlier change put parts from several places in a line, or made it the process's own."""
        parts = self._parts.get(number, ())
        return len(parts) > 1 or any(part.supplier_key is None for part in parts)

    def served_by(self, key: int) -> tuple[int, ...]:
        """Numbers of the lines that a product serves, wholly or in part."""
        own = {
            number
            for number, supplier in zip(self._numbers, self.node.lines.suppliers.tolist(), strict=True)
            if supplier == key and number not in self._parts
        }
        own |= {number for number, parts in self._parts.items() if any(part.supplier_key == key for part in parts)}
        return tuple(sorted(own))

    def parts(self, number: int) -> tuple[Part, ...]:
        """What a line is made of now; () where nothing serves it, or nothing that the viewer sees."""
        if number in self._parts:
            return self._parts[number]
        at = int(np.searchsorted(self.node.lines.numbers, number))
        if at == len(self._numbers) or self._numbers[at] != number:
            return ()
        line = self.footprint.lines.line(number - 1)
        served = line.fallback if number in self._by_fallback and line.fallback is not None else line
        return (Part(int(self.node.lines.suppliers[at]), served.amount, served.unit, served.price),)

    def put(self, number: int, parts: Sequence[Part]) -> None:
        """Makes a line of these parts; those of nothing are left out."""
        kept = tuple(part for part in parts if part.amount)
        self._parts[number] = kept or tuple(parts[:1])

    def put_direct(self, stage: LifeCycleStage, components: CarbonComponents) -> None:
        """States the direct emissions of a stage anew."""
        self._direct[stage] = components

    def process(self, units: Mapping[int, SupplierUnit]) -> Process:
        """The process as it is now. units: of every supplier of a changed line, which must convert."""
        before = self.footprint.modelled.direct if self.footprint.modelled is not None else {}
        stages = tuple(stage for stage in GATE_STAGES if stage in self._direct)
        own = [self.node.own, direct_of_stages(self._direct, stages)]
        own.append(tuple(EXACT.minus(kg) for kg in direct_of_stages(before, stages)))
        takes = list(process_of(self.node).takes)
        kept = [take for take, number in zip(takes, self._numbers, strict=True) if number not in self._parts]
        for number, parts in sorted(self._parts.items()):
            delivered = bool(self.footprint.lines.flags[number - 1] & DELIVERED)
            for part in parts:
                if part.supplier_key is None:
                    own.append(tuple(EXACT.multiply(part.amount, kg) for kg in part.own))
                    continue
                found = ratio(part.unit, part.price, units[part.supplier_key])
                if found is None:
                    raise LookupError(f"line {number} does not convert; whoever put it there has to look first")
                kept.append(Take(part.supplier_key, exact_factor(part.amount, found), delivered))
        return Process(add(own), tuple(kept))
