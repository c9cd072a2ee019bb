"""Runs the requests of a document in order, as a reader would, and says where an answer is not what is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tests.docs.documents import Block, Document

ANYTHING = "…"  # stands in a document for what differs from run to run


class Asks(Protocol):
    def ask(self, query: str, variables: dict[str, Any] | None = None, *, by: str | None = None) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a document; `answer` is the block that shows its answer, if any."""

    query: Block
    variables: Block | None
    answer: Block | None

    def steered(self, name: str) -> list[str]:
        return [value for key, value in self.query.steering if key == name]


def steps_of(document: Document) -> Iterator[Step]:
    blocks = document.blocks
    for position, block in enumerate(blocks):
        if block.language != "graphql":
            continue
        following = list(blocks[position + 1 : position + 3])
        variables = following.pop(0) if following and following[0].language == "json variables" else None
        answer = following[0] if following and following[0].language == "json" else None
        yield Step(block, variables, answer)


def run(document: Document, exchange: Asks) -> Iterator[tuple[Step, dict[str, Any]]]:
    """Each step with the answer it got."""
    kept: dict[str, Any] = {}
    for step in steps_of(document):
        if step.steered("not run"):
            continue
        variables = filled(json.loads(step.variables.text), kept) if step.variables else None
        by = next(iter(step.steered("as")), None)
        answer = exchange.ask(step.query.text, variables, by=by)
        yield step, answer  # before anything is kept of it: whoever looks at it says best what is wrong
        for rule in step.steered("keep"):
            name, _, path = rule.partition(" = ")
            kept[name] = at(answer["data"], path)


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """`<name>` replaced by what was kept."""
    if isinstance(value, dict):
        return {key: filled(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    match = re.fullmatch(r"<(\w+)>", value) if isinstance(value, str) else None
    return kept[match[1]] if match else value


def at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def difference(shown: Any, got: Any, path: str = "answer") -> str | None:
    """The first place where an answer is not what a document shows; None: they are equal."""
    if shown == ANYTHING:
        return None
    if isinstance(shown, dict) and isinstance(got, dict):
        if list(shown) != list(got):
            return f"{path} has {list(got)}, the document shows {list(shown)}"
        pairs = [(f"{path}.{key}", shown[key], got[key]) for key in shown]
    elif isinstance(shown, list) and isinstance(got, list) and len(shown) == len(got):
        pairs = [(f"{path}[{number}]", one, got[number]) for number, one in enumerate(shown)]
    else:
        return None if shown == got and type(shown) is type(got) else f"{path} is {got!r}, the document shows {shown!r}"
    return next((found for place, one, other in pairs if (found := difference(one, other, place))), None)
