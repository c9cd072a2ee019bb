"""The store's contract on every database."""

from __future__ import annotations

from tests.store.contract import StoreContract
from tests.store.contract_away import wire
from tests.store.contract_ledger import LedgerContract, MetInSchema

__all__ = ["wire"]


class TestEmbedded(StoreContract):
    backend = "embedded"


class TestNeo4j5(MetInSchema, StoreContract):
    backend = "neo4j_5"


class TestNeo4j5Routed(LedgerContract):
    """`neo4j://` is the same server by another way: what depends on the way is whether reads see writes."""

    backend = "neo4j_5_routed"


class TestNeo4j2026(MetInSchema, StoreContract):
    backend = "neo4j_2026"
