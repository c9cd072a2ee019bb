"""What-if: scenarios on the viewer's own processes, side by side, computed on its view; nothing is written.

The plain result is computed as every roll-up is; what scenarios bring in is read beside it, with its own facts. So
what is answered depends on the viewer's facts alone, and what it may not see is not found (docs/method.md, "What-if").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exchange.access import build_view, facts, permits_at
from exchange.errors import NotFound, Problems
from exchange.model.closure import Dates
from exchange.model.footprint import Footprint
from exchange.model.grant import AccessLevel
from exchange.model.view import ViewNode
from exchange.operations.answers.values import ProductAnswer, RefusedAnswer
from exchange.operations.reading.roll_ups import Solved, refused_answer, solve_for
from exchange.operations.reading.scenarios import Known, changed_processes
from exchange.operations.reading.sight import Sight
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.requests.inputs import ProductKey
from exchange.operations.requests.what_if_inputs import (
    ChangeInput,
    LineChangeInput,
    ReplaceSupplierInput,
    ScenarioInput,
    ShareOfLineInput,
    process_of,
    substitute_of,
)
from exchange.operations.watching.refused_scenarios import RefusedScenarios
from exchange.rollup import (
    ContributionChange,
    Figures,
    NoAnswer,
    Outcome,
    Process,
    Refusal,
    RefusalCode,
    View,
    supplier_unit,
    what_if,
)
from exchange.units import DeclaredUnit

SCENARIOS_MAX = 20  # of one request, side by side: more than anybody compares; each is a view to solve
CHANGES_MAX = 50  # of one scenario: a change of everything has its own new footprint to be published


@dataclass(frozen=True, slots=True)
class ScenarioAnswer:
    """Before is the plain result. `contributions` computes when called: `Session.compute` calls it in a turn."""

    name: str | None
    before: Figures
    after: Figures
    contributions: Callable[[int], Sequence[ContributionChange]]


@dataclass(frozen=True, slots=True)
class ScenarioRefusedAnswer:
    """A loop without an answer among what the viewer sees. `path`: the scenario."""

    name: str | None
    path: tuple[str, ...]
    refusal: RefusedAnswer


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """`scenarios` in the order in which they were asked."""

    product_key: int
    as_of_day: int
    known_at_us: int
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    scenarios: tuple[ScenarioAnswer | ScenarioRefusedAnswer, ...]


async def answer_scenarios(
    sight: Sight,
    refusals: RefusedScenarios,
    key: int,
    scenarios: Sequence[ScenarioInput],
    dates: Dates,
    problems: Problems,
) -> WhatIfAnswer | RefusedAnswer:
    """What the product would carry in each scenario, at these dates. Raises InvalidInput with every mistake of all
    scenarios (`problems` may hold some already), NotFound, and TooManyRequests where a process was refused too often.
    """
    _check(scenarios, problems)
    async with sight.share.turn():
        plain = await solve_for(sight, [key], dates)
        if plain.level_of(key) < AccessLevel.TOTAL:
            raise NotFound("No such product, or it is not visible to you.")
        refusal = plain.solution.refusal(key)
        if refusal is not None:
            problems.raise_any()
            return refused_answer(plain, refusal, plain.level_of(key))
        scene = await _read(sight, plain, key, scenarios, dates)
        changed = await sight.share.compute(lambda: scene.changed(scenarios, problems))
        problems.raise_any()
        touched = [scene.ids(each) for each in changed]
        for ids in touched:
            refusals.check(ids, sight.now_us)
        if sight.foreign_scenarios is not None:
            asked = await sight.products_by_key([key, *scene.suppliers])
            foreign = [each.product for each in asked if each is not None and each.access < AccessLevel.OWNER]
            await sight.foreign_scenarios.count(sight.viewer, foreign, len(scenarios), sight.now_us)
        found = await sight.share.compute(lambda: scene.outcomes(changed))
    answers: list[ScenarioAnswer | ScenarioRefusedAnswer] = []
    for position, (scenario, outcome) in enumerate(zip(scenarios, found, strict=True)):
        if isinstance(outcome, NoAnswer):
            # Again, one by one: scenarios of this request and of others at the same time count, too.
            refusals.check(touched[position], sight.now_us)
            refusals.count(touched[position], sight.now_us)
            sight.measures.refused(RefusalCode.LOOP_WITHOUT_ANSWER.value)
            answers.append(_refused(scenario, position, outcome))
        else:
            answers.append(ScenarioAnswer(scenario.name, outcome.before, outcome.after, outcome.contributions))
    standing = plain.standing(key)
    return WhatIfAnswer(
        product_key=key,
        as_of_day=dates.as_of_day,
        known_at_us=dates.known_at_us,
        declared_unit_amount=standing.declared_unit_amount,
        declared_unit=standing.declared_unit,
        scenarios=tuple(answers),
    )


def _check(scenarios: Sequence[ScenarioInput], problems: Problems) -> None:
    at = Checker(problems, ("scenarios",))
    if not scenarios:
        at.add("REQUIRED", "needs at least one scenario; one without changes is the plain result", expected="≥ 1 entry")
    for position, scenario in enumerate(scenarios):
        at.text(scenario.name, str(position), "name", longest=NAME_LENGTH_MAX)
        count = len(scenario.changes)
        if count > CHANGES_MAX:
            message = f"has {count} changes; at most {CHANGES_MAX} make one scenario"
            at.add("TOO_MANY", message, str(position), "changes", expected=f"≤ {CHANGES_MAX} entries", got=count)
    if any(problem.code == "TOO_MANY" for problem in problems.found):
        problems.raise_any()  # before anything is read for them


def _refused(scenario: ScenarioInput, position: int, outcome: NoAnswer) -> ScenarioRefusedAnswer:
    code = RefusalCode.LOOP_WITHOUT_ANSWER
    message = (
        "With these changes a loop among the products that you see consumes at least one of itself, so there is no "
        "answer. Check the amounts and units of the changed lines."
    )
    return ScenarioRefusedAnswer(
        scenario.name, ("scenarios", str(position)), RefusedAnswer(str(code), message, outcome.members)
    )


class _Facts:
    """What the viewer may know of products, from the plain solution where it has them, else from the other one."""

    def __init__(self, sight: Sight, plain: Solved, other: Solved | None) -> None:
        self._sight, self._plain, self._other = sight, plain, other
        self._in_plain = frozenset(plain.solution.keys)
        self._found: dict[int, ViewNode | None] = {}

    def of(self, key: int) -> ViewNode | None:
        if key not in self._found:
            solved = self._solved(key)
            self._found[key] = None if solved is None else self._sight.met(facts(key, solved.level_of, solved))
        return self._found[key]

    def refusal(self, key: int) -> Refusal | None:
        solved = self._solved(key)
        return None if solved is None else solved.solution.refusal(key)

    def _solved(self, key: int) -> Solved | None:
        return self._plain if key in self._in_plain else self._other


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything that scenarios are computed from. nodes: the view of the product asked about; suppliers: the view of
    each product that a scenario brings in."""

    root: int
    nodes: Mapping[int, ViewNode]
    suppliers: Mapping[int, Mapping[int, ViewNode]]
    known: Known

    def changed(self, scenarios: Sequence[ScenarioInput], problems: Problems) -> list[tuple[View, dict[int, Process]]]:
        """Of each scenario its view, with what it brings in, and the processes that it changes."""
        found = []
        for position, scenario in enumerate(scenarios):
            nodes = self._nodes(scenario)
            at = Checker(problems, ("scenarios", str(position)))
            found.append((View(self.root, nodes), changed_processes(scenario, nodes, self.known, at)))
        return found

    def outcomes(self, changed: Sequence[tuple[View, Mapping[int, Process]]]) -> list[Outcome | NoAnswer]:
        return [what_if(view, processes) for view, processes in changed]

    def ids(self, changed: tuple[View, Mapping[int, Process]]) -> list[str]:
        """Of the viewer's products that a scenario changes."""
        return [self.known.owned[key].id for key in changed[1]]

    def _nodes(self, scenario: ScenarioInput) -> dict[int, ViewNode]:
        nodes = dict(self.nodes)
        for name in filter(None, map(substitute_of, scenario.changes)):
            answer = self.known.products[name]
            if answer is not None:
                nodes = {**nodes, **self.suppliers.get(answer.product.key, {})}
        return nodes


async def _read(sight: Sight, plain: Solved, key: int, scenarios: Sequence[ScenarioInput], dates: Dates) -> _Scene:
    """Reads what the scenarios name: products, their results and facts, own footprints, units, grants."""
    changes = [change for scenario in scenarios for change in scenario.changes]
    brought, processes = list(map(substitute_of, changes)), list(map(process_of, changes))
    replaced = [change.supplier for change in changes if isinstance(change, ReplaceSupplierInput)]
    products = await _named(sight, [name for name in (*brought, *processes, *replaced) if name is not None])
    new, taken_out = _keys(products, brought), _keys(products, replaced)
    other = [each for each in new if each not in set(plain.solution.keys)]
    known = _Facts(sight, plain, await solve_for(sight, other, dates) if other else None)
    refused = {each: known.refusal(each) for each in new}

    def views() -> tuple[dict[int, ViewNode], dict[int, dict[int, ViewNode]]]:
        served = [each for each, refusal in refused.items() if refusal is None]
        return build_view(key, known.of), {each: build_view(each, known.of) for each in served}

    nodes, suppliers = await sight.share.compute(views)
    everything = dict(nodes)
    for each in suppliers.values():
        everything |= each
    own = _own(everything, set(_keys(products, processes)), set(taken_out))
    used = [*suppliers, *taken_out, *_suppliers_of_lines(changes, products, everything)]
    units = await _footprints(sight, everything, dict.fromkeys(each for each in used if each in everything))
    grants, permits = await sight.store.read_nodes(new), permits_at(dates)
    return _Scene(
        key,
        nodes,
        suppliers,
        Known(
            products=products,
            owned={answer.product.key: answer.product for answer in await sight.products_by_key(own) if answer},
            footprints=await _footprints(sight, everything, own),
            units={each: supplier_unit(footprint) for each, footprint in units.items()},
            refusals=refused,
            permitted=lambda consumer, supplier: supplier in grants and permits(consumer, grants[supplier]),
        ),
    )


async def _named(sight: Sight, names: Sequence[ProductKey]) -> dict[ProductKey, ProductAnswer | None]:
    """What is named, as the viewer sees it, in that order; None: nothing that it may see, or nothing at all."""
    ids = [name.id for name in names if name.id is not None]
    urns = [name.product_id for name in names if name.product_id is not None]
    by_id = dict(zip(ids, await sight.products(ids), strict=True)) if ids else {}
    found = await sight.store.get_products_by_urn(urns) if urns else {}
    by_urn = dict(zip(urns, await sight.answers([found.get(urn) for urn in urns]), strict=True)) if urns else {}
    return {name: by_id.get(name.id) if name.id is not None else by_urn.get(name.product_id or "") for name in names}


def _keys(products: Mapping[ProductKey, ProductAnswer | None], names: Iterable[ProductKey | None]) -> list[int]:
    """Keys of those that the viewer sees, each once, in the order in which they are named."""
    answers = (products[name] for name in names if name is not None)
    return list(dict.fromkeys(answer.product.key for answer in answers if answer is not None))


def _suppliers_of_lines(
    changes: Sequence[ChangeInput],
    products: Mapping[ProductKey, ProductAnswer | None],
    nodes: Mapping[int, ViewNode],
) -> list[int]:
    """What serves the lines that are changed one by one."""
    found = []
    for change in changes:
        answer = products[change.product] if isinstance(change, LineChangeInput | ShareOfLineInput) else None
        node = None if answer is None else nodes.get(answer.product.key)
        if node is not None and isinstance(change, LineChangeInput | ShareOfLineInput):
            found += node.lines.suppliers[node.lines.numbers == change.line].tolist()
    return found


def _own(nodes: Mapping[int, ViewNode], named: set[int], used: set[int]) -> list[int]:
    """Own products of the view that are named, or that take what is to be replaced."""
    own = [each for each, node in nodes.items() if node.level == AccessLevel.OWNER]
    return [each for each in own if each in named or not used.isdisjoint(nodes[each].lines.supplier_set)]


async def _footprints(sight: Sight, nodes: Mapping[int, ViewNode], keys: Iterable[int]) -> dict[int, Footprint]:
    """The footprint that stands for each of these products in the view."""
    listed = list(keys)
    found = await sight.store.get_footprints([nodes[key].footprint_id for key in listed])
    return {key: footprint for key, footprint in zip(listed, found, strict=True) if footprint is not None}
