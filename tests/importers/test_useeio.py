"""A model becomes a release, its totals come out again, and running the import again completes or changes nothing."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from exchange.errors import Conflict, StoreUnavailable
from exchange.importers import useeio
from exchange.importers.model_files import read_model
from exchange.importers.useeio import ModelRelease, compare_totals, import_model
from exchange.model.footprint import NEVER_DAY, FootprintKind, LifeCycleStage, Price, PriceBasis
from exchange.model.grant import AccessLevel
from exchange.model.paging import Page
from exchange.model.parties import ANONYMOUS, OPERATOR
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.changing.publishing import publish_footprints
from tests.importers.models import INPUTS_HEADER, write_model


def release(name: str, **changes) -> ModelRelease:
    """A publisher of its own for each test."""
    return dataclasses.replace(ModelRelease(organization=name, domain=f"{name}.example"), **changes)


async def roll_up(exchange, product_id, viewer=ANONYMOUS) -> RollUpAnswer:
    session = await exchange.session(viewer)
    [found] = await session.products([product_id])
    assert found is not None
    [answer] = await session.roll_up([found.product.key], None, None)
    assert isinstance(answer, RollUpAnswer)
    return answer


async def test_a_model_becomes_a_public_release_in_money(exchange, tmp_path):
    model = read_model(write_model(tmp_path))
    imported = await import_model(exchange, model, release("first", label="v1"))
    assert (imported.footprints, imported.lines, len(imported.product_ids)) == (2, 2, 2)

    session = await exchange.session(ANONYMOUS)
    [power, coal] = await session.products(imported.product_ids)
    assert (power.access, coal.access) == (AccessLevel.TOTAL, AccessLevel.TOTAL)
    assert power.product.product_ids == ("urn:pact:first.example:product-id:P",)
    [stands] = await (await exchange.session(OPERATOR)).standing_footprints([power.product.key], None, None)
    assert stands.kind == FootprintKind.MODELLED
    assert stands.price == Price("USD", 2012, PriceBasis.PRODUCER)
    assert stands.release_id == imported.release_id
    assert stands.valid_until_day in (None, NEVER_DAY)
    assert stands.findings == ()
    assert [(line.amount, line.unit, line.stage) for line in stands.lines] == [
        (Decimal("0.4"), "MONEY", LifeCycleStage.RAW_MATERIAL_ACQUISITION)
    ]
    answer = await roll_up(exchange, imported.product_ids[0])
    assert answer.excluding_kg_co2e == Decimal("0.891393442623")
    assert answer.lower_kg_co2e <= Decimal("0.8913934426229508") <= answer.upper_kg_co2e
    assert (await compare_totals(exchange, model, imported)).equal == 2


async def test_the_same_import_again_changes_nothing(exchange, tmp_path):
    model = read_model(write_model(tmp_path))
    first = await import_model(exchange, model, release("again"))
    head = await exchange.store.head()
    second = await import_model(exchange, model, release("again"))
    assert await exchange.store.head() == head
    assert second == dataclasses.replace(first, changes=0)
    assert first.changes > 0


async def test_another_model_under_the_same_label_is_a_conflict(exchange, tmp_path):
    await import_model(exchange, read_model(write_model(tmp_path)), release("label", label="v1"))
    head = await exchange.store.head()
    other = read_model(write_model(tmp_path, inputs=INPUTS_HEADER + "P,C,0.3\n"))
    with pytest.raises(Conflict, match="--label"):
        await import_model(exchange, other, release("label", label="v1"))
    assert await exchange.store.head() == head


async def test_a_newer_release_of_the_same_products_stands_from_its_date_on(exchange, tmp_path):
    first = await import_model(exchange, read_model(write_model(tmp_path)), release("edition", label="v1"))
    newer = read_model(write_model(tmp_path, inputs=INPUTS_HEADER + "P,C,0.3\n"))
    second = await import_model(exchange, newer, release("edition", label="v2", day=date(2020, 1, 1)))
    assert second.product_ids == first.product_ids
    assert (await roll_up(exchange, first.product_ids[0])).excluding_kg_co2e == Decimal("0.865")


async def test_an_interrupted_import_completes(exchange, tmp_path, monkeypatch):
    monkeypatch.setattr(useeio, "BATCH_LINES_MAX", 1)
    model = read_model(write_model(tmp_path))
    publish, calls = publish_footprints, []

    async def broken(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise StoreUnavailable("gone")
        return await publish(*arguments)

    monkeypatch.setattr(useeio, "publish_footprints", broken)
    with pytest.raises(StoreUnavailable):
        await import_model(exchange, model, release("broken"))
    imported = await import_model(exchange, model, release("broken"))
    assert (await compare_totals(exchange, model, imported)).equal == 2
    session = await exchange.session(OPERATOR)
    found = await session.products(imported.product_ids)
    pages = [await session.list_footprints(one.product.key, Page(first=10)) for one in found]
    assert [page.total for page in pages] == [1, 1]


async def test_a_negative_input_and_an_input_of_itself_are_kept(exchange, tmp_path):
    model = read_model(write_model(tmp_path, inputs=INPUTS_HEADER + "P,P,0.5\nP,C,-0.1\n"))
    imported = await import_model(exchange, model, release("signed"))
    assert (await roll_up(exchange, imported.product_ids[0])).excluding_kg_co2e == Decimal("1.69")


# One of each kind: the largest, the smallest, zeros, and those of the data's own README.
DOZEN = (
    "1111A0",
    "221100",
    "336111",
    "331110",
    "S00402",
    "S00300",
    "4200ID",
    "327310",
    "211000",
    "311615",
    "562212",
    "33131A",
)


async def test_the_publishers_totals_come_out(exchange, data_dir):
    model = read_model(data_dir / "useeio")
    imported = await import_model(exchange, model, release("useeio", label="v2.0.1-411"))
    codes = [product.code for product in model.products]
    chosen = [code for code in DOZEN if code in codes]
    assert len(chosen) >= 8
    for code in chosen:
        position = codes.index(code)
        answer = await roll_up(exchange, imported.product_ids[position])
        published = model.products[position].published_total_kg_co2e
        assert abs(answer.excluding_kg_co2e - published) <= Decimal("1e-9") * abs(published), code
        assert answer.lower_kg_co2e <= published <= answer.upper_kg_co2e, code
    compared = await compare_totals(exchange, model, imported)
    assert (compared.equal, compared.total) == (411, 411)
