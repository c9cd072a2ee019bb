"""The digest: a fingerprint of the facts that an answer was computed from, the same for all who have those facts.

SHA-256 over canonical JSON (sorted keys, no spaces, UTF-8, numbers as plain decimal text) of the view's closure: method
version, root, and per product its chosen footprint, own term and lines with their factors. Inputs enter as stated;
closed totals, rests and outbound logistics, which are results, enter rounded half-even to nine digits of their
product's total. Dates, ledger sequence and open results do not enter (docs/method.md, "Digest").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from exchange.model.carbon import COLUMNS
from exchange.model.resolved import Total
from exchange.model.view import ViewNode
from exchange.rollup.own_terms import EXACT
from exchange.rollup.rounding import DIGEST_DIGITS, DIGITS, power_of_ten, round_significant, round_to, text

METHOD_VERSION: Final = "1"  # of docs/method.md: raised when a rule changes what a fact is worth
_COARSER: Final = power_of_ten(DIGITS - DIGEST_DIGITS)


def digest_of(root_key: int, nodes: Mapping[int, ViewNode]) -> str:
    """ "sha256:" and 64 hexadecimal digits, of the products that the root reaches in a view (all of `nodes`)."""
    return hashed(inputs_of(root_key, nodes))


def inputs_of(root_key: int, nodes: Mapping[int, ViewNode]) -> dict[str, object]:
    """What the digest is the hash of, as JSON has it: the part `inputs` of an explain file."""
    entries = [_entry(node, nodes) for node in nodes.values()]
    return {
        "method": METHOD_VERSION,
        "root": nodes[root_key].footprint_id,
        "products": sorted(entries, key=lambda entry: str(entry["footprint"])),
    }


def hashed(value: object) -> str:
    """ "sha256:" and 64 hexadecimal digits, of a JSON value in canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _entry(node: ViewNode, nodes: Mapping[int, ViewNode]) -> dict[str, object]:
    own = {name: _own(amount, node) for name, amount in zip(COLUMNS, node.own, strict=True) if amount}
    entry: dict[str, object] = {"footprint": node.footprint_id, "own": own, "lines": _lines(node, nodes)}
    if node.gaps:
        entry["gaps"] = sorted([gap.number, gap.code.value, gap.by_fallback] for gap in node.gaps)
    return entry


def _own(amount: Decimal, node: ViewNode) -> str:
    """Direct emissions as stated; a closed total or a rest to nine digits of the total."""
    return text(amount) if node.broken_down else _rounded(amount, node.total)


def _lines(node: ViewNode, nodes: Mapping[int, ViewNode]) -> list[dict[str, object]]:
    columns = zip(
        node.lines.numbers.tolist(),
        node.lines.suppliers.tolist(),
        node.exact_factors,
        node.lines.delivered.tolist(),
        strict=True,
    )
    found: list[dict[str, object]] = []
    for number, supplier, factor, delivered in columns:
        line: dict[str, object] = {
            "number": number,
            "supplier": nodes[supplier].footprint_id,
            "factor": text(factor),
        }
        if delivered:
            line["outbound"] = text(round_significant(nodes[supplier].total.outbound, DIGEST_DIGITS))
        found.append(line)
    return sorted(found, key=lambda line: str(line["number"]).zfill(12))


def _rounded(amount: Decimal, total: Total) -> str:
    return text(round_to(amount, EXACT.multiply(total.quantum, _COARSER)))
