"""What the audit chain adds to a publish: one footprint, and a thousand at once, with it and without.

The peer is the same publish with the ledger as it would be without an audit: a change is kept with what servers need to
follow it, and without secret, hash, a place in anybody's list, and the counts of those lists.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo4j

from exchange.config import Settings
from exchange.graph import ledger
from exchange.graph.endpoint import read_endpoint
from exchange.graph.records import entry_properties
from exchange.model.audit import GENESIS, AuditEntry
from exchange.model.parties import Scope, Viewer
from tests.api.exchange_server import serving
from tests.bench.measuring import Figure, in_turn, milliseconds
from tests.bench.publishing import BATCH, Publisher

if TYPE_CHECKING:
    from tests.bench.__main__ import Options

TITLE = "what the audit chain adds to a publish"
SINGLES = 40  # a round: one takes some milliseconds

_MOVE = """
MATCH (l:Ledger {id: 'ledger'})
SET l.head = l.head + $changes, l.products = l.products + $products, l.footprints = l.footprints + $footprints,
    l.atUs = $at, l.credentials = coalesce($credentials, l.credentials, 0)
RETURN l.head - $changes, l.products - $products, l.footprints - $footprints, $genesis, '', 0
"""
_APPEND = "UNWIND $rows AS r CREATE (c:Change) SET c = r"


def _unsealed(_before: str, changes: Any, _secrets: bytes) -> list[AuditEntry]:
    return [AuditEntry(change, "", GENESIS) for change in changes]


def _bare(entry: AuditEntry, _places: Any) -> dict[str, Any]:
    kept = entry_properties(entry, {})
    del kept["secret"], kept["hash"]
    return kept


def _no_places(changes: Any, _before: Any) -> list[dict[str, str]]:
    return [{}] * len(changes)


_WITHOUT: dict[str, Any] = {
    "_MOVE": _MOVE,
    "_APPEND": _APPEND,
    "seal": _unsealed,
    "places_of": _no_places,
    "entry_properties": _bare,
    "counted": lambda _changes: [],
}


@contextlib.contextmanager
def _without_chain() -> Iterator[None]:
    kept = {name: getattr(ledger, name) for name in _WITHOUT}
    vars(ledger).update(_WITHOUT)
    try:
        yield
    finally:
        vars(ledger).update(kept)


def run(options: Options) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Settings(graph_uri=f"embedded:{folder}")) as server,
    ):
        endpoint = read_endpoint(Path(folder))
        assert endpoint is not None
        client = server.add_organization("bench", scopes=frozenset({Scope.READ, Scope.PUBLISH}))
        found = server.run(lambda exchange: exchange.store.get_organizations_by_namespace(["bench.example"], []))
        viewer = Viewer(found[0].id, frozenset({Scope.READ, Scope.PUBLISH}))
        with neo4j.GraphDatabase.driver(endpoint.uri, auth=(endpoint.user, endpoint.password)) as driver:
            publisher = Publisher(server, client, found[0], viewer, driver)
            publisher.prepare(4 * (options.rounds + 1))
            return _measure(publisher, options.rounds)


def _measure(publisher: Publisher, rounds: int) -> list[Figure]:
    def without(run: Callable[[], None]) -> Callable[[], None]:
        def run_it() -> None:
            with _without_chain():
                run()

        return run_it

    def singles() -> None:
        batch = publisher.waiting.pop()
        for product in batch[:SINGLES]:
            publisher.publish_one(product)

    both = publisher.through_operations
    one = in_turn(rounds, {"with": singles, "without": without(singles)})
    many = in_turn(rounds, {"with": both, "without": without(both)})
    each = {way: milliseconds(spread.scaled(lambda seconds: seconds / SINGLES)) for way, spread in one.items()}
    all_of = {way: milliseconds(spread) for way, spread in many.items()}
    peer = "without the chain"
    return [
        Figure("one footprint published", each["with"], "ms", peer, each["without"]),
        Figure(f"{BATCH} published at once", all_of["with"], "ms", peer, all_of["without"]),
    ]
