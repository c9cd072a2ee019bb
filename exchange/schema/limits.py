"""How large a query may be: one memoised pass over the parsed document, before validation and for every request.

Fragments are measured once each, however often they are spread, so the work is linear in the text: a query of a
kilobyte that unfolds into billions of fields is refused in microseconds. Limits on text and tokens are the parser's.

cost: about how many fields the answer has, where a field that computes counts for more (WEIGHTS). Lists count by the
page that is asked for, or by what is usual (LISTS); what the answer then really has is counted, too (planned.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from exchange.model.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from exchange.schema.explanation import ELASTICITIES_DEFAULT, GROUPS_DEFAULT, PATHS_DEFAULT
from exchange.schema.roll_ups import CONTRIBUTIONS_DEFAULT, TREE_NODES_DEFAULT, TREE_NODES_MAX
from exchange.schema.uncertainty import ADVICE_DEFAULT

SOURCE_LENGTH_MAX: Final = 200_000  # characters; a page of aliased questions has a tenth of it
LEXICAL_TOKENS_MAX: Final = 15_000  # parsed in a tenth of a second
COMMENTS_MAX: Final = 1_000
DEPTH_MAX: Final = 25  # GraphiQL's introspection has 15, a tree of ten levels 20
FIELDS_MAX: Final = 3_000  # fields of the query, fragments unfolded; a hundred aliased roll-ups have two thousand
REPEATS_MAX: Final = 20  # times one name in one selection; validation compares each with each
COST_MAX: Final = 200_000  # fields of the answer; about half a second

WEIGHTS: Final[Mapping[str, int]] = {
    "downstream": 1_000,  # of every product a closure of its own
    "cradleToGate": 50,
    "accessOf": 100,  # a closure, and what its lines name
    "benchmarkPlaces": 60,  # a closure, and what stands in both boundaries
    "compare": 150,  # two closures, and two spreads
    "whatIf": 200,
    "explainFile": 50,
    "tree": 50,
    "topPaths": 50,
    "digest": 20,
    "elasticities": 20,
    "contributions": 10,
    "contributionsBy": 10,
    "footprint": 5,
    "uncertainty": 50,
    "monteCarlo": 2_000,  # some take seconds: a request has at most a hundred
    "monteCarloAdvised": 50,
    "primaryDataAdvice": 50,
    "uncertaintyAdvice": 100,
}
LISTS: Final[Mapping[str, int]] = {
    "products": PAGE_SIZE_DEFAULT,
    "organizations": PAGE_SIZE_DEFAULT,
    "footprints": PAGE_SIZE_DEFAULT,
    "grants": PAGE_SIZE_DEFAULT,
    "contributions": CONTRIBUTIONS_DEFAULT,
    "contributionsBy": GROUPS_DEFAULT,
    "elasticities": ELASTICITIES_DEFAULT,
    "topPaths": PATHS_DEFAULT,
    "downstream": PAGE_SIZE_DEFAULT,
    "benchmarks": PAGE_SIZE_DEFAULT,
    "benchmarkPlaces": 4,  # a category and those above it
    "earlier": PAGE_SIZE_DEFAULT,
    "steps": 5,
    "primaryDataAdvice": ADVICE_DEFAULT,
    "uncertaintyAdvice": ADVICE_DEFAULT,
    "tree": TREE_NODES_DEFAULT,  # of all levels together, so `children` do not count again
    "lines": 10,
    "routes": 3,
    "scenarios": 2,
    "gaps": 5,
    "fallbacks": 5,
    "members": 5,
    "byStage": 3,
    "direct": 2,
    "findings": 3,
    "reasons": 8,
    "fields": 2,
}


@dataclass(frozen=True, slots=True)
class Size:
    """depth: of nested selections. fields: written below one place, fragments unfolded. cost: as above."""

    depth: int = 0
    fields: int = 0
    cost: int = 0


NOTHING: Final = Size()


def too_large(message: str, nodes: Sequence[Node] | None = None) -> GraphQLError:
    return GraphQLError(message, nodes, extensions={"code": "QUERY_TOO_LARGE"})


@dataclass(slots=True)
class Measure:
    """One pass over one document. `steps` counts the selections looked at, which tests hold to be linear."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    steps: int = 0
    _known: dict[str, Size] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def selection_set(self, selections: SelectionSetNode, nesting: int) -> Size:
        if nesting > DEPTH_MAX:
            raise too_large(f"The query is nested more than {DEPTH_MAX} levels deep: ask in several queries.")
        depth = fields = cost = 0
        repeats: dict[str, int] = {}
        for selection in selections.selections:
            self.steps += 1
            size = NOTHING
            if isinstance(selection, FieldNode):
                size = self._field(selection, nesting)
                name = (selection.alias or selection.name).value
                repeats[name] = repeats.get(name, 0) + 1
                if repeats[name] > REPEATS_MAX:
                    raise too_large(f"{name} is asked for more than {REPEATS_MAX} times in one place: once is enough.")
            elif isinstance(selection, InlineFragmentNode):
                size = self.selection_set(selection.selection_set, nesting)
            elif isinstance(selection, FragmentSpreadNode):
                size = self._fragment(selection.name.value, nesting)
            depth = max(depth, size.depth)
            fields += size.fields
            cost += size.cost
        return Size(depth, fields, cost)

    def _field(self, node: FieldNode, nesting: int) -> Size:
        name = node.name.value
        weight = WEIGHTS.get(name, 1)
        if node.selection_set is None:
            return Size(1, 1, weight)
        below = self.selection_set(node.selection_set, nesting + 1)
        return Size(below.depth + 1, below.fields + 1, weight + self._times(node) * below.cost)

    def _fragment(self, name: str, nesting: int) -> Size:
        if name in self._known:
            return self._known[name]
        fragment = self.fragments.get(name)
        if fragment is None or name in self._open:
            return NOTHING  # unknown or a cycle: validation says so
        if len(self._open) >= DEPTH_MAX:
            raise too_large(f"Fragments are nested more than {DEPTH_MAX} levels deep.")
        self._open.add(name)
        self._known[name] = self.selection_set(fragment.selection_set, nesting)
        self._open.discard(name)
        return self._known[name]

    def _times(self, node: FieldNode) -> int:
        """How many items a list field answers with."""
        for argument in node.arguments or ():
            value: object = argument.value
            if isinstance(value, VariableNode):
                value = self.variables.get(value.name.value)
            elif isinstance(value, IntValueNode):
                value = int(value.value) if len(value.value) < 10 else None
            if argument.name.value in {"first", "last", "maxNodes"} and value is not None:
                return min(max(value, 1), TREE_NODES_MAX) if isinstance(value, int) else PAGE_SIZE_MAX
            if argument.name.value == "ids" and value is not None:
                return len(value.values) if isinstance(value, ListValueNode) else _length(value)
        return LISTS.get(node.name.value, 1)


def _length(value: object) -> int:
    return len(value) if isinstance(value, Sequence) and not isinstance(value, str) else 1


def measure(document: DocumentNode, variables: Mapping[str, Any]) -> Measure:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    return Measure(fragments, variables)


def check_size(document: DocumentNode, variables: Mapping[str, Any]) -> Measure:
    """Raises GraphQLError, saying which limit, where an operation of the document is too large to answer."""
    sizes = measure(document, variables)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        try:
            size = sizes.selection_set(definition.selection_set, 1)
        except RecursionError:  # inline fragments inside fragments, thousands deep
            raise too_large(f"The query is nested more than {DEPTH_MAX} levels deep.") from None
        if size.depth > DEPTH_MAX:
            raise too_large(f"The query is {size.depth} levels deep; at most {DEPTH_MAX}: ask in several queries.")
        if size.fields > FIELDS_MAX:
            raise too_large(f"The query asks for more than {FIELDS_MAX} fields: ask in several queries.")
        if size.cost > COST_MAX:
            message = f"The answer may have about {size.cost:.0e} fields; at most {COST_MAX}: take smaller pages."
            raise too_large(message)
    return sizes
