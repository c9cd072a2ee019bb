"""A small exchange without a database: answers from memory, and counts what it is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exchange.access.facts import NO_LINES
from exchange.model.carbon import COLUMNS
from exchange.model.footprint import DataQuality
from exchange.model.grant import AccessLevel
from exchange.model.parties import ANONYMOUS, Scope, Viewer
from exchange.model.product import Product
from exchange.model.resolved import Standing, Total, Uncertainty, UncertaintyReason
from exchange.model.view import ViewNode
from exchange.operations.answers.explanation import (
    ContributionGroup,
    ElasticitiesAnswer,
    Elasticity,
    Explanation,
    GroupKind,
    GroupOf,
    PathStep,
    SupplyPath,
    TopPaths,
)
from exchange.operations.answers.values import (
    ContributionAnswer,
    OrganizationAnswer,
    PageAnswer,
    ProductAnswer,
    RefusedAnswer,
    RollUpAnswer,
    TreeAnswer,
    TreeNodeAnswer,
    UncertaintyAnswer,
)
from exchange.operations.reading.downstream import Resting
from exchange.operations.reading.sampling import Runs
from exchange.operations.turns import Share
from exchange.rollup import (
    WITH_PROGRESS,
    Draws,
    Explained,
    PrimaryDataAdvice,
    SpreadAdvice,
    Variables,
    View,
    variables_of,
)
from exchange.schema.execution import Executor, Request
from exchange.schema.ids import global_id
from exchange.units import DeclaredUnit

MAKER = "11111111-1111-4111-8111-111111111111"
SIGNED_IN = Viewer(MAKER, frozenset({Scope.READ, Scope.PUBLISH}), client_id="client")
READER = Viewer(MAKER, frozenset({Scope.READ}), client_id="client")


def product_id(key: int) -> str:
    return f"22222222-2222-4222-8222-{key:012d}"


def product(key: int) -> ProductAnswer:
    urn = f"urn:pact:maker.example:product-id:{key}"
    return ProductAnswer(
        Product(product_id(key), key, MAKER, (urn,), f"Product {key}", None, (), 0, key + 1), AccessLevel.TOTAL
    )


def roll_up_answer(key: int, as_of_day: int | None) -> RollUpAnswer:
    one = Decimal(1)
    group = ContributionGroup(GroupOf(GroupKind.NOT_BROKEN_DOWN, tier=0), one, Decimal(100))
    elasticity = Elasticity(key, None, None, one, broken_down=False)
    path = SupplyPath((PathStep(key, None, one),), one, Decimal(100), broken_down=False)
    tree = TreeAnswer(TreeNodeAnswer(key, None, one, one, one, Decimal(100), ()), Decimal(100), 0)
    return RollUpAnswer(
        product_key=key,
        as_of_day=as_of_day or 0,
        known_at_us=0,
        ledger_sequence=None,
        declared_unit_amount=one,
        declared_unit=DeclaredUnit.KILOGRAM,
        excluding_kg_co2e=Decimal(key),
        including_kg_co2e=Decimal(key),
        lower_kg_co2e=Decimal(key),
        upper_kg_co2e=Decimal(key),
        components=tuple(Decimal(number) for number in range(len(COLUMNS))),
        direct=None,
        by_stage=None,
        outbound_logistics_kg_co2e=None,
        packaging_kg_co2e=None,
        primary_data_share_percent=Decimal(50),
        data_quality=DataQuality(one, one, one),
        exempted_emissions_percent=Decimal(0),
        own_exempted_emissions_percent=None,
        ipcc_characterization_factors=("AR6",),
        findings=(),
        unknown_components=(),
        has_gaps=False,
        gaps=(),
        fallbacks=(),
        valid_until_day=lambda: None,
        contributions=lambda first: [ContributionAnswer(key, one, Decimal(100), False)][:first],
        tree=lambda depth, cutoff, nodes: tree,
        digest=lambda: "sha256:0",
        explanation=Explanation(
            contributions_by=lambda grouping, first: [group][:first],
            elasticities=lambda first: ElasticitiesAnswer((elasticity,)[:first], None),
            top_paths=lambda first: TopPaths((path,)[:first], Decimal(100), complete=True),
        ),
        explained=lambda: explained(key),
        uncertainty=lambda: UncertaintyAnswer(
            None, None, None, Decimal(0), UncertaintyReason.NOT_STATED, lambda: False
        ),
        variables=lambda samples: certain(key),
        monte_carlo=lambda samples, seed: Draws(samples, samples, seed, None, None, None, None, None),
        primary_data_advice=lambda first: [PrimaryDataAdvice(key, 1, key, one)][:first],
        uncertainty_advice=lambda first: [SpreadAdvice(key, None, one, one)][:first],
    )


def certain(key: int) -> Variables:
    """What a run draws of a leaf that has no spread."""
    made = explained(key)
    return variables_of(View(key, made.nodes), 1, lambda keys: None, WITH_PROGRESS)


def explained(key: int) -> Explained:
    """A leaf that carries as much as its key says."""
    zero, one = Decimal(0), Decimal(1)
    vector = (Decimal(key), *([zero] * (len(COLUMNS) - 1)))
    whole = (Decimal(key), Decimal(key), Decimal(key), Decimal(key))
    total = Total(vector, Decimal("1E-11"), *whole, zero, False, zero, False, zero, one, one, one, zero)
    footprint_id = f"footprint-{key}"
    node = ViewNode(
        product_key=key,
        level=AccessLevel.TOTAL,
        footprint_id=footprint_id,
        footprint_ipcc=("AR6",),
        total=total,
        own=vector,
        broken_down=False,
        lines=NO_LINES,
        exact_factors=(),
        has_gaps=False,
        gaps=(),
        unknown_components=(),
        direct=None,
        by_stage=None,
        owner_id="owner",
        geography_country=None,
        released=False,
        direct_deviation=float("nan"),
        uncertainty=lambda: Uncertainty(None, zero, UncertaintyReason.NOT_STATED),
    )
    standing = Standing("owner", footprint_id, True, False, one, DeclaredUnit.KILOGRAM, None, None, zero, ("AR6",), ())
    return Explained(key, {key: node}, {key: standing})


@dataclass
class FakeExchange:
    """`products`: how many there are, keys from 0. `unsteady`: how many confirmations fail before one holds.

    `failing`: session methods that raise, and what.
    """

    products: int = 10
    unsteady: int = 0
    failing: dict[str, Exception] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()
    calls: Counter[str] = field(default_factory=Counter)
    runs: Runs = field(default_factory=Runs)

    @property
    def audit(self) -> FakeExchange:
        """What records who tried what: this, too."""
        return self

    async def write_denied(self, viewer, error, field, now_us):
        self.called(f"denied {field}")

    async def session(self, viewer: Viewer) -> FakeSession:
        self.called("session")
        return FakeSession(self, viewer)

    question = session

    def called(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.failing:
            raise self.failing[name]


@dataclass
class FakeSession:
    exchange: FakeExchange
    viewer: Viewer
    share: Share = field(default_factory=Share)
    now_us: int = 0
    assumed: bool = False
    inputs_read: dict[int, None] = field(default_factory=dict)
    benchmarks_read: dict[tuple[str, str], bool] = field(default_factory=dict)

    async def products_by_key(self, keys):
        self.exchange.called("products_by_key")
        return [product(key) if 0 <= key < self.exchange.products else None for key in keys]

    async def products(self, ids):
        self.exchange.called("products")
        known = {product_id(key): product(key) for key in range(self.exchange.products)}
        return [known.get(uuid) for uuid in ids]

    async def products_by_urn(self, urns):
        self.exchange.called("products_by_urn")
        known = {product(key).product.product_ids[0]: product(key) for key in range(self.exchange.products)}
        return [known.get(urn) for urn in urns]

    async def list_products(self, query, page):
        self.exchange.called("list_products")
        keys = range(self.exchange.products)[: page.first]
        items = tuple(product(key) for key in keys)
        return PageAnswer(items, tuple(f"{key:05d}" for key in keys), False, False, self.exchange.products)

    async def organizations(self, ids):
        self.exchange.called("organizations")
        return [OrganizationAnswer(uuid, "Maker", (), uuid) if uuid == MAKER else None for uuid in ids]

    async def roll_up(self, keys, as_of_day, known_at_us):
        self.exchange.called("roll_up")
        return [
            RefusedAnswer("LOOP_WITHOUT_ANSWER", "It consumes more than one of itself.", (key, 10**6))
            if key in self.exchange.refused
            else roll_up_answer(key, as_of_day)
            for key in keys
        ]

    async def list_audit(self, organization_id, page):
        return None

    async def downstream(self, product_key, as_of_day, known_at_us, page):
        self.exchange.called("downstream")
        return PageAnswer((Resting(product_key, Decimal(1)),), (product_id(product_key),), False, False, 1)

    async def compute(self, make, *, parts=None):
        return make()

    async def nothing(self, ids):
        return [None for _ in ids]

    footprints = grants = datasets = releases = nothing

    async def confirm(self) -> bool:
        self.exchange.called("confirm")
        self.exchange.unsteady -= 1
        return self.exchange.unsteady < 0


async def ask(exchange, query: str, variables=None, viewer: Viewer = ANONYMOUS) -> Any:
    """The body that a client gets."""
    answer = await Executor(exchange).answer(Request(query, variables or {}), viewer, "request-1")
    return answer.body


def id_of(key: int) -> str:
    return global_id("Product", product_id(key))
