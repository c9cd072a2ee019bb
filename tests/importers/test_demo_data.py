"""The demo supply chain is published by its owners, gives the numbers that its README prints, and can be run again."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import seed
from exchange.importers.demo_data import Seeded, publish_seed
from exchange.importers.publisher import publisher
from exchange.model.grant import AccessLevel
from exchange.model.parties import ANONYMOUS, OPERATOR
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.requests.checks import day_of
from tests.unit.seed_solver import results as independent_results

AS_OF_DAY = day_of(seed.AS_OF)


@pytest.fixture
async def seeded(exchange) -> Seeded:
    return await publish_seed(exchange, seed.load())


async def roll_up(exchange, seeded, key, viewer) -> RollUpAnswer:
    session = await exchange.session(viewer)
    [found] = await session.products([seeded.products[key]])
    assert found is not None
    [answer] = await session.roll_up([found.product.key], AS_OF_DAY, None)
    assert isinstance(answer, RollUpAnswer)
    return answer


async def test_everything_is_published_once(exchange, seeded):
    data = seed.load()
    about = await exchange.store.describe()
    assert about.counts["Organization"] == len(data.organizations)
    assert about.counts["Product"] == len(data.products)
    assert about.counts["Footprint"] == len(data.footprints)
    assert about.counts["Grant"] == len(data.grants)
    head = await exchange.store.head()
    again = await publish_seed(exchange, data)
    assert await exchange.store.head() == head
    assert again.changes == 0
    assert again.products == seeded.products


async def test_two_at_once_publish_it_once(exchange, seeded):
    head = await exchange.store.head()
    await asyncio.gather(publish_seed(exchange, seed.load()), publish_seed(exchange, seed.load()))
    assert await exchange.store.head() == head


async def test_every_number_is_the_one_of_an_independent_solver(exchange, seeded):
    session = await exchange.session(OPERATOR)
    expected = independent_results()
    found = await session.products([seeded.products[key] for key in expected])
    answers = await session.roll_up([one.product.key for one in found if one], AS_OF_DAY, None)
    assert len(answers) > 60
    for (key, (excluding, including)), answer in zip(expected.items(), answers, strict=True):
        assert isinstance(answer, RollUpAnswer), key
        assert float(answer.excluding_kg_co2e) == pytest.approx(excluding, rel=1e-9), key
        assert float(answer.including_kg_co2e) == pytest.approx(including, rel=1e-9), key


async def test_the_numbers_of_the_seeds_readme_come_out(exchange, seeded):
    readme = (Path(seed.__file__).parent / "README.md").read_text(encoding="utf-8")
    printed = re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| ([0-9.]+) \|$", readme, re.MULTILINE)
    assert len(printed) >= 10
    for key, number in printed:
        answer = await roll_up(exchange, seeded, key, OPERATOR)
        digits = len(number.partition(".")[2])
        assert f"{answer.excluding_kg_co2e:.{digits}f}" == number, key


async def test_three_viewers_see_as_much_as_they_were_granted(exchange, seeded):
    levels = []
    for viewer in seed.DEMO_VIEWERS:
        session = await exchange.session(publisher(seeded.organizations[viewer]))
        [found] = await session.products([seeded.products[seed.DEMO_PRODUCT]])
        levels.append(found.access)
    assert levels == [AccessLevel.OWNER, AccessLevel.INPUTS, AccessLevel.TOTAL]
    session = await exchange.session(ANONYMOUS)
    public = await session.products([seeded.products[key] for key in seed.DEMO_PUBLIC])
    assert all(found is not None for found in public)
    assert await session.products([seeded.products[seed.DEMO_PRODUCT]]) == [None]


async def test_gaps_and_the_fallback_are_there(exchange, seeded):
    data = seed.load()
    owners = {product.key: product.owner for product in data.products}
    codes = set()
    for key in ("electric-car", "methanol", "carbon-anode", "caustic-soda", "rooftop-plant", "battery-pack"):
        answer = await roll_up(exchange, seeded, key, publisher(seeded.organizations[owners[key]]))
        codes |= {str(gap.code) for gap in answer.gaps}
    assert codes >= {"NOT_GRANTED", "NO_FOOTPRINT", "EXPIRED", "UNIT_NOT_CONVERTIBLE"}
    sheet = await roll_up(exchange, seeded, "auto-sheet", publisher(seeded.organizations["ironhold"]))
    assert len(sheet.fallbacks) == 1


async def test_what_is_illustrative_says_so_in_the_exchange(exchange, seeded):
    session = await exchange.session(OPERATOR)
    [car] = await session.products([seeded.products[seed.DEMO_PRODUCT]])
    assert "invented" in car.product.description
    [standing] = await session.standing_footprints([car.product.key], AS_OF_DAY, None)
    [stored] = await exchange.store.get_footprints([standing.id])
    assert "ILLUSTRATIVE" in stored.comment
