"""Text that is odd or long, but good, comes back as it was, wherever text is kept."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.schema.ids import named_by
from tests.api.bad_inputs import declared
from tests.api.bad_values import LONG
from tests.api.exchange_server import ExchangeServer, new_key
from tests.api.refusing_world import World, make_world


@pytest.fixture(scope="module")
def world(server: ExchangeServer) -> World:
    return make_world(server)


ODD = {
    "emoji": "🏭👩‍🔬🇨🇳",
    "both directions": "كربون \u200fabc\u200e שלום\u061c",
    "combining": "e\u0301 é \ufeff\u2028\u2029",
    "quotes": "'\"\\`${}--;/*<b>",
    "not a character": "\ufffe\uffff\U0010ffff",
    "spaces outside": " \u3000x\u00a0 ",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ODD.items()])
def test_odd_text_comes_back_as_it_was(world: World, text: str) -> None:
    check_text(world, text, f"{text}\n\t{text}\r\n")


@pytest.mark.parametrize("character", ["x", "中", "🏭"])
def test_the_longest_text_comes_back_as_it_was(world: World, character: str) -> None:
    check_text(world, character * 512, character * LONG)


def test_one_name_in_two_spellings_is_one_product(world: World) -> None:
    maker, name = world.maker, f"urn:pact:maker.example:product-id:{new_key()}"
    fields = "product { id productIds }"
    given = {"idempotencyKey": new_key(), "productIds": [f"{name}%c3%a9"], "name": "One"}
    made = maker.done("createProduct", given, fields)["product"]
    assert made["productIds"] == [f"{name}%C3%A9"]
    again = given | {"idempotencyKey": new_key(), "productIds": [f"{name}%C3%a9"]}
    assert maker.mutate("createProduct", again, fields)["__typename"] == "Conflict"
    look = "query ($urn: URN!) { product(productId: $urn) { id } }"
    assert maker.query(look, {"urn": f"{name}%C3%a9"}) == {"product": {"id": made["id"]}}
    assert maker.query(look, {"urn": f"{name}%C3%A9?=a#b"}) == {"product": None}


def check_text(world: World, name: str, long: str) -> None:
    """Everywhere where text is kept: the product, a dataset, a footprint, why it was withdrawn."""
    maker = world.maker

    def done(mutation: str, fields: str, given: dict[str, Any]) -> Any:
        return maker.done(mutation, given, fields)

    urn = f"urn:pact:maker.example:product-id:{new_key()}"
    given = {"idempotencyKey": new_key(), "productIds": [urn], "name": name, "description": long}
    made = done("createProduct", "product { id name description }", given)["product"]
    assert (made["name"], made["description"]) == (name, long)
    listed = maker.query(
        "query ($id: ID!, $part: String!) { product(id: $id) { name description } "
        "products(filter: {nameContains: $part}) { nodes { id } } }",
        {"id": made["id"], "part": name[:100]},
    )
    assert listed["product"] == {"name": name, "description": long}
    assert made["id"] in [node["id"] for node in listed["products"]["nodes"]]
    dataset = {"idempotencyKey": new_key(), "dataset": name, "label": f"{name[:400]}{new_key()}", "date": "2026-01-01"}
    release = done("createRelease", "release { label dataset { name } }", dataset)["release"]
    assert release == {"label": dataset["label"], "dataset": {"name": name}}
    texts = {
        "comment": long,
        "boundaryProcessesDescription": long,
        "exemptedEmissionsDescription": long,
        "crossSectoralStandards": [name],
    }
    published = world.resolved(declared(**texts) | {"product": made["id"]})
    fields = "footprint { id crossSectoralStandards }"
    found = done("publishFootprint", fields, {"idempotencyKey": new_key(), "footprint": published})["footprint"]
    assert found["crossSectoralStandards"] == [name]
    done("deprecateFootprint", "footprint { status }", {"footprint": found["id"], "reason": long})
    named = named_by(found["id"])
    assert named is not None
    uuid = named[1]
    statement = "MATCH (f:Footprint {id: $id}) RETURN f.comment, f.boundaryProcessesDescription, f.deprecationReason"
    kept = world.server.run(lambda exchange: exchange.store._raw.read(statement, id=uuid))
    assert kept == [[long, long, long]]
