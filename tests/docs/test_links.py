"""Documents lead to each other and nowhere else by accident."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seed
from exchange.exports.seed_picture import draw_seed
from tests.docs.documents import DOCS, ROOT, Document, all_documents, document, read

PRIVATE = re.compile(r"/work/|/tmp/|localhost:\d+/simple|https?://(?!127\.0\.0\.1)(?:\d+\.){3}\d+")


@pytest.mark.parametrize("one", all_documents(), ids=lambda one: one.name)
def test_links_between_documents_resolve(one: Document) -> None:
    broken = []
    for line, link in one.links():
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (one.path.parent / path).resolve() if path else one.path
        if not target.exists() or (fragment and target.suffix == ".md" and fragment not in read(target).anchors()):
            broken.append(f"line {line}: {link}")
    assert not broken, f"{one.name} has broken links: {broken}"


@pytest.mark.parametrize("one", all_documents(), ids=lambda one: one.name)
def test_documents_speak_of_the_project_alone(one: Document) -> None:
    text = one.path.read_text(encoding="utf-8")
    found = [match[0] for match in PRIVATE.finditer(text)]
    assert not found, f"{one.name} names places on somebody's machine: {found}"


def test_every_document_can_be_reached_from_the_start() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        waiting += [
            (path.parent / link.partition("#")[0]).resolve() for _, link in read(path).links() if ":" not in link
        ]
    missing = sorted(path.relative_to(ROOT).as_posix() for path in set(DOCS.rglob("*.md")) - reached)
    assert not missing, f"no link leads from README.md to {missing}"


def test_every_decision_is_listed_and_has_its_four_parts() -> None:
    listed = {link for _, link in document("docs/decisions/README.md").links()}
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert {page.name for page in pages} == listed
    for page in pages:
        text = page.read_text(encoding="utf-8")
        missing = [
            part for part in ("Context", "Decision", "Consequences", "Alternatives") if f"**{part}.**" not in text
        ]
        assert not missing, f"{page.name} lacks {missing}"


def test_the_picture_is_the_seeds() -> None:
    assert (DOCS / "graph.svg").read_text(encoding="utf-8").strip() == draw_seed(seed.load()).strip()


def test_architecture_stays_short() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
