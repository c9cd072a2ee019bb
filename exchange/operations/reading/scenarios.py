"""A scenario's changes made to the viewer's processes, one after the other, with every mistake named by its path.

Works on what was read before and reads nothing itself. What the viewer may not see is not found, in the very words of
a product that never existed; nothing of anybody else's process can be changed (docs/permissions.md, "What-if").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from exchange.model.footprint import GATE_STAGES, Footprint
from exchange.model.grant import AccessLevel
from exchange.model.product import Product
from exchange.model.view import ViewNode
from exchange.operations.answers.gap_messages import units_message
from exchange.operations.answers.permission import NOT_FOUND_PRODUCT
from exchange.operations.answers.values import ProductAnswer
from exchange.operations.requests.checks import Checker
from exchange.operations.requests.footprint_checks import check_components
from exchange.operations.requests.inputs import ProductKey
from exchange.operations.requests.line_checks import check_amount
from exchange.operations.requests.what_if_inputs import (
    FIELD_OF,
    DirectChangeInput,
    LineChangeInput,
    ReplaceSupplierInput,
    ScenarioInput,
    ShareOfLineInput,
    SubstituteInput,
)
from exchange.rollup import EXACT, Draft, Part, Process, Refusal, SupplierUnit, per_unit, ratio, units_apart

Permitted = Callable[[Product, int], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for all scenarios.

    products: what each name means to the viewer, None: nothing that it may see. owned, footprints: own products whose
    processes may be changed, and what stands for them. units: of every supplier of a line that may be changed.
    refusals: why a supplier has no result on these dates. permitted: whether a line of the product may be followed to
    the supplier with this key.
    """

    products: Mapping[ProductKey, ProductAnswer | None]
    owned: Mapping[int, Product]
    footprints: Mapping[int, Footprint]
    units: Mapping[int, SupplierUnit]
    refusals: Mapping[int, Refusal | None]
    permitted: Permitted


def changed_processes(
    scenario: ScenarioInput, nodes: Mapping[int, ViewNode], known: Known, at: Checker
) -> dict[int, Process]:
    """The processes as the scenario makes them, by product key; problems go to `at`, and what has one is left out.

    nodes: the view of the product asked about, and of every supplier that the scenario brings in.
    """
    scene = _Scene(nodes, known)
    for position, change in enumerate(scenario.changes):
        place = at.at("changes", str(position), FIELD_OF[type(change)])
        match change:
            case LineChangeInput():
                scene.line(change, place)
            case DirectChangeInput():
                scene.direct(change, place)
            case ShareOfLineInput():
                scene.share(change, place)
            case ReplaceSupplierInput():
                scene.replace(change, place)
    if len(at.problems.found):
        return {}
    return {key: draft.process(known.units) for key, draft in scene.drafts.items()}


class _Scene:
    """The processes while one scenario changes them."""

    def __init__(self, nodes: Mapping[int, ViewNode], known: Known) -> None:
        self._nodes, self._known = nodes, known
        self.drafts: dict[int, Draft] = {}

    def line(self, change: LineChangeInput, at: Checker) -> None:
        draft = self._draft_of_line(change.product, change.line, at)
        if draft is None:
            return
        if change.supplier is None and change.amount is None and change.unit is None:
            at.add("REQUIRED", "give another supplier, amount or unit", expected="supplier, amount or unit")
            return
        if draft.is_divided(change.line):
            message = f"line {change.line} is divided by an earlier change of this scenario; make this change before it"
            at.add("CONTRADICTION", message, "line", got=change.line)
            return
        parts, stated = draft.parts(change.line), draft.footprint.lines.line(change.line - 1)
        in_place = bool(parts) and not draft.is_served_by_fallback(change.line)
        if change.supplier is None and not in_place:
            self._not_served(draft, change.line, at)
            return
        before = parts[0] if in_place else Part(None, stated.amount, stated.unit, stated.price)
        priced = (change.currency, change.price_year, change.price_basis)
        price = before.price
        if change.unit is not None or any(each is not None for each in priced):
            price = at.price(change.unit == "MONEY", *priced)
        amount = before.amount if change.amount is None else change.amount
        self._check_amount(amount, stated.credit, draft, at)
        supplier = before.supplier_key if change.supplier is None else self._supplier(change.supplier, draft, at)
        if supplier is None:
            return
        field = "unit" if change.unit is not None or change.supplier is None else "supplier"
        part = Part(supplier, amount, change.unit or before.unit, price)
        if self._converts(part, at, field):
            draft.put(change.line, [part])

    def direct(self, change: DirectChangeInput, at: Checker) -> None:
        draft = self._draft(change.product, at)
        if not change.direct:
            at.add("REQUIRED", "state the direct emissions of at least one stage", "direct", expected="≥ 1 entry")
        seen = set()
        for position, entry in enumerate(change.direct):
            below = at.at("direct", str(position))
            components = check_components(entry.components, below.at("components"), direct=True)
            if entry.stage not in GATE_STAGES:
                message = "is outside cradle to gate, so nothing would change; leave it out"
                expected = " or ".join(GATE_STAGES)
                below.add("OUTSIDE_GATE", message, "stage", expected=expected, got=entry.stage)
            elif entry.stage in seen:
                below.add("REPEATED", "states a life-cycle stage twice", "stage", got=entry.stage)
            elif draft is not None:
                draft.put_direct(entry.stage, components)
            seen.add(entry.stage)

    def share(self, change: ShareOfLineInput, at: Checker) -> None:
        at.percent(change.percent, "percent")
        draft = self._draft_of_line(change.product, change.line, at)
        if draft is None:
            self._check_emissions(change.by, at)
            return
        parts = draft.parts(change.line)
        if not parts:
            self._not_served(draft, change.line, at)
            return
        new = self._substitute(change.by, parts[0], draft, change.line, at.at("by"))
        if new is not None:
            draft.put(change.line, _with_share(parts, range(len(parts)), change.percent, new))

    def replace(self, change: ReplaceSupplierInput, at: Checker) -> None:
        at.percent(change.percent, "percent")
        answer = self._known.products.get(change.supplier)
        if answer is None:
            _not_found(change.supplier, at, "supplier")
            self._check_emissions(change.by, at)
            return
        key, used = answer.product.key, False
        for consumer in self._nodes:
            draft = self._draft_by_key(consumer)
            for number in () if draft is None else draft.served_by(key):
                used = True
                assert draft is not None
                parts = draft.parts(number)
                replaced = [at_ for at_, part in enumerate(parts) if part.supplier_key == key]
                new = self._substitute(change.by, parts[replaced[0]], draft, number, at.at("by"))
                if new is None:
                    return
                draft.put(number, _with_share(parts, replaced, change.percent, new))
        if not used:
            message = "serves no line of your processes in this view; name what your lines are served by"
            at.add("NOT_USED", message, "supplier")
            self._check_emissions(change.by, at)

    # -- what a change names ---------------------------------------------------------------------------------------

    def _draft(self, name: ProductKey, at: Checker) -> Draft | None:
        """The process of a product of the viewer's; None: there is a problem."""
        answer = self._known.products.get(name)
        if answer is None:
            _not_found(name, at, "product")
        elif answer.access < AccessLevel.OWNER:
            message = "belongs to another organization: a scenario changes your own processes only"
            at.add("ACCESS_DENIED", message, "product")
        elif answer.product.key not in self._nodes:
            message = "does not go into the product asked about, as far as you see; ask about another product"
            at.add("NOT_IN_VIEW", message, "product")
        else:
            draft = self._draft_by_key(answer.product.key)
            if draft is None:
                message = "has a declared footprint, which states its result: there is no process to change"
                at.add("NOT_MODELLED", message, "product")
            return draft
        return None

    def _draft_by_key(self, key: int) -> Draft | None:
        footprint = self._known.footprints.get(key)
        if key not in self.drafts:
            if footprint is None or footprint.modelled is None or self._nodes[key].level < AccessLevel.OWNER:
                return None
            self.drafts[key] = Draft(self._nodes[key], footprint)
        return self.drafts[key]

    def _draft_of_line(self, name: ProductKey, number: int, at: Checker) -> Draft | None:
        draft = self._draft(name, at)
        if draft is None:
            return None
        count = len(draft.footprint.lines)
        if not 1 <= number <= count:
            expected = f"1 to {count}" if count else "a product with lines"
            at.add(
                "OUT_OF_RANGE",
                f"is no line of this footprint, which has {count}",
                "line",
                expected=expected,
                got=number,
            )
        elif not draft.in_gate(number):
            stage = draft.footprint.lines.line(number - 1).stage
            message = f"line {number} is of the stage {stage}, outside cradle to gate, so nothing would change"
            at.add("OUTSIDE_GATE", message, "line", expected=" or ".join(GATE_STAGES), got=number)
        else:
            return draft
        return None

    def _check_amount(self, amount: Decimal, credit: bool, draft: Draft, at: Checker) -> None:
        check_amount(amount, at, credit=credit, in_release=draft.footprint.release_id is not None)
        if credit and amount >= 0:
            at.add("SIGN", "a credit takes away: its amount is negative", "amount", expected="< 0", got=amount)

    def _not_served(self, draft: Draft, number: int, at: Checker) -> None:
        if draft.is_gap(number):
            message = f"line {number} is a gap and counts for nothing; name a supplier for it first"
        elif draft.is_served_by_fallback(number):
            message = f"line {number} is served by its fallback, which has an amount of its own; name a supplier for it"
        else:
            message = f"what serves line {number} on these dates is not visible to you; ask about today"
        at.add("NOT_SERVED", message, "line", got=number)

    def _supplier(self, name: ProductKey, draft: Draft, at: Checker) -> int | None:
        """The key of a product that a line of this process may be followed to; None: there is a problem."""
        answer = self._known.products.get(name)
        if answer is None:
            _not_found(name, at, "supplier")
            return None
        key = answer.product.key
        refusal = self._known.refusals.get(key)
        if not self._known.permitted(self._known.owned[draft.node.product_key], key):
            message = "is shown to you, but not granted to you as an input on these dates: ask its owner"
            at.add("NOT_GRANTED", message, "supplier")
        elif refusal is not None:
            at.add(str(refusal.code), f"has no result on these dates. {refusal.message}", "supplier")
        else:
            return key
        return None

    def _substitute(self, by: SubstituteInput, part: Part, draft: Draft, number: int, at: Checker) -> Part | None:
        """One unit of what takes the place of a part of a line; None: there is a problem."""
        if by.supplier is not None:
            key = self._supplier(by.supplier, draft, at)
            new = Part(key, Decimal(1), part.unit, part.price)
            return new if key is not None and self._converts(new, at, "supplier") else None
        assert by.own is not None  # the schema takes exactly one of the two
        before = len(at.problems.found)
        components = check_components(by.own.emissions, at.at("own", "emissions"), direct=True)
        if len(at.problems.found) > before:
            return None
        kg = per_unit(components.vector(), by.own.unit, part.unit, part.price)
        if kg is None:
            message = (
                f"line {number} is in {part.unit}, which does not convert to {by.own.unit}; state emissions per a "
            )
            at.add("UNIT_NOT_CONVERTIBLE", f"{message}unit of the same kind", "own", "unit", got=by.own.unit)
            return None
        return Part(None, Decimal(1), part.unit, part.price, kg)

    def _check_emissions(self, by: SubstituteInput, at: Checker) -> None:
        """What can be said of a substitute also where it is not known what it takes the place of."""
        if by.own is not None:
            check_components(by.own.emissions, at.at("by", "own", "emissions"), direct=True)
        elif by.supplier is not None and self._known.products.get(by.supplier) is None:
            _not_found(by.supplier, at, "by", "supplier")

    def _converts(self, part: Part, at: Checker, field: str) -> bool:
        assert part.supplier_key is not None
        supplier = self._known.units[part.supplier_key]
        if ratio(part.unit, part.price, supplier) is not None:
            return True
        message = units_message(units_apart(part.unit, part.price, supplier))
        at.add("UNIT_NOT_CONVERTIBLE", message, field, expected=str(supplier.unit), got=part.unit)
        return False


def _not_found(name: ProductKey, at: Checker, *steps: str) -> None:
    """Unknown and not visible are one thing; a malformed id has been named already."""
    if name.id != "":
        at.add("NOT_FOUND", NOT_FOUND_PRODUCT, *steps)


def _with_share(parts: Sequence[Part], of: Sequence[int], percent: Decimal, new: Part) -> list[Part]:
    """The parts with a share of some of them (positions `of`) from elsewhere. new: one unit of that."""
    with localcontext(EXACT):
        share = percent / 100
        taken, left = sum((parts[at].amount for at in of), Decimal(0)), 1 - share
    kept = [part.scaled(left) if at in of else part for at, part in enumerate(parts)]
    return [*kept, new.scaled(taken).scaled(share)]
