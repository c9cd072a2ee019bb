"""Bulk publishing: footprints with 6 inputs, a thousand at once, against a raw UNWIND of the same rows.

The peer writes what the exchange has written into the same server: the same properties, the same relationships, under
the same constraints, by the same driver, and nothing else: no checks, no admission, no ledger.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j

from exchange.config import Settings
from exchange.graph.endpoint import Endpoint, read_endpoint
from exchange.model.footprint import LifeCycleStage
from exchange.model.parties import Organization, Scope, Viewer
from exchange.operations.changing.publishing import publish_footprints
from exchange.operations.requests.inputs import (
    FootprintInput,
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.schema.ids import global_id
from exchange.units import AmountUnit, DeclaredUnit
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.bench.measuring import Figure, Spread, in_turn
from tests.store import neo4j_server
from tests.store.examples import put_products

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "footprints with 6 inputs, 1,000 a transaction"
BATCH = 1_000
INPUTS = 6
RAW_KEYS_FROM = 10**9  # keys of the peer's footprints: far from any that the exchange gives out

_LOOK = """
UNWIND $ids AS i MATCH (f:Footprint {id: i}) MATCH (f)-[e:INPUT]->(s:Product)
RETURN f.productKey, properties(f), collect([s.key, e.line, e.amount, e.unit, e.stage])
"""
_RAW = """
UNWIND $rows AS r MATCH (p:Product {key: r.p}) CREATE (f:Footprint) SET f = r.f CREATE (f)-[:OF]->(p)
WITH f, r UNWIND r.i AS i MATCH (s:Product {key: i[0]})
CREATE (f)-[:INPUT {line: i[1], amount: i[2], unit: i[3], stage: i[4]}]->(s)
"""
_MUTATION = """mutation ($input: PublishFootprintsInput!) {
  publishFootprints(input: $input) { __typename ... on UserError { message } } }"""


@dataclass
class Publisher:
    """One way of writing a batch after the other; each batch is of products of its own."""

    server: ExchangeServer
    client: ApiClient
    organization: Organization
    viewer: Viewer
    driver: neo4j.Driver
    random: random.Random = field(default_factory=lambda: random.Random(1))
    raw_key: int = RAW_KEYS_FROM
    suppliers: list[str] = field(default_factory=list)
    waiting: list[list[str]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def prepare(self, batches: int) -> None:
        """Registers products, publishes what goes into them, and looks up the rows of one batch for the peer."""
        self.suppliers = self._products("supplier")
        publish = self._publish([_footprint(product, []) for product in self.suppliers])
        assert len(publish) == BATCH
        self.waiting = [self._products(f"product {batch}") for batch in range(batches)]
        ids = self._publish(self._batch(self._products("look")))
        with self.driver.session(fetch_size=-1) as session:
            found = session.run(_LOOK, ids=ids).values()
        self.rows = [{"p": product, "f": properties, "i": inputs} for product, properties, inputs in found]
        assert len(self.rows) == BATCH
        assert all(len(row["i"]) == INPUTS for row in self.rows)

    def through_operations(self) -> None:
        self._publish(self._batch(self.waiting.pop()))

    def publish_one(self, product: str) -> None:
        self._publish(self._batch([product]))

    def through_http(self) -> None:
        made = [_as_json(footprint) for footprint in self._batch(self.waiting.pop())]
        answer = self.client.query(_MUTATION, {"input": {"idempotencyKey": new_key(), "footprints": made}})
        assert answer["publishFootprints"]["__typename"] == "PublishFootprintsPayload", answer

    def raw(self) -> None:
        rows = []
        for row in self.rows:
            self.raw_key += 1
            own = {"key": self.raw_key, "id": str(uuid.uuid4()), "pfKey": str(uuid.uuid4())}
            rows.append({**row, "f": {**row["f"], **own}})
        with self.driver.session() as session, session.begin_transaction() as transaction:
            transaction.run(_RAW, rows=rows).consume()
            transaction.commit()

    def _products(self, name: str) -> list[str]:
        """A thousand new products, registered at once."""
        names = [f"{name} {number}" for number in range(BATCH)]
        made = self.server.run(lambda exchange: put_products(exchange.store, self.organization, *names))
        return [product.id for product in made]

    def _batch(self, products: list[str]) -> list[FootprintInput]:
        return [_footprint(product, self.random.sample(self.suppliers, INPUTS)) for product in products]

    def _publish(self, footprints: list[FootprintInput]) -> list[str]:
        given = PublishFootprintsInput(new_key(), tuple(footprints))
        return self.server.run(lambda exchange: publish_footprints(exchange, self.viewer, given))


def _footprint(product: str, suppliers: list[str]) -> FootprintInput:
    lines = [LineInput(ProductKey(id=s), Decimal(f"0.0{n}125"), AmountUnit.KILOGRAM) for n, s in enumerate(suppliers)]
    direct = StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": Decimal("1.25")})
    return FootprintInput(
        product=product,
        declared_unit_amount=Decimal(1),
        declared_unit_of_measurement=DeclaredUnit.KILOGRAM,
        product_mass_per_declared_unit=Decimal(1),
        reference_period_start=datetime(2025, 1, 1, tzinfo=UTC),
        reference_period_end=datetime(2026, 1, 1, tzinfo=UTC),
        ipcc_characterization_factors=("AR6",),
        cross_sectoral_standards=("ISO14067",),
        geography_country="CN",
        modelled=ModelledInput(direct=(direct,), lines=tuple(lines)),
    )


def _as_json(footprint: FootprintInput) -> dict[str, Any]:
    """The same over the API."""
    assert footprint.modelled is not None
    return {
        "product": global_id("Product", footprint.product),
        "declaredUnitAmount": "1",
        "declaredUnitOfMeasurement": "KILOGRAM",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": footprint.reference_period_start.isoformat(),
        "referencePeriodEnd": footprint.reference_period_end.isoformat(),
        "ipccCharacterizationFactors": ["AR6"],
        "crossSectoralStandards": ["ISO14067"],
        "geographyCountry": "CN",
        "modelled": {
            "direct": [{"stage": "MANUFACTURING", "components": {"fossilGhgEmissions": "1.25"}}],
            "lines": [
                {
                    "product": {"id": global_id("Product", line.product.id or "")},
                    "amount": str(line.amount),
                    "unit": "KILOGRAM",
                }
                for line in footprint.modelled.lines
            ],
        },
    }


@contextlib.contextmanager
def _embedded() -> Iterator[tuple[Settings, Callable[[], Endpoint | None]]]:
    with tempfile.TemporaryDirectory() as folder:
        yield Settings(graph_uri=f"embedded:{folder}"), lambda: read_endpoint(Path(folder))


@contextlib.contextmanager
def _neo4j() -> Iterator[tuple[Settings, Callable[[], Endpoint | None]]]:
    server = neo4j_server.prepare(neo4j_server.NEO4J_5)
    try:
        server.start()
        settings = Settings(graph_uri=server.bolt, graph_user=server.user, graph_password=server.password)  # type: ignore[arg-type]
        yield settings, lambda: Endpoint(server.bolt, server.user, server.password)
        server.kill()  # nothing of it is kept
    finally:
        shutil.rmtree(server.home, ignore_errors=True)


def run(options: Options) -> list[Figure]:
    found: list[Figure] = []
    for name, database in (("embedded", _embedded), ("Neo4j 5.26", _neo4j)):
        try:
            with database() as (settings, endpoint), serving(settings) as server:
                found += _measure(name, server, endpoint(), options.rounds)
        except neo4j_server.Absent as absent:
            print(f"publish: without {name}: {absent}")
    return found


def _measure(name: str, server: ExchangeServer, endpoint: Endpoint | None, rounds: int) -> list[Figure]:
    assert endpoint is not None
    client = server.add_organization("bench", scopes=frozenset({Scope.READ, Scope.PUBLISH}))
    organization = server.run(lambda exchange: exchange.store.get_organizations_by_namespace(["bench.example"], []))[0]
    viewer = Viewer(organization.id, frozenset({Scope.READ, Scope.PUBLISH}))
    with neo4j.GraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password)) as driver:
        publisher = Publisher(server, client, organization, viewer, driver)
        warm_up = 2
        publisher.prepare(2 * (rounds + warm_up))
        runs = {
            "operations": publisher.through_operations,
            "HTTP": publisher.through_http,
            "raw": publisher.raw,
        }
        took = in_turn(rounds, runs, warm_up=warm_up)
    rates = {way: spread.scaled(lambda seconds: BATCH / seconds) for way, spread in took.items()}
    peer: Spread = rates["raw"]
    return [
        Figure(f"{name}: publish_footprints", rates["operations"], "footprints/s", "raw UNWIND", peer),
        Figure(f"{name}: the same through HTTP", rates["HTTP"], "footprints/s", "raw UNWIND", peer),
    ]
