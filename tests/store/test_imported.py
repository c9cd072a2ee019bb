"""The made-up chain of benchmarks: what Neo4j's importer makes of it is what the store writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import neo4j
import pytest

from tests.bench.databases import Database, embedded, neo4j_5
from tests.store import neo4j_server

PRODUCTS = 24  # of every tier two
LABELS = ("Organization", "Namespace", "CompanyId", "Product", "Identifier", "Footprint", "Grant", "Change", "Ledger")
CHANGE = {"sequence", "kind", "subject", "by", "atUs"}
IDENTITY = "coalesce({0}.id, {0}.urn, {0}.name, toString({0}.sequence))"


def test_the_imported_chain_is_the_written_one(tmp_path: Path, no_neo4j: Callable[[str], NoReturn]) -> None:
    pytest.importorskip("arcadedb_embedded")
    try:
        with neo4j_5(PRODUCTS, tmp_path) as database:
            imported = _everything(database)
    except neo4j_server.Absent as absent:
        no_neo4j(str(absent))
    with embedded(PRODUCTS, tmp_path) as database:
        written = _everything(database)
    assert len(written["Footprint"]) == PRODUCTS
    for what, found in written.items():
        assert imported[what] == found, what


def _everything(database: Database) -> dict[str, dict[Any, Any]]:
    """Properties of all nodes by label and what they are called, and of all relationships by what they join."""
    endpoint = database.endpoint
    assert endpoint is not None
    quiet: Any = {} if endpoint.embedded else {"notifications_min_severity": "OFF"}
    found: dict[str, dict[Any, Any]] = {}
    with (
        neo4j.GraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password), **quiet) as driver,
        driver.session() as session,
    ):
        for label in LABELS:
            rows = session.run(f"MATCH (n:{label}) RETURN {IDENTITY.format('n')}, properties(n)").values()
            found[label] = dict(rows)
        for change in found["Change"].values():
            for name in (
                set(change) - CHANGE
            ):  # a writer's own mark, and the audit chain, which the importer begins after
                del change[name]
        for ledger in found["Ledger"].values():
            for name in ("auditHash", "auditFrom", "credentials"):
                ledger.pop(name, None)
        start, end = IDENTITY.format("a"), IDENTITY.format("b")
        joined = f"MATCH (a)-[e]->(b) RETURN type(e), {start}, {end}, e.line, properties(e)"
        found["relationships"] = {tuple(row[:4]): row[4] for row in session.run(joined).values()}
    return found
