"""Every query in the documents runs on the demo data, over HTTP, and answers what the document shows."""

from __future__ import annotations

import json

import pytest

from tests.docs.documents import Document, all_documents
from tests.docs.running import difference, run, steps_of
from tests.docs.seeded_exchange import SeededExchange

WITH_QUERIES = [document for document in all_documents() if any(steps_of(document))]


@pytest.mark.parametrize("document", WITH_QUERIES, ids=lambda document: document.name)
def test_every_query_runs_and_answers_what_the_document_shows(document: Document, exchange: SeededExchange) -> None:
    for step, answer in run(document, exchange):
        place = f"{document.name}, line {step.query.line}"
        codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", [])]
        assert codes == step.steered("error"), f"{place}: {answer}"
        if step.answer is not None:
            shown = json.loads(step.answer.text)
            found = difference(shown, answer)
            assert found is None, f"{place}: {found}"


def test_a_wrong_answer_is_found() -> None:
    shown = {"data": {"product": {"id": "…", "name": "Steel", "values": ["1", "2"]}}}
    assert difference(shown, {"data": {"product": {"id": "x", "name": "Steel", "values": ["1", "2"]}}}) is None
    assert difference(shown, {"data": {"product": {"id": "x", "name": "Steel", "values": ["1", "3"]}}})
    assert difference(shown, {"data": {"product": {"id": "x", "name": "Steel", "values": ["1"]}}})
    assert difference(shown, {"data": {"product": {"id": "x", "values": ["1", "2"]}}})
    assert difference({"data": {"n": 1}}, {"data": {"n": True}})


def test_documents_that_should_show_queries_do() -> None:
    names = {document.name for document in WITH_QUERIES}
    assert {"README.md", "docs/guides/ask-for-a-footprint.md", "docs/guides/publish-a-footprint.md"} <= names
