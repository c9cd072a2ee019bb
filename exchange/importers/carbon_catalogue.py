"""The Carbon Catalogue: each company an organization, its products public, what it reported a declared footprint.

The numbers are from cradle to grave and nothing else, so the footprints say so and stand apart from every roll-up
(docs/method.md, "System boundary"): no share of them is taken for a cradle-to-gate result. One product is one piece, as
heavy as reported. What was not reported stays unknown: characterization factors, components, standards, geography (the
country in the files is where the company is incorporated). What exists already is left as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Final

from exchange.errors import Conflict
from exchange.importers.catalogue_files import ReportedFootprint
from exchange.importers.keys import stable_uuid
from exchange.importers.publisher import Progress, all_in_order, find_or_add_organization, publisher, silent
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.operations.changing.products import create_product
from exchange.operations.changing.publishing import FOOTPRINTS_MAX, publish_footprints
from exchange.operations.changing.sharing import grant_access
from exchange.operations.exchange import Exchange
from exchange.operations.requests.inputs import (
    CreateProductInput,
    DeclaredInput,
    FootprintInput,
    GrantAccessInput,
    PublishFootprintsInput,
)
from exchange.units import DeclaredUnit

DOMAIN: Final = "carbon-catalogue.example"
NAME_LENGTH_MAX: Final = 160  # of a product's name: some companies wrote a page there; the description has all of it
SOURCE: Final = (
    "Source: The Carbon Catalogue, C. J. Meinrenken et al., Carbon footprints of 866 commercial products from 8 "
    "industry sectors and 5 continents, Scientific Data 9:87 (2022), doi:10.1038/s41597-022-01178-9; data at figshare "
    "16908979, from what companies reported to CDP. CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Arranged "
    "for this exchange; no number was changed."
)

Product = tuple[str, str]  # company number, product number


@dataclass(frozen=True, slots=True)
class CatalogueImported:
    """What came of it, in the file's order. `changes`: entries that the ledger gained; 0: everything was there."""

    organization_ids: Mapping[str, str]  # by company number
    product_ids: Mapping[Product, str]
    footprints: int
    with_stages: int
    changes: int


async def import_catalogue(
    exchange: Exchange, reported: Sequence[ReportedFootprint], progress: Progress = silent, domain: str = DOMAIN
) -> CatalogueImported:
    """Publishes the catalogue. Raises Conflict where the exchange holds other figures under the same names, and
    whatever publishing raises."""
    before = await exchange.store.head()
    organizations = await _organizations(exchange, reported, domain, progress)
    products = await _products(exchange, reported, organizations, domain, progress)
    await _make_public(exchange, organizations, products, domain, progress)
    await _publish(exchange, reported, organizations, products, domain, progress)
    after = await exchange.store.head()
    return CatalogueImported(
        organization_ids=organizations,
        product_ids=products,
        footprints=len(reported),
        with_stages=sum(bool(one.stages) for one in reported),
        changes=after.sequence - before.sequence,
    )


def product_urn(domain: str, product: Product) -> str:
    """The identifier of a company's product."""
    company, number = product
    return f"urn:pact:{company}.{domain}:product-id:{number}"


async def _organizations(
    exchange: Exchange, reported: Sequence[ReportedFootprint], domain: str, progress: Progress
) -> dict[str, str]:
    """Named apart from the companies themselves, which may take part under their own names."""
    companies = {one.company_number: one.company for one in reported}
    ids: dict[str, str] = {}
    progress("organizations", 0, len(companies))
    for number, name in companies.items():
        found = await find_or_add_organization(exchange, f"{name} (Carbon Catalogue)", f"{number}.{domain}")
        ids[number] = found.id
        progress("organizations", len(ids), len(companies))
    return ids


async def _products(
    exchange: Exchange,
    reported: Sequence[ReportedFootprint],
    organizations: Mapping[str, str],
    domain: str,
    progress: Progress,
) -> dict[Product, str]:
    by_product: dict[Product, list[ReportedFootprint]] = defaultdict(list)
    for one in reported:
        by_product[one.company_number, one.product].append(one)
    urns = {product: product_urn(domain, product) for product in by_product}
    known = await exchange.store.get_products_by_urn(list(urns.values()))
    new = [product for product in by_product if urns[product] not in known]
    asks = [
        partial(
            create_product,
            exchange,
            publisher(organizations[product[0]]),
            product_input(urns[product], by_product[product], domain),
        )
        for product in new
    ]
    created = dict(zip(new, await all_in_order(asks, "products", progress), strict=True))
    return {product: created[product] if product in created else known[urns[product]].id for product in by_product}


def product_input(urn: str, versions: Sequence[ReportedFootprint], domain: str) -> CreateProductInput:
    """Named and described as in the newest year; its industry is that of its company in every year."""
    newest = max(versions, key=lambda one: one.year)
    name = newest.name if len(newest.name) <= NAME_LENGTH_MAX else newest.name[: NAME_LENGTH_MAX - 1] + "…"
    about = [newest.name] if name != newest.name else []
    about += [newest.detail] if newest.detail else []
    about.append(f"Of {newest.company}, incorporated in {newest.country}.")
    about += [_year_of(one) for one in sorted(versions, key=lambda one: one.year)]
    return CreateProductInput(
        idempotency_key=stable_uuid("carbon catalogue", "product", urn),
        product_ids=(urn,),
        name=name,
        description="\n".join([*about, SOURCE]),
        classifications=_classifications(versions, domain),
    )


def _year_of(one: ReportedFootprint) -> str:
    """A year's report in one line, for everybody: the footprint's own comment is for those who see its inputs."""
    shares = ", ".join(f"{name} {_percent(share)} %" for name, share in one.shares.items())
    told = f"Reported in {one.year}: {one.kg_co2e} kg CO2e per product of {one.mass_kg} kg, cradle to grave"
    return f"{told}; {shares}." if shares else f"{told}."


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def _classifications(versions: Sequence[ReportedFootprint], domain: str) -> tuple[str, ...]:
    named = [("gics-industry", one.gics_industry) for one in versions]
    named += [("gics-industry-group", one.gics_industry_group) for one in versions]
    named += [("sector", one.sector) for one in versions]
    return tuple(dict.fromkeys(f"urn:pact:{domain}:{kind}:{_slug(text)}" for kind, text in named if text))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


async def _make_public(
    exchange: Exchange,
    organizations: Mapping[str, str],
    products: Mapping[Product, str],
    domain: str,
    progress: Progress,
) -> None:
    """Access before footprints, so that whatever shows a footprint's product shows both."""
    asks = [
        partial(
            grant_access,
            exchange,
            publisher(organizations[product[0]]),
            GrantAccessInput(
                idempotency_key=stable_uuid("carbon catalogue", "public", domain, product_id),
                product=product_id,
                level=AccessLevel.TOTAL,
                public=True,
            ),
        )
        for product, product_id in products.items()
    ]
    await all_in_order(asks, "public access", progress)


async def _publish(
    exchange: Exchange,
    reported: Sequence[ReportedFootprint],
    organizations: Mapping[str, str],
    products: Mapping[Product, str],
    domain: str,
    progress: Progress,
) -> None:
    """By company, each in one transaction."""
    by_company: dict[str, list[FootprintInput]] = defaultdict(list)
    for one in reported:
        made = _footprint(one, products[one.company_number, one.product], domain)
        by_company[one.company_number].append(made)
    asks = [
        partial(
            publish_footprints,
            exchange,
            publisher(organizations[company]),
            PublishFootprintsInput(
                stable_uuid("carbon catalogue", "footprints", domain, company, str(start)), tuple(part)
            ),
        )
        for company, made_by in by_company.items()
        for start in range(0, len(made_by), FOOTPRINTS_MAX)
        for part in [made_by[start : start + FOOTPRINTS_MAX]]
    ]
    try:
        await all_in_order(asks, "companies' footprints", progress)
    except Conflict as error:
        raise Conflict(
            f"The exchange holds this catalogue with other figures: {error.message} Start with an empty database, or "
            "publish what was corrected as a correction."
        ) from error


def _footprint(one: ReportedFootprint, product_id: str, domain: str) -> FootprintInput:
    """All of the result is unspecified, and whether biogenic uptake is in it is not known."""
    return FootprintInput(
        product=product_id,
        pf_id=stable_uuid("carbon catalogue", "footprint", domain, one.id),
        declared_unit_amount=Decimal(1),
        declared_unit_of_measurement=DeclaredUnit.PIECE,
        product_mass_per_declared_unit=one.mass_kg,
        reference_period_start=datetime(one.year, 1, 1, tzinfo=UTC),
        reference_period_end=datetime(one.year + 1, 1, 1, tzinfo=UTC),
        ipcc_characterization_factors=(),
        cross_sectoral_standards=(one.protocol,) if one.protocol else (),
        boundary_processes_description="Cradle to grave, as the company reported it.",
        comment=_comment(one),
        declared=DeclaredInput(
            pcf_excluding_biogenic_uptake=one.kg_co2e,
            pcf_including_biogenic_uptake=one.kg_co2e,
            components={"fossilGhgEmissions": Decimal(0)},
        ),
        system_boundary=SystemBoundary.CRADLE_TO_GRAVE,
    )


def _comment(one: ReportedFootprint) -> str:
    lines = [
        f"{one.name}: footprint {one.id} of the catalogue. The reference period is the year of reporting.",
        f"Weight {one.mass_kg} kg ({one.mass_source}); carbon intensity {one.intensity} kg CO2e per kg of product.",
        "The result is not broken down by component, and whether it counts biogenic uptake is not said.",
    ]
    if one.stages:
        lines.append("Stages as the company reported them:")
        lines += [f"- {stage.portion}: {stage.description} ({stage.scope}): {stage.kg_co2e} kg" for stage in one.stages]
    if one.upstream_estimated:
        lines.append("The study split upstream from operations by the average of the sector.")
    if one.change:
        lines.append(
            f"Relative change against the year before: {one.change} ({one.change_reason or 'no reason given'})."
        )
    if one.adjustments:
        lines.append(f"Adjusted by the study: {one.adjustments}.")
    return "\n".join([*lines, SOURCE])
