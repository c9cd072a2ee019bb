"""Explain files in answers: as many as fit into one, read as any other field is, and refused before they are made."""

from __future__ import annotations

import json

import pytest

from exchange.operations.reading.explain_files import write_explain_file
from exchange.rollup import read_explain_file, verify
from exchange.schema import explain_files
from tests.api.fakes import FakeExchange, ask, id_of

PAGE = "{ products(first: 5) { nodes { cradleToGate { ... on RollUp { explainFile { digest content } } } } } }"


async def test_a_page_of_products_has_a_file_of_each():
    body = await ask(FakeExchange(), PAGE)
    files = [node["cradleToGate"]["explainFile"] for node in body["data"]["products"]["nodes"]]
    verdicts = [verify(read_explain_file(file["content"].encode()), file["digest"]) for file in files]
    assert [verdict.result["pcfExcludingBiogenicUptake"] for verdict in verdicts] == ["0", "1", "2", "3", "4"]
    assert all(verdict.equal for verdict in verdicts)


async def test_products_and_lines_of_all_files_of_an_answer_are_counted_together(monkeypatch):
    made = []
    honest = write_explain_file

    async def counted(session, answer):
        made.append(answer.product_key)
        return await honest(session, answer)

    monkeypatch.setattr(explain_files, "write_explain_file", counted)
    monkeypatch.setattr(explain_files, "EXPLAINED_PARTS_MAX", 5)
    assert "errors" not in await ask(FakeExchange(), PAGE)
    made.clear()
    monkeypatch.setattr(explain_files, "EXPLAINED_PARTS_MAX", 4)
    body = await ask(FakeExchange(), PAGE)
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INVALID_INPUT"}
    assert "at most 4 products and lines" in body["errors"][0]["message"]
    assert len(made) <= 4


@pytest.mark.parametrize("unsteady", [0, 1, 2])
async def test_an_answer_that_is_made_again_is_counted_once(monkeypatch, unsteady):
    monkeypatch.setattr(explain_files, "EXPLAINED_PARTS_MAX", 1)
    query = f'{{ product(id: "{id_of(3)}") {{ cradleToGate {{ ... on RollUp {{ explainFile {{ content }} }} }} }} }}'
    body = await ask(FakeExchange(unsteady=unsteady), query)
    assert "errors" not in body
    content = json.loads(body["data"]["product"]["cradleToGate"]["explainFile"]["content"])
    assert content["shown"]["result"]["components"] == {"fossilGhgEmissions": "3"}
