"""A made-up supply chain (`chain.py`) brought into a Neo4j by its offline importer, as CSV files.

Nodes, properties and relationships are those that `exchange.graph` writes, made by the same functions; a test compares
them. Constraints and indexes are missing: the exchange's migrations make them at the first start.
"""

from __future__ import annotations

import csv
import itertools
import multiprocessing
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import neo4j

from exchange.graph.footprint_records import footprint_properties, unit_text
from exchange.graph.keys import SEPARATOR
from exchange.graph.records import grant_properties, organization_properties, product_properties
from exchange.graph.writes import namespaces
from exchange.model.footprint import STAGES, Footprint
from exchange.model.ledger import Change
from exchange.model.parties import Organization
from tests.bench.chain import Chain
from tests.bench.supply import OWNERS, Supply
from tests.store.examples import NOW_US
from tests.store.neo4j_server import OPENED, Neo4jServer

IMPORT_SECONDS_MAX: Final = 3_600
ARRAY: Final = ";"
EMPTY: Final = {"Footprint": ["precedingPfIds"], "Organization": ["gs1Prefixes"]}  # lists that the importer leaves out
SET_AT_ONCE: Final = 20_000  # nodes of a transaction
_TYPES: Final[dict[type, str]] = {bool: "boolean", int: "long", str: "string"}
Properties = dict[str, Any]


class _Files:
    """CSV files of one folder: of nodes of one label that have the same properties, or of relationships of one type.

    `made` says for each file what the importer has to be told of it: `nodes=LABEL` or `relationships=TYPE`.
    """

    def __init__(self, stack: ExitStack, folder: Path, suffix: str) -> None:
        self._stack, self._folder, self._suffix = stack, folder, suffix
        self._open: dict[str, tuple[Any, list[str]]] = {}
        self.made: dict[Path, str] = {}

    def node(self, label: str, number: int, properties: Properties, variant: str = "") -> None:
        self._add(f"nodes={label}", f"{label}{variant}", {f":ID({label})": number}, properties)

    def join(self, kind: str, start: tuple[str, int], end: tuple[str, int], properties: Properties) -> None:
        ids = {f":START_ID({start[0]})": start[1], f":END_ID({end[0]})": end[1]}
        self._add(f"relationships={kind}", f"{kind}-{start[0]}", ids, properties)

    def _add(self, what: str, name: str, ids: dict[str, int], properties: Properties) -> None:
        """Rows of one file have the same properties; the first one says which."""
        if name not in self._open:
            path = self._folder / f"{name}{self._suffix}.csv"
            file = self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*ids, *(f"{each}:{_type(value)}" for each, value in properties.items())])
            self._open[name], self.made[path] = (writer, list(properties)), what
        writer, names = self._open[name]
        assert list(properties) == names
        writer.writerow([*ids.values(), *map(_text, properties.values())])


def _type(value: object) -> str:
    return f"{_TYPES[type(value[0])]}[]" if isinstance(value, list) else _TYPES[type(value)]


def _text(value: object) -> object:
    if isinstance(value, list):
        return ARRAY.join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else value


def write_csv(folder: Path, made: Supply) -> dict[Path, str]:
    """Everything, in as many processes as there are processors; what the importer has to be told of each file."""
    parts = min(os.cpu_count() or 1, made.products)
    bounds = [made.products * part // parts for part in range(parts + 1)]
    with multiprocessing.get_context("spawn").Pool(parts) as pool:
        ranges = [(folder, made, first, after) for first, after in itertools.pairwise(bounds)]
        found = pool.starmap(_write_products, ranges)
    return dict(itertools.chain(_write_rest(folder, made).items(), *(each.items() for each in found)))


def _write_products(folder: Path, made: Supply, first: int, after: int) -> dict[Path, str]:
    """Products of these keys, and what hangs on them."""
    chain = Chain(made)
    with ExitStack() as stack:
        files = _Files(stack, folder, f"-{first}")
        for key in range(first, after):
            product = chain.product(key)
            grant, footprint, here = chain.grant(product), chain.footprint(product), ("Product", key)
            public = {"publicFrom": [grant.from_us], "publicUntil": [grant.until_us]}
            files.node("Product", key, product_properties(product) | public)
            files.join("SUPPLIES", ("Organization", key % OWNERS), here, {})
            files.node("Identifier", key, {"urn": product.product_ids[0], "productKey": key})
            files.join("IDENTIFIES", ("Identifier", key), here, {})
            files.node("Grant", key, grant_properties(grant))
            files.join("ON", ("Grant", key), here, {})
            files.node("Footprint", key, _footprint(footprint, product.owner_id), f"-{footprint.kind}")
            files.join("OF", ("Footprint", key), here, {})
            for supplier, properties in _inputs(footprint):
                files.join("INPUT", ("Footprint", key), ("Product", supplier), properties)
        return files.made


def _write_rest(folder: Path, made: Supply) -> dict[Path, str]:
    chain = Chain(made)
    with ExitStack() as stack:
        files = _Files(stack, folder, "")
        for number, organization in enumerate(chain.organizations):
            _put_organization(files, number, organization)
        for change in chain.changes():
            files.node("Change", change.sequence, _change(change))
        files.node("Ledger", 0, _ledger(chain))
        return files.made


def _change(change: Change) -> dict[str, Any]:
    """As it was written before there was an audit chain, which begins with the next one."""
    return {
        "sequence": change.sequence,
        "kind": change.kind.value,
        "subject": change.subject,
        "by": change.by,
        "atUs": change.at_us,
    }


def _put_organization(files: _Files, number: int, organization: Organization) -> None:
    properties, here = organization_properties(organization), ("Organization", number)
    [namespace] = namespaces(organization.domains, organization.gs1_prefixes)
    for name in EMPTY["Organization"]:
        assert properties.pop(name) == []
    files.node("Organization", number, properties)
    files.node("Namespace", number, {"name": namespace})
    files.join("HOLDS", here, ("Namespace", number), {})
    files.node("CompanyId", number, {"urn": organization.company_ids[0]})
    files.join("IDENTIFIES", ("CompanyId", number), here, {})


def _footprint(footprint: Footprint, owner_id: str) -> Properties:
    properties = footprint_properties(footprint)
    for name in EMPTY["Footprint"]:
        assert properties.pop(name) == []
    return properties | {"pfKey": f"{owner_id}{SEPARATOR}{footprint.pf_id}"}


def _inputs(footprint: Footprint) -> Iterator[tuple[int, Properties]]:
    lines = footprint.lines
    units = [unit_text(unit, price) for unit, price in lines.unit_table]
    for at, supplier in enumerate(lines.suppliers):
        yield (
            supplier,
            {
                "line": at + 1,
                "amount": lines.amounts[at],
                "unit": units[lines.units[at]],
                "stage": STAGES[lines.stages[at]].value,
            },
        )


def _ledger(chain: Chain) -> Properties:
    count = chain.made.products
    return {
        "id": "ledger",
        "head": chain.head,
        "products": count,
        "footprints": count,
        "schemaVersion": 0,
        "atUs": NOW_US,
    }


def import_files(server: Neo4jServer, files: dict[Path, str]) -> None:
    """Makes them the database of a server that has never been started. `add_empty_lists` makes it whole."""
    options = [f"--{what}={path}" for path, what in files.items()]
    done = subprocess.run(
        [
            server.java,
            "-Xmx4g",
            *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED),
            "-cp",
            f"{server.libraries}/*",
            "org.neo4j.cli.AdminTool",
            "database",
            "import",
            "full",
            "neo4j",
            "--id-type=integer",
            f"--array-delimiter={ARRAY}",
            "--multiline-fields=true",
            *options,
        ],
        cwd=server.home,
        env={"NEO4J_HOME": str(server.home), "NEO4J_CONF": str(server.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=IMPORT_SECONDS_MAX,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the importer failed: {(done.stdout + done.stderr)[-3000:]}")


def add_empty_lists(driver: neo4j.Driver, made: Supply) -> None:
    """When keys are indexed."""
    with driver.session() as session:
        for name in EMPTY["Organization"]:
            session.run(f"MATCH (n:Organization) SET n.{name} = []").consume()
        for name in EMPTY["Footprint"]:
            statement = f"UNWIND range($first, $last) AS k MATCH (n:Footprint {{key: k}}) SET n.{name} = []"
            for first in range(0, made.products, SET_AT_ONCE):
                session.run(statement, first=first, last=first + SET_AT_ONCE - 1).consume()
