"""Servers whose clocks differ: what one has acknowledged, the other shows at once, and nothing is dated backwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.graph import Store, parse_target
from exchange.importers.footprint_fields import footprint_input
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.changing.organizations import add_organization
from exchange.operations.changing.products import create_product
from exchange.operations.changing.publishing import publish_footprints
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.requests.inputs import CreateProductInput, PublishFootprintsInput
from tests.api import example
from tests.api.exchange_server import new_key

NOON_US = 1_780_000_000_000_000  # 2026-05-28
FIVE_SECONDS_US = 5_000_000


@pytest.mark.anyio
async def test_a_server_that_is_behind_misses_no_write_of_one_that_is_ahead(tmp_path: Path) -> None:
    store = await Store.open(parse_target(f"embedded:{tmp_path}", default_directory=tmp_path))
    ahead = open_exchange(store, clock=lambda: NOON_US + FIVE_SECONDS_US)
    behind = open_exchange(store, clock=lambda: NOON_US)
    try:
        owner = await add_organization(ahead, OPERATOR, name="FactorCo", domains=["factors.example"])
        viewer = Viewer(owner.id, frozenset({Scope.READ, Scope.PUBLISH}))
        given = CreateProductInput(new_key(), (example.urn("orefactor"),), "Ore")
        product = await create_product(ahead, viewer, given)
        first = await _publish(ahead, viewer, product)
        session = await behind.session(viewer)
        shown = (await session.products([product]))[0]
        assert shown is not None
        result = (await session.roll_up([shown.product.key], None, None))[0]
        assert isinstance(result, RollUpAnswer), result
        assert str(result.excluding_kg_co2e) == "0.03"
        second = await _publish(behind, viewer, product)
        found = {each.id: each.published_at_us for each in await session.store.get_footprints([first, second]) if each}
        assert found[second] >= found[first]
    finally:
        await ahead.close()
        await behind.close()
        await store.close()


async def _publish(exchange: Exchange, viewer: Viewer, product: str) -> str:
    fields = next(each for key, each in example.footprints() if key == "orefactor")
    given = footprint_input(fields, product=product, key_of=lambda _: None)  # type: ignore[arg-type, return-value]  # it has no lines
    return (await publish_footprints(exchange, viewer, PublishFootprintsInput(new_key(), (given,), True)))[0]
