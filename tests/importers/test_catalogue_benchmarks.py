"""Benchmarks of the Carbon Catalogue as it is published: every company in one alliance, all of it counted.

What is published is compared with the definition of Harrell and Davis, integrated numerically, over the files' own
numbers. All of the catalogue is from cradle to grave, per piece, and does not say whether it counts biogenic uptake.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import pytest
from scipy.integrate import quad
from scipy.stats import beta

from exchange.graph import Store, Target
from exchange.graph.embedded import EmbeddedDatabase
from exchange.importers.carbon_catalogue import DOMAIN, import_catalogue, product_urn
from exchange.importers.catalogue_files import ReportedFootprint, read_catalogue
from exchange.importers.keys import stable_uuid
from exchange.importers.publisher import all_in_order, publisher
from exchange.model.benchmark import UNSTATED, BenchmarkEdition, BenchmarkSet
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.paging import Page
from exchange.model.parties import OPERATOR
from exchange.operations.benchmarks import answers as benchmark_answers
from exchange.operations.benchmarks.publishing import publish_benchmarks
from exchange.operations.changing.alliances import accept_invitation, found_alliance, invite_to_alliance
from exchange.operations.changing.sharing import grant_access
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.reading import alliance_answers
from exchange.operations.requests.inputs import FoundAllianceInput, GrantAccessInput, InviteToAllianceInput
from exchange.units import Dimension
from tests.rollup.check import instant

CLOSING = dt.date(2017, 12, 31)  # what was reported for 2014 to 2016 holds, the newest of a product
KINDS = ("gics-industry", "gics-industry-group", "sector")


@pytest.fixture(scope="module")
async def published(
    database: EmbeddedDatabase, data_dir: Path
) -> AsyncIterator[tuple[Exchange, str, Sequence[ReportedFootprint]]]:
    """The alliance, with the quarter published. Consent has to be given before it closes, so time goes on between."""
    reported = read_catalogue(data_dir / "carbon_catalogue")
    now = [instant("2017-11-01")]
    store = await Store.open(Target(database.directory, attach=True))
    await store.ready()
    exchange = open_exchange(store, clock=lambda: now[0])
    imported = await import_catalogue(exchange, reported)
    alliance = await _allied(exchange, list(imported.organization_ids.values()))
    now[0] = instant("2018-01-02")
    await publish_benchmarks(exchange, OPERATOR, CLOSING, megabytes_max=1_024)
    yield exchange, alliance, reported
    await exchange.close()
    await store.close()


async def _allied(exchange: Exchange, organizations: Sequence[str]) -> str:
    """An alliance of them all, each of which consents with everything."""
    convener, *others = organizations
    by = publisher(convener)
    alliance = await found_alliance(exchange, by, FoundAllianceInput(stable_uuid("alliance"), "Catalogue"))
    invites = [
        partial(invite_to_alliance, exchange, by, InviteToAllianceInput(stable_uuid("invite", each), alliance, each))
        for each in others
    ]
    invitations = await all_in_order(invites, "invitations")
    joins = [
        partial(accept_invitation, exchange, publisher(each), invitation)
        for each, invitation in zip(others, invitations, strict=True)
    ]
    await all_in_order(joins, "members")
    consents = [
        partial(
            grant_access,
            exchange,
            publisher(each),
            GrantAccessInput(stable_uuid("consent", each), None, AccessLevel.NONE, everything=True, alliance=alliance),
        )
        for each in organizations
    ]
    await all_in_order(consents, "consents")
    return alliance


def by_category(reported: Sequence[ReportedFootprint]) -> dict[str, dict[str, float]]:
    """Of each category every company's median, per piece: of each product the newest report that holds on the day."""
    standing: dict[tuple[str, str], ReportedFootprint] = {}
    for one in sorted(reported, key=lambda one: one.year):
        if one.year + 1 <= CLOSING.year < one.year + 4:  # valid from the year after on, for three
            standing[one.company_number, one.product] = one
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in reported:
        texts = (one.gics_industry, one.gics_industry_group, one.sector)
        kinds[one.company_number, one.product] |= {
            f"urn:pact:{DOMAIN}:{kind}:{re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')}"
            for kind, text in zip(KINDS, texts, strict=True)
            if text
        }
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for product, one in standing.items():
        for category in kinds[product]:
            values[category][product[0]].append(float(one.kg_co2e))
    return {
        category: {company: median(own) for company, own in companies.items()} for category, companies in values.items()
    }


def by_integration(values: Sequence[float], probability: float) -> float:
    """The definition: the quantile function of the sample, weighed by the beta distribution's density."""
    ordered, count = sorted(values), len(values)
    density = beta((count + 1) * probability, (count + 1) * (1 - probability)).pdf
    parts = (quad(density, at / count, (at + 1) / count)[0] for at in range(count))
    return math.fsum(part * value for part, value in zip(parts, ordered, strict=True))


async def told(exchange: Exchange, alliance: str) -> dict[str, BenchmarkEdition]:
    """Every edition, by category; all of the catalogue's sets differ in nothing else."""
    session = await exchange.session(OPERATOR)
    [answer] = await alliance_answers.alliances(session, [alliance])
    assert answer is not None
    page = await benchmark_answers.benchmarks(session, answer, Page(first=100))
    assert page is not None
    return {each.edition.of.category: each.edition for each in page.items}


async def test_what_is_published_of_the_catalogue_is_what_its_files_say(published) -> None:
    exchange, alliance, reported = published
    editions, expected = await told(exchange, alliance), by_category(reported)
    enough = {category for category, companies in expected.items() if len(companies) >= 6}
    assert set(editions) <= enough
    assert len(editions) >= 10
    for category, edition in editions.items():
        values = list(expected[category].values())
        of = BenchmarkSet(alliance, category, SystemBoundary.CRADLE_TO_GRAVE, Dimension.PIECE, "", UNSTATED)
        assert edition.of == of
        assert edition.step_percent == (5 if len(values) >= 12 else 10)
        numbers = {0.25: edition.lower_quartile, 0.5: edition.median, 0.75: edition.upper_quartile}
        for probability, number in numbers.items():
            if probability != 0.5 and len(values) < 9:
                assert number is None
                continue
            assert number is not None
            exact = by_integration(values, probability)
            half_a_step = math.log1p(edition.step_percent / 100) / 2
            assert abs(math.log(float(number) / exact)) <= half_a_step + 1e-3, category  # and four digits


async def _reasons(exchange: Exchange, alliance: str, categories: Mapping[str, str]) -> dict[str, set[str]]:
    """What the owners of products are told of the categories that nothing is published of; products by category."""
    session = await exchange.session(OPERATOR)
    [answer] = await alliance_answers.alliances(session, [alliance])
    assert answer is not None
    found: dict[str, set[str]] = {}
    as_of = CLOSING.toordinal() - dt.date(1970, 1, 1).toordinal()
    for category, product in categories.items():
        places = await benchmark_answers.places(session, answer, product, as_of, None)
        assert places
        found[category] = {str(each.reason) for each in places if each.of.category == category}
    return found


async def test_a_category_of_fewer_than_six_companies_says_so(published) -> None:
    exchange, alliance, reported = published
    expected, editions = by_category(reported), await told(exchange, alliance)
    few = {category for category, companies in expected.items() if len(companies) < 6}
    assert few
    assert not few & set(editions)
    session = await exchange.session(OPERATOR)
    asked: dict[str, str] = {}
    urns = [product_urn(DOMAIN, (one.company_number, one.product)) for one in reported if 2014 <= one.year <= 2016]
    for product in (await session.store.get_products_by_urn(list(dict.fromkeys(urns)))).values():
        for category in product.classifications:
            if category in expected and category not in editions:
                asked.setdefault(category, product.id)
    reasons = await _reasons(exchange, alliance, asked)
    assert {category for category, told_of in reasons.items() if told_of == {"TOO_FEW_GROUPS"}} == few
    rest = {category for category in reasons if category not in few}
    assert all(reasons[category] == {"TOO_CLOSE_TO_ANOTHER"} for category in rest)
