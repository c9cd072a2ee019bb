"""The explain file: everything that a viewer's answer about one product was computed from, to be kept and recomputed.

Three parts, of which only the first is hashed. `inputs` is what the digest is the hash of, from the digest's own
function. `shown` is what the viewer was answered, with the names and units needed to read it. `checksums` say where a
file was damaged. It holds nothing but the viewer's view, and not whose view it is; equal facts give equal bytes
(docs/method.md, "Digest"; the format: docs/explain-file.schema.json, made from explain_schema.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from exchange.model.carbon import COLUMNS
from exchange.model.resolved import Standing
from exchange.model.view import ViewNode
from exchange.rollup.digest import hashed, inputs_of
from exchange.rollup.rounding import text

FORMAT: Final = "footprint-exchange-explain-file-1"
FILE_BYTES_MAX: Final = 256 * 2**20  # two million lines; read into memory it takes some ten times as much
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """A view as it was walked, and what is said of its footprints beside their numbers, by product key."""

    root_key: int
    nodes: Mapping[int, ViewNode]
    standings: Mapping[int, Standing]

    @property
    def line_count(self) -> int:
        return sum(len(node.lines.suppliers) for node in self.nodes.values())

    @property
    def parts(self) -> int:
        """Products and lines: what the size of the file goes by."""
        return len(self.nodes) + self.line_count


@dataclass(frozen=True, slots=True)
class Called:
    """What a product is called. id: the exchange's own (UUID)."""

    id: str
    product_ids: tuple[str, ...]
    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class ExplainFile:
    """text: JSON, one line of supply a row; digest: that of its inputs."""

    text: str
    digest: str


def explain_file(explained: Explained, called: Mapping[int, Called], answered: Fields) -> ExplainFile:
    """The file of a view whose products are called so. answered: of the product asked about, by the API's names, what
    the view does not say itself (dates, quality and the like)."""
    inputs = inputs_of(explained.root_key, explained.nodes)
    digest = hashed(inputs)
    result = {**_total(explained.nodes[explained.root_key]), **answered}
    products = [_product(explained, key, called[key]) for key in explained.nodes]
    checksums = {"result": hashed(result), "products": product_checksums(inputs, products)}
    document: Fields = {
        "format": FORMAT,
        "digest": digest,
        "inputs": inputs,
        "shown": {"result": result, "products": products},
        "checksums": checksums,
    }
    return ExplainFile("".join(_written(document)), digest)


def product_checksums(inputs: Mapping[str, Any], products: Sequence[Fields]) -> list[Fields]:
    """Of each product, in the order of what is shown of them: its own term, its lines, its gaps, what is shown."""
    entries = {entry["footprint"]: entry for entry in inputs["products"]}
    return [
        {
            "footprint": product["footprint"],
            "own": hashed(entries[product["footprint"]]["own"]),
            "lines": hashed(entries[product["footprint"]]["lines"]),
            "gaps": hashed(entries[product["footprint"]].get("gaps", [])),
            "shown": hashed(product),
        }
        for product in products
    ]


def _total(node: ViewNode) -> Fields:
    total = node.total
    return {
        "footprint": node.footprint_id,
        "pcfExcludingBiogenicUptake": text(total.excluding),
        "pcfIncludingBiogenicUptake": text(total.including),
        "lower": text(total.lower),
        "upper": text(total.upper),
        "components": _components(total.components),
        "outboundLogisticsGhgEmissions": text(total.outbound) if total.outbound_stated else None,
    }


def _product(explained: Explained, key: int, called: Called) -> Fields:
    node, standing = explained.nodes[key], explained.standings[key]
    fields: Fields = {
        "product": called.id,
        "productIds": list(called.product_ids),
        "name": called.name,
        "owner": called.owner,
        "declaredUnitAmount": text(standing.declared_unit_amount),
        "declaredUnitOfMeasurement": str(standing.declared_unit),
        "brokenDown": node.broken_down,
        **_total(node),
    }
    if standing.price is not None:
        price = standing.price
        fields |= {"currency": price.currency, "priceYear": price.year, "priceBasis": str(price.basis)}
    return fields


def _components(vector: Sequence[Decimal]) -> Fields:
    """By name, those that are not zero."""
    return {name: text(amount) for name, amount in zip(COLUMNS, vector, strict=True) if amount}


def _written(document: Fields) -> Iterator[str]:
    """The same bytes for equal values. One product, and one line of supply, a row: files can be compared by rows."""
    inputs, shown, checksums = document["inputs"], document["shown"], document["checksums"]
    yield f'{{"format":{_json(document["format"])},\n"digest":{_json(document["digest"])},\n'
    yield f'"inputs":{{"method":{_json(inputs["method"])},"root":{_json(inputs["root"])},"products":['
    for position, entry in enumerate(inputs["products"]):
        rest = {name: value for name, value in entry.items() if name != "lines"}
        yield f'{"," if position else ""}\n{_json(rest)[:-1]},"lines":['
        yield ",".join(f"\n{_json(line)}" for line in entry["lines"])
        yield "]}"
    yield f'\n]}},\n"shown":{{"result":{_json(shown["result"])},"products":[{_rows(shown["products"])}\n]}},\n'
    yield f'"checksums":{{"result":{_json(checksums["result"])},"products":[{_rows(checksums["products"])}\n]}}}}\n'


def _rows(values: Sequence[object]) -> str:
    return ",".join(f"\n{_json(value)}" for value in values)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
