"""Grants as their viewer is shown them: the owner always, whom they reach while they hold, nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.product import Product
from exchange.operations.answers.values import GrantAnswer
from exchange.operations.reading.sight import Sight


async def by_id(session: Sight, ids: Sequence[str]) -> list[GrantAnswer | None]:
    """One entry per id, in order; None: unknown or not shown."""
    found = await session.store.get_grants(ids)
    owners = await _owners(session, [grant for grant in found if grant is not None])
    alliances = await session.alliances()
    return [
        None if g is None or not _is_shown(session, g, owners[g.id], alliances) else grant_answer(g, owners[g.id])
        for g in found
    ]


def grant_answer(grant: Grant, owner_id: str) -> GrantAnswer:
    """As it is shown to whoever may see it."""
    return GrantAnswer(
        id=grant.id,
        owner_id=owner_id,
        product_key=grant.product_key if grant.owner_id is None else None,
        classification=grant.classification,
        organization_id=grant.organization_id,
        alliance_id=grant.alliance_id,
        level=grant.level,
        onward=grant.onward,
        from_us=grant.from_us,
        until_us=None if grant.until_us == NEVER_US else grant.until_us,
        revoked_at_us=None if grant.revoked_at_us == NEVER_US else grant.revoked_at_us,
        sequence=grant.sequence,
    )


async def place(session: Sight, grant_id: str, owner_id: str, product: Product | None = None) -> str | None:
    """Where a grant stands in the list of an owner's grants, or of those that cover a product; None: it does not."""
    grant = (await session.store.get_grants([grant_id]))[0]
    if grant is None or (await _owners(session, [grant]))[grant.id] != owner_id:
        return None
    return str(grant.sequence) if product is None or grant.covers(product) else None


async def granted_by(session: Sight, grants: Sequence[GrantAnswer]) -> list[str | None]:
    """For each the client that gave it, as the ledger names it; None for whoever is not of the owner."""
    told = {grant.sequence for grant in grants if is_owners(session, grant)}
    changes = await session.store.changes_at(told) if told else {}
    return [changes[grant.sequence].by if grant.sequence in told else None for grant in grants]


def is_owners(session: Sight, grant: GrantAnswer) -> bool:
    """Whether the viewer may know what its owner alone knows of it."""
    viewer = session.viewer
    return viewer.operator or viewer.organization_id == grant.owner_id


async def _owners(session: Sight, grants: Sequence[Grant]) -> dict[str, str]:
    """Whose products they are of, by the grant's id."""
    keys = [grant.product_key for grant in grants if grant.owner_id is None]
    products = {product.key: product.owner_id for product in await session.store.get_products_by_key(keys) if product}
    return {
        grant.id: products.get(grant.product_key, "") if grant.owner_id is None else grant.owner_id for grant in grants
    }


def _is_shown(session: Sight, grant: Grant, owner_id: str, alliances: frozenset[str]) -> bool:
    """To the owner always; to whom it is while it holds (afterwards it must look as if there were none). One of level
    BENCHMARK shows nothing to anybody."""
    mine = session.viewer.organization_id
    if session.viewer.operator or (mine is not None and mine == owner_id):
        return True
    if grant.level < AccessLevel.TOTAL or not grant.in_force(session.now_us):
        return False
    return (mine is not None and mine == grant.organization_id) or grant.alliance_id in alliances
