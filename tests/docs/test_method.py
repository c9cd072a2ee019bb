"""docs/method.md has its sections, each with a source, an example and a file; and the code refers to what is there."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from exchange.model.pedigree import ADDED_VARIANCES, Pedigree
from tests.docs.documents import ROOT, document

SECTIONS = [
    "Which footprint stands",
    "System boundary",
    "Lines and units",
    "Components",
    "Solving and the certificate",
    "Admission",
    "Explanation",
    "What-if",
    "Quality",
    "Uncertainty",
    "Advice",
    "Digest",
    "Numbers going out",
    "Comparing",
    "Benchmarks",
    "Refused, or kept with a finding",
]
REFERENCE = re.compile(r'"([A-Z][A-Za-z, -]+?)"')


def sections() -> dict[str, str]:
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_sections_are_there_in_order() -> None:
    assert list(sections()) == SECTIONS


def test_each_section_has_a_source_an_example_and_a_file_that_computes_it() -> None:
    for name, text in sections().items():
        assert re.search(r"^Source: ", text, re.MULTILINE), f"{name} names no source"
        assert "**By hand.**" in text, f"{name} works no example"
        computed = re.search(r"^Computed in (.+?)\.$", text, re.MULTILINE | re.DOTALL)
        assert computed, f"{name} does not say where it is computed"
        for path in re.findall(r"`(exchange/[^`]+)`", computed[1]):
            assert (ROOT / path).is_file(), f"{name} names {path}, which does not exist"


def test_the_additions_of_pedigree_scores_are_those_of_the_code() -> None:
    rows = document("docs/method.md").table("| indicator | 1 | 2 | 3 | 4 | 5 |")
    table = {re.sub("[A-Z]", lambda found: "_" + found[0].lower(), row[0]): row[1:] for row in rows}
    assert {name: tuple(map(Decimal, added)) for name, added in table.items()} == ADDED_VARIANCES
    assert list(table) == list(ADDED_VARIANCES)


def test_the_example_of_pedigree_scores_is_what_the_code_gives() -> None:
    text = " ".join(sections()["Uncertainty"].split())
    found = re.search(
        r"basic variance of (\S+) and the scores \((.+?)\).+?: σ² = (.+?) = \*\*(.+?)\*\*, σ = (\S+),", text
    )
    assert found
    basic, scores, terms, variance, sigma = found.groups()
    pedigree = Pedigree(Decimal(basic), None, *map(int, scores.split(", ")))
    stated = [Decimal(basic), *(ADDED_VARIANCES[name][getattr(pedigree, name) - 1] for name in ADDED_VARIANCES)]
    assert [Decimal(term) for term in terms.split(" + ")] == stated
    assert Decimal(variance) == pedigree.variance == sum(stated)
    assert Decimal(sigma) == round(pedigree.variance.sqrt(), 7)
    deviation = pedigree.geometric_standard_deviation
    factor = re.search(r"With a basic GSD of (\S+) instead, σ² = .+? = (\S+) and GSD = \*\*(.+?)\*\*", text)
    assert factor
    other = replace(pedigree, basic_variance=None, basic_geometric_standard_deviation=Decimal(factor[1]))
    assert round(other.variance, 7) == Decimal(factor[2])
    assert other.geometric_standard_deviation == Decimal(factor[3])
    assert f"GSD = **{deviation}**. ecoinvent 2 would print its square, {deviation**2:.4f}." in text


def test_sections_that_the_code_refers_to_exist() -> None:
    for path in (ROOT / "exchange").rglob("*.py"):
        text = re.sub(r"\s*\n\s*#?\s*", " ", path.read_text(encoding="utf-8"))
        for match in re.finditer(r"docs/method\.md,((?: and| or|,)? ?\"[A-Z][^\"]+\")+", text):
            for section in REFERENCE.findall(match[0]):
                assert section.rstrip(",") in SECTIONS, f"{path.name} refers to {section!r}"


def test_headings_that_other_pages_name_exist() -> None:
    assert {"decisions/README.md", "method.md", "permissions.md"} <= {
        link for _, link in document("docs/index.md").links()
    }
