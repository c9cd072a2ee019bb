"""Creating products: in the organization's own namespaces, each URN once on the whole exchange."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.errors import Conflict, InvalidInput, Problems
from exchange.graph import Store
from exchange.model.ledger import ChangeKind, LedgerHead
from exchange.model.parties import Organization, Viewer
from exchange.model.product import Product
from exchange.model.urns import may_register, namespace
from exchange.model.writes import CreateProduct, Write
from exchange.operations.answers.permission import require_publisher, written_by
from exchange.operations.exchange import Exchange
from exchange.operations.requests.checks import NAME_LENGTH_MAX, Checker
from exchange.operations.requests.inputs import CreateProductInput
from exchange.operations.writing.idempotency import body_sha256, first_answer, remember, scoped_key
from exchange.operations.writing.queue import Allocation, Decision

PATH = ("input",)


async def create_product(exchange: Exchange, viewer: Viewer, given: CreateProductInput) -> str:
    """Creates a product of the caller's organization and returns its id.

    Raises InvalidInput (syntax, foreign namespace), Conflict (a URN is taken, a used key), AccessDenied, NotSignedIn.
    """
    owner_id = require_publisher(viewer)
    problems = Problems()
    at = Checker(problems, PATH)
    at.text(given.name, "name", longest=NAME_LENGTH_MAX, required=True)
    at.text(given.description, "description", lines=True)
    at.texts(given.product_ids, "productIds", fewest=1)
    at.texts(given.classifications, "classifications")
    urns = [at.identifier(urn, "productIds", str(position)) for position, urn in enumerate(given.product_ids)]
    classes = [at.urn(urn, "classifications", str(position)) for position, urn in enumerate(given.classifications)]
    problems.raise_any()
    owner = (await exchange.store.get_organizations([owner_id]))[0]
    if owner is None:
        raise InvalidInput("The token's organization is not known here. Ask the operator.")
    _check_namespaces(owner, urns, at)
    problems.raise_any()
    return await exchange.queue.do(
        _CreateProduct(
            store=exchange.store,
            given=given,
            owner_id=owner_id,
            urns=tuple(dict.fromkeys(urns)),
            classes=tuple(dict.fromkeys(classes)),
            by=written_by(viewer),
            key=scoped_key(owner_id, given.idempotency_key),
            body=body_sha256("createProduct", given),
        )
    )


def _check_namespaces(owner: Organization, urns: Sequence[str], at: Checker) -> None:
    for position, urn in enumerate(urns):
        if not may_register(urn, owner.domains, owner.gs1_prefixes):
            kind = namespace(urn).kind
            own = ", ".join([f"urn:pact:{d}:…" for d in owner.domains] + [f"urn:gtin:{p}…" for p in owner.gs1_prefixes])
            at.add(
                "NAMESPACE_FOREIGN",
                "is not in a namespace of your organization; the operator can add one that you show to be yours"
                if kind in ("pact", "gtin")
                else "is of a kind that cannot be shown to be yours; use urn:pact:, urn:gtin: or urn:uuid:",
                "productIds",
                str(position),
                expected=f"{own or 'none yet'}, or urn:uuid:…",
                got=urn,
            )


@dataclass(frozen=True, slots=True)
class _CreateProduct:
    store: Store
    given: CreateProductInput
    owner_id: str
    urns: tuple[str, ...]
    classes: tuple[str, ...]
    by: str
    key: str
    body: str
    size: int = 1

    @property
    def touches(self) -> frozenset[str]:
        return frozenset({self.key, *self.urns})

    async def decide(self, head: LedgerHead, now_us: int) -> Decision[str]:
        remembered = await first_answer(self.store, self.key, self.body)
        if remembered is not None:
            return Decision(str(remembered), None)
        taken = await self.store.get_products_by_urn(self.urns)
        for position, urn in enumerate(self.urns):
            if urn in taken:
                raise Conflict(
                    f"{urn} is already registered. Each product identifier stands for one product.",
                    path=(*PATH, "productIds", str(position)),
                )
        product_id = str(uuid.uuid4())

        def build(allocation: Allocation) -> Sequence[Write]:
            product = Product(
                id=product_id,
                key=allocation.product_key(),
                owner_id=self.owner_id,
                product_ids=self.urns,
                name=self.given.name,
                description=self.given.description,
                classifications=self.classes,
                created_at_us=now_us,
                sequence=allocation.change(
                    ChangeKind.PRODUCT_CREATED, product_id, owner_id=self.owner_id, product_id=product_id
                ),
            )
            return [CreateProduct(product), remember(self.key, self.body, product_id, now_us)]

        return Decision(product_id, build)
