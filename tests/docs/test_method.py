"""docs/method.md has its sections, each with a source, an example and a file; and the code refers to what is there."""

from __future__ import annotations

import re

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
