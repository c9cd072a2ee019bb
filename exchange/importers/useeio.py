"""An input-output model as a dataset release of one publisher: products in dollars, public at TOTAL.

Every commodity becomes a product declared in one dollar of the model's price year, at producers' prices (useeior's
result matrices are in producers' prices unless they are converted). Its direct emissions are not broken down in the
files, so they are `unspecified`, with fossil 0; its inputs are lines in dollars. What exists already is left as it is:
an import that was interrupted completes when it is run again, and one that is complete changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from exchange.errors import Conflict
from exchange.importers.keys import stable_uuid
from exchange.importers.model_files import Model, ModelProduct
from exchange.importers.publisher import Progress, all_in_order, find_or_add_organization, publisher, silent
from exchange.model.footprint import LifeCycleStage, PriceBasis
from exchange.model.grant import AccessLevel
from exchange.model.parties import ANONYMOUS, Viewer
from exchange.operations.answers.values import RollUpAnswer
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
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.units import AmountUnit, DeclaredUnit

CURRENCY = "USD"
BATCH_LINES_MAX = 25_000  # a transaction of some seconds: what an interruption costs, and how often a bar moves
RELATIVE_DIFFERENCE_MAX = 1e-9  # a reproduced total differs from the published one by rounding alone
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelRelease:
    """Whose dataset the model becomes, and which edition. `label` and `day` None: taken from the model."""

    organization: str = "US EPA USEEIO (imported)"
    domain: str = "useeio.example"
    dataset: str = "USEEIO"
    label: str | None = None
    day: date | None = None
    ipcc: str = "AR4"  # the characterization factors of USEEIO's greenhouse gas indicator


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it. `changes`: entries that the ledger gained; 0 where everything was there already."""

    organization_id: str
    release_id: str
    label: str
    product_ids: tuple[str, ...]
    footprints: int
    lines: int
    changes: int


@dataclass(frozen=True, slots=True)
class Compared:
    """How the exchange's roll-ups compare with the totals that the publisher printed."""

    equal: int
    total: int
    largest_relative_difference: float
    worst_code: str


async def import_model(
    exchange: Exchange, model: Model, release: ModelRelease, progress: Progress = silent
) -> Imported:
    """Publishes a model. Raises Conflict where the label stands for another model, and whatever publishing raises."""
    before = await exchange.store.head()
    owner = await find_or_add_organization(exchange, release.organization, release.domain)
    viewer = publisher(owner.id)
    label = release.label or f"{model.price_year}-{model_digest(model)[:8]}"
    names = (release.domain, release.dataset, label)
    product_ids = await _products(exchange, viewer, model, release, progress)
    # Access before footprints: admission of a product without lines has nothing to weigh.
    await _make_public(exchange, viewer, product_ids, release, progress)
    day = release.day or date(model.price_year + 1, 1, 1)
    try:
        key = stable_uuid("release", *names, day.isoformat(), model_digest(model))
        release_id = await create_release(exchange, viewer, CreateReleaseInput(key, release.dataset, label, day))
    except Conflict as error:
        raise Conflict(
            f"{release.dataset} has a release {label} already, made of another model or of another date. "
            "Give this one a label of its own with --label."
        ) from error
    ids = dict(zip((product.code for product in model.products), product_ids, strict=True))
    made = [_footprint(product, model, release, release_id, ids, names) for product in model.products]
    await _publish(exchange, viewer, made, names, progress)
    after = await exchange.store.head()
    return Imported(
        organization_id=owner.id,
        release_id=release_id,
        label=label,
        product_ids=tuple(product_ids),
        footprints=len(made),
        lines=model.input_count,
        changes=after.sequence - before.sequence,
    )


def model_digest(model: Model) -> str:
    """The same for the same model, however its files are packed or ordered in columns."""
    digest = hashlib.sha256()
    for product in model.products:
        row = [product.code, product.name, product.location, product.direct_kg_co2e, product.published_total_kg_co2e]
        row += [f"{one.supplier}={one.amount}" for one in model.inputs.get(product.code, ())]
        digest.update("\x1f".join(map(str, row)).encode())
        digest.update(b"\x1e")
    return digest.hexdigest()


async def _products(
    exchange: Exchange, viewer: Viewer, model: Model, release: ModelRelease, progress: Progress
) -> list[str]:
    """Ids of the model's products, in its order; an earlier edition's products are this one's too."""
    urns = {product.code: _urn(release, product.code) for product in model.products}
    known = await exchange.store.get_products_by_urn(list(urns.values()))
    new = [product for product in model.products if urns[product.code] not in known]
    asks = [
        partial(
            create_product,
            exchange,
            viewer,
            CreateProductInput(
                idempotency_key=stable_uuid("product", release.domain, product.code),
                product_ids=(urns[product.code],),
                name=product.name,
                description=f"{release.dataset} commodity {product.code}, {product.location}.",
            ),
        )
        for product in new
    ]
    created = await all_in_order(asks, "products", progress)
    ids = {product.code: product_id for product, product_id in zip(new, created, strict=True)}
    return [ids[product.code] if product.code in ids else known[urns[product.code]].id for product in model.products]


async def _make_public(
    exchange: Exchange, viewer: Viewer, product_ids: Sequence[str], release: ModelRelease, progress: Progress
) -> None:
    asks = [
        partial(
            grant_access,
            exchange,
            viewer,
            GrantAccessInput(
                idempotency_key=stable_uuid("public", release.domain, product_id),
                product=product_id,
                level=AccessLevel.TOTAL,
                public=True,
            ),
        )
        for product_id in product_ids
    ]
    await all_in_order(asks, "public access", progress)


def _urn(release: ModelRelease, code: str) -> str:
    return f"urn:pact:{release.domain}:product-id:{code}"


def _footprint(
    product: ModelProduct,
    model: Model,
    release: ModelRelease,
    release_id: str,
    ids: dict[str, str],
    names: Sequence[str],
) -> FootprintInput:
    """One commodity per dollar. Its mass is not known and 0: it is not sold by weight."""
    direct: dict[str, Decimal | None] = {"fossilGhgEmissions": Decimal(0), "unspecified": product.direct_kg_co2e}
    lines = tuple(
        LineInput(
            product=ProductKey(id=ids[one.supplier]),
            amount=one.amount,
            unit=AmountUnit.MONEY,
            currency=CURRENCY,
            price_year=model.price_year,
            price_basis=PriceBasis.PRODUCER,
            stage=LifeCycleStage.RAW_MATERIAL_ACQUISITION,
        )
        for one in model.inputs.get(product.code, ())
    )
    country = product.location if _COUNTRY.fullmatch(product.location) else None
    return FootprintInput(
        product=ids[product.code],
        release=release_id,
        pf_id=stable_uuid("footprint", *names, product.code),
        declared_unit_amount=Decimal(1),
        declared_unit_of_measurement=DeclaredUnit.MONEY,
        currency=CURRENCY,
        price_year=model.price_year,
        price_basis=PriceBasis.PRODUCER,
        product_mass_per_declared_unit=Decimal(0),
        reference_period_start=datetime(model.price_year, 1, 1, tzinfo=UTC),
        reference_period_end=datetime(model.price_year + 1, 1, 1, tzinfo=UTC),
        ipcc_characterization_factors=(release.ipcc,),
        cross_sectoral_standards=("ISO14040-44",),
        geography_country=country,
        boundary_processes_description="Cradle to gate by an environmentally extended input-output model.",
        comment=(
            f"Imported from the model's files: commodity {product.code} of {release.dataset}, in "
            f"{CURRENCY} of {model.price_year} at producers' prices. Emissions are not broken down by component. The "
            f"publisher's own total is {product.published_total_kg_co2e} kg CO2e per dollar."
        ),
        modelled=ModelledInput(
            direct=(StageEmissionsInput(LifeCycleStage.MANUFACTURING, direct),),
            lines=lines,
        ),
    )


async def _publish(
    exchange: Exchange, viewer: Viewer, made: Sequence[FootprintInput], names: Sequence[str], progress: Progress
) -> None:
    """In transactions of a bounded number of lines; each batch's key is its place in the model."""
    batches = list(_batches(made))
    total = sum(map(_line_count, made))
    done = 0
    progress("lines", 0, total)
    for number, batch in enumerate(batches):
        key = stable_uuid("footprints", *names, str(number), str(len(batches)))
        await publish_footprints(exchange, viewer, PublishFootprintsInput(key, tuple(batch)))
        done += sum(map(_line_count, batch))
        progress("lines", done, total)


def _line_count(footprint: FootprintInput) -> int:
    return len(footprint.modelled.lines) if footprint.modelled else 0


def _batches(made: Sequence[FootprintInput]) -> Iterator[list[FootprintInput]]:
    batch: list[FootprintInput] = []
    lines = 0
    for footprint in made:
        count = _line_count(footprint)
        if batch and (len(batch) == FOOTPRINTS_MAX or lines + count > BATCH_LINES_MAX):
            yield batch
            batch, lines = [], 0
        batch.append(footprint)
        lines += count
    if batch:
        yield batch


async def compare_totals(exchange: Exchange, model: Model, imported: Imported) -> Compared:
    """Rolls every product up as the public sees it, in one solve, and compares with the publisher's totals."""
    session = await exchange.session(ANONYMOUS)
    found = await session.products(imported.product_ids)
    keys = [answer.product.key for answer in found if answer is not None]
    answers = await session.roll_up(keys, None, None)
    differences = [
        _relative_difference(answer, product) for answer, product in zip(answers, model.products, strict=True)
    ]
    worst = max(range(len(differences)), key=differences.__getitem__)
    return Compared(
        equal=sum(difference <= RELATIVE_DIFFERENCE_MAX for difference in differences),
        total=len(differences),
        largest_relative_difference=differences[worst],
        worst_code=model.products[worst].code,
    )


def _relative_difference(answer: object, product: ModelProduct) -> float:
    if not isinstance(answer, RollUpAnswer):
        return float("inf")
    published = product.published_total_kg_co2e
    difference = abs(answer.excluding_kg_co2e - published)
    return float(difference / abs(published)) if published else float(difference)
