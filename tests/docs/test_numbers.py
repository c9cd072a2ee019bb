"""docs/api.md names, for every number that is computed, its resolver, what that asks, and where it is computed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from graphql import GraphQLObjectType, get_named_type

from exchange.schema.schema import core_schema
from tests.docs.documents import ROOT, anchor, document
from tests.docs.test_method import sections

HEADER = "| number | resolver | what it asks | computed in | formula |"
FOLDERS = ("exchange/schema/", "exchange/operations/", "exchange/")  # of each column
# What their owner states, which nobody computes; the document says so below the table.
STATED = {"Line", "FallbackLine", "Footprint", "DeclaredFootprint", "ModelledFootprint"}
STATED_OF_A_RESULT = {
    "RollUp.declaredUnitAmount",
    "RollUp.ownExemptedEmissionsPercent",
    "WhatIf.declaredUnitAmount",
    "RollUp.ledgerSequence",  # the operator's counter of changes
}


def rows() -> list[list[str]]:
    return document("docs/api.md").table(HEADER)


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def numbers() -> Iterator[str]:
    """Every field of the API that is a decimal number."""
    for name, kind in core_schema().type_map.items():
        if isinstance(kind, GraphQLObjectType):
            for field, value in kind.fields.items():
                if get_named_type(value.type).name in {"Decimal", "Float"}:
                    yield f"{name}.{field}"


def listed() -> set[str]:
    return {word for row in rows() for word in words(row[0])}


def test_every_number_that_is_computed_is_in_the_table() -> None:
    named = listed()
    missing = [
        each
        for each in numbers()
        if each not in named | STATED_OF_A_RESULT
        and each.partition(".")[0] not in STATED
        and f"{each.partition('.')[0]}.*" not in named
    ]
    assert missing == []


def test_what_the_table_names_is_in_the_schema() -> None:
    types = core_schema().type_map
    for name in listed():
        kind, _, field = name.partition(".")
        found = types[kind]
        assert isinstance(found, GraphQLObjectType), name
        assert field == "*" or field in found.fields, name


@cache
def defined(path: str) -> frozenset[str]:
    """Functions and classes of a file, those in classes with the class's name."""
    found: set[str] = set()

    def walk(body: list[ast.stmt], inside: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(inside + node.name)
                if isinstance(node, ast.ClassDef):
                    walk(node.body, f"{inside}{node.name}.")

    walk(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, "")
    return frozenset(found)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_place_that_is_named_is_there(row: list[str]) -> None:
    for folder, cell in zip(FOLDERS, row[1:4], strict=True):
        [place] = words(cell)
        path, _, name = place.partition(":")
        assert path.startswith(folder)
        assert name in defined(path), f"{path} has no {name}"
    [(title, link)] = re.findall(r"\[(.+?)\]\(method\.md#(.+?)\)", row[4])
    assert title in sections()
    assert link == anchor(title)


def test_places_named_around_the_table_are_there_too() -> None:
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    section = text.partition("## Where each number is made")[2].partition("\n## ")[0]
    places = re.findall(r"`(exchange/[a-z_/]+\.py):([A-Za-z_.]+)`", section)
    assert len(places) == 3 * len(rows()) + 3
    for path, name in places:
        assert name in defined(path), f"{path} has no {name}"
