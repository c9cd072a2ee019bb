"""The documents as tests see them: headings, links, tables and fenced blocks, read with a few lines of our own.

Rules for blocks, which writers follow and test_queries.py relies on:
- a ```graphql block is a request to the seeded exchange; a ```json block after it is its whole answer, in which the
  text "…" stands for what differs from run to run;
- a ```json block whose first fence line says `json variables` holds the request's variables; a text `<name>` in them
  is what an earlier block of the same document kept under that name;
- HTML comments before a block steer it: `as: KEY` (an organization of the seed; anonymous without), `keep: NAME =
  path.to.value`, `error: CODE` (the answer is a top-level error), `not run: why`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^\s*(`{3,})(.*)$")
HEADING = re.compile(r"^(#{1,6}) (.+?)\s*$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
COMMENT = re.compile(r"^<!-- (as|keep|error|not run): (.+?) -->$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: `language` is all that stands behind the fence, `line` where it begins."""

    language: str
    text: str
    line: int
    steering: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Document:
    path: Path
    headings: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def anchors(self) -> set[str]:
        return {anchor(heading) for heading in self.headings}

    def links(self) -> Iterator[tuple[int, str]]:
        for line, text in self.prose:
            for match in LINK.finditer(re.sub(r"`[^`]*`", "", text)):
                yield line, match[1] or match[2]

    def table(self, header: str) -> list[list[str]]:
        """Rows of the table whose first row is `header`, cells stripped."""
        lines = [text.strip() for _, text in self.prose]
        start = lines.index(header)
        rows = []
        for text in lines[start + 2 :]:
            if not text.startswith("|"):
                break
            rows.append([cell.strip() for cell in text.strip("|").split("|")])
        return rows

    def code_words(self) -> set[str]:
        """Everything in backquotes outside blocks."""
        return {word for _, text in self.prose for word in re.findall(r"`([^`]+)`", text)}


def anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.replace(" ", "-")


def read(path: Path) -> Document:
    document, fence, language, begun = Document(path), "", "", 0
    text: list[str] = []
    steering: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                document.blocks.append(Block(language, "\n".join(text), begun, tuple(steering)))
                fence, steering = "", []
            else:
                text.append(line)
        elif match:
            fence, language, begun, text = match[1], match[2].strip(), number, []
        else:
            comment = COMMENT.match(line)
            if comment:
                steering.append((comment[1], comment[2]))
            heading = HEADING.match(line)
            if heading:
                document.headings.append(heading[2])
            document.prose.append((number, line))
    assert not fence, f"{path}: the block that begins in line {begun} never ends"
    return document


def all_documents() -> list[Document]:
    top = [
        ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "seed/README.md")
    ]
    return [read(path) for path in [*top, *sorted(DOCS.rglob("*.md"))] if path.exists()]


def document(name: str) -> Document:
    return read(ROOT / name)
