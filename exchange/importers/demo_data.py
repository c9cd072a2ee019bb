"""The demo supply chain (the package `seed`) published: through the operations only, each enterprise as itself.

Organizations, then all products (lines name products that come later), releases, grants (before footprints: admission
of a product without lines has nothing to weigh), footprints by owner. Running it twice changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import seed
from exchange.errors import Conflict
from exchange.importers.footprint_fields import Fields, footprint_input
from exchange.importers.keys import stable_uuid
from exchange.importers.publisher import Progress, all_in_order, find_or_add_organization, publisher, silent
from exchange.model.grant import AccessLevel
from exchange.operations.changing.products import create_product
from exchange.operations.changing.publishing import FOOTPRINTS_MAX, publish_footprints
from exchange.operations.changing.releases import create_release
from exchange.operations.changing.sharing import grant_access
from exchange.operations.exchange import Exchange
from exchange.operations.requests.inputs import (
    CreateProductInput,
    CreateReleaseInput,
    FootprintInput,
    GrantAccessInput,
    ProductKey,
    PublishFootprintsInput,
)

Ids = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids by the seed's own keys. `changes`: entries that the ledger gained; 0 where everything was there already."""

    organizations: Ids
    products: Ids
    footprints: int
    grants: int
    changes: int


async def publish_seed(exchange: Exchange, data: seed.SeedData, progress: Progress = silent) -> Seeded:
    """Publishes everything. Raises Conflict where the exchange holds an older edition of the same chain."""
    before = await exchange.store.head()
    try:
        organizations = await _organizations(exchange, data, progress)
        products = await _products(exchange, data, organizations, progress)
        releases = await _releases(exchange, data, organizations)
        await _grants(exchange, data, organizations, products, progress)
        await _footprints(exchange, data, organizations, products, releases, progress)
    except Conflict as error:
        raise Conflict(
            "This database holds another edition of the demo supply chain, or something that uses its names: "
            f"{error.message} Start with an empty database."
        ) from error
    after = await exchange.store.head()
    return Seeded(
        organizations=organizations,
        products=products,
        footprints=len(data.footprints),
        grants=len(data.grants),
        changes=after.sequence - before.sequence,
    )


async def _organizations(exchange: Exchange, data: seed.SeedData, progress: Progress) -> dict[str, str]:
    """Heads of groups first, because the others name them."""
    ids: dict[str, str] = {}
    ordered = sorted(data.organizations, key=lambda organization: organization.group is not None)
    progress("organizations", 0, len(ordered))
    for organization in ordered:
        group_id = ids[organization.group] if organization.group else None
        found = await find_or_add_organization(
            exchange, organization.name, organization.domain, organization.company_ids, group_id
        )
        ids[organization.key] = found.id
        progress("organizations", len(ids), len(ordered))
    return ids


async def _products(exchange: Exchange, data: seed.SeedData, organizations: Ids, progress: Progress) -> dict[str, str]:
    about = {organization.key: organization.description for organization in data.organizations}
    asks = [
        partial(
            create_product,
            exchange,
            publisher(organizations[product.owner]),
            CreateProductInput(
                idempotency_key=stable_uuid("seed", "product", product.key),
                product_ids=(product.product_id,),
                name=product.name,
                description=f"{product.description} Its owner: {about[product.owner]}",
                classifications=product.classifications,
            ),
        )
        for product in data.products
    ]
    ids = await all_in_order(asks, "products", progress)
    return {product.key: product_id for product, product_id in zip(data.products, ids, strict=True)}


async def _releases(exchange: Exchange, data: seed.SeedData, organizations: Ids) -> dict[str, str]:
    """One after the other: the second edition joins the dataset that the first one made."""
    return {
        release.key: await create_release(
            exchange,
            publisher(organizations[release.publisher]),
            CreateReleaseInput(
                stable_uuid("seed", "release", release.key), release.dataset, release.label, release.date
            ),
        )
        for release in data.releases
    }


async def _grants(
    exchange: Exchange, data: seed.SeedData, organizations: Ids, products: Ids, progress: Progress
) -> None:
    owners = {product.key: product.owner for product in data.products}
    asks = [
        partial(
            grant_access,
            exchange,
            publisher(organizations[owners[grant.product]]),
            GrantAccessInput(
                idempotency_key=stable_uuid("seed", "grant", grant.product, grant.to),
                product=products[grant.product],
                level=AccessLevel[grant.level],
                organization=None if grant.to == "public" else organizations[grant.to],
                public=grant.to == "public",
                onward=grant.onward,
            ),
        )
        for grant in data.grants
    ]
    await all_in_order(asks, "grants", progress)


async def _footprints(
    exchange: Exchange,
    data: seed.SeedData,
    organizations: Ids,
    products: Ids,
    releases: Ids,
    progress: Progress,
) -> None:
    """By owner, up to a thousand a transaction; what corrects another footprint comes after it."""
    owners = {product.key: product.owner for product in data.products}
    done = 0
    progress("footprints", 0, len(data.footprints))
    for wave, corrects in enumerate((False, True)):
        by_owner: dict[str, list[FootprintInput]] = defaultdict(list)
        for footprint in data.footprints:
            if (footprint.supersedes is not None) == corrects:
                made = _footprint(footprint, products, releases)
                by_owner[owners[footprint.product]].append(made)
        asks = [
            partial(
                publish_footprints,
                exchange,
                publisher(organizations[owner]),
                PublishFootprintsInput(stable_uuid("seed", "footprints", owner, str(wave), str(start)), tuple(part)),
            )
            for owner, made_by in by_owner.items()
            for start, part in _parts(made_by)
        ]
        await all_in_order(asks, "footprints")
        done += sum(map(len, by_owner.values()))
        progress("footprints", done, len(data.footprints))


def _parts(made: Sequence[FootprintInput]) -> list[tuple[int, Sequence[FootprintInput]]]:
    return [(start, made[start : start + FOOTPRINTS_MAX]) for start in range(0, len(made), FOOTPRINTS_MAX)]


def _footprint(footprint: seed.Footprint, products: Ids, releases: Ids) -> FootprintInput:
    def key_of(named: Fields) -> ProductKey:
        if "product" in named:
            return ProductKey(id=products[named["product"]])
        return ProductKey(product_id=named["productId"])

    superseded = (stable_uuid("seed", "footprint", footprint.supersedes),) if footprint.supersedes else ()
    return footprint_input(
        footprint.input,
        product=products[footprint.product],
        key_of=key_of,
        release=releases[footprint.release] if footprint.release else None,
        pf_id=stable_uuid("seed", "footprint", footprint.key),
        preceding_pf_ids=superseded,
        comment=_comment(footprint),
    )


def _comment(footprint: seed.Footprint) -> str:
    """The publisher's own words, then where every figure comes from: whatever is illustrative says so here."""
    lines = [footprint.input["comment"], ""] if footprint.input.get("comment") else []
    lines.append("Where the figures come from:")
    for path, source in footprint.sources.items():
        parts = [source.source] if source.source else []
        parts += [f"computed as {source.calculation}"] if source.calculation else []
        parts += [f"ILLUSTRATIVE: {source.reason}"] if source.illustrative else []
        lines.append(f"- {path}: {'; '.join(parts)}")
    return "\n".join(lines)
