"""What a grant would make knowable, told to the owner before it is given; nothing is written.

It is put together from what is asked for and from what the owner may know anyway: its own products, its own view of
what goes into them, and who is in the alliances that it is in. So it tells the owner nothing new, and above all nothing
of what suppliers have not shown to it. The words are those of docs/permissions.md, "What is not guaranteed".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exchange.access import build_views, facts
from exchange.model.audit import at_text
from exchange.model.footprint import NEVER_US
from exchange.model.grant import AccessLevel, Grant
from exchange.model.view import ViewNode
from exchange.operations.answers.permission import require_publisher
from exchange.operations.changing.sharing import Permitted, check_grant
from exchange.operations.reading.roll_ups import solve_for
from exchange.operations.reading.session import Session
from exchange.operations.requests.inputs import GrantAccessInput

PREVIEW_PRODUCTS_MAX: Final = 200  # looked into for suppliers, in one closure and one solve; as many as two pages

PROPOSED: Final = "proposed"  # the id of a grant that is not there; never shown
SHOWS: Final = {
    AccessLevel.NONE: (
        "SHOWS_NOTHING",
        "Nothing is shown. The value may be counted in statistics of the alliance, whose rules keep numbers of single "
        "organizations from being told by it; whoever knows the values of nearly all others may come near. Nobody may "
        "use the product as an input by this.",
    ),
    AccessLevel.TOTAL: (
        "SHOWS_TOTAL",
        "Shows what each product carries in total, by component, with its quality and spread, and its footprint's "
        "kind, unit, period, geography, rules and verification. Not its lines, and not its direct emissions.",
    ),
    AccessLevel.BREAKDOWN: (
        "SHOWS_BREAKDOWN",
        "Shows the total, and direct emissions and stages of each product of which the viewer may see all inputs.",
    ),
    AccessLevel.INPUTS: (
        "SHOWS_INPUTS",
        "Shows the total, and the lines whose products the viewer may see, with their amounts: this names suppliers. "
        "All other lines and the direct emissions are one number. Shows the comments of the "
        "footprint and of its verification, whole.",
    ),
}


STATISTICS_STAY: Final = (
    "What reaches them are statistics; those that are published while the value is counted stay published after you "
    "revoke."
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that the grant makes knowable. organization_id, product_key: of whom and of which own product."""

    code: str
    warning: bool
    message: str
    organization_id: str | None = None
    product_key: int | None = None


@dataclass(frozen=True, slots=True)
class GrantPreviewAnswer:
    """products: how many of the owner's it is of today. reaches: whom it reaches today as far as the owner may know;
    None: everybody, or members of an alliance that the owner is not in."""

    products: int
    reaches: tuple[str, ...] | None
    consequences: tuple[Consequence, ...]
    asked: Permitted

    def proposed(self, session: Session) -> Grant:
        """The grant, as if it had been given at the session's instant and held now."""
        return self.asked.grant(PROPOSED, session.now_us, session.head.sequence)


async def preview_grant(session: Session, given: GrantAccessInput) -> GrantPreviewAnswer:
    """What the same input to `grant_access` would make knowable, if it were sent now. Raises what that raises, but
    LoopRefused and Conflict: whether a loop would close is found out when it is written."""
    owner_id = require_publisher(session.viewer)
    asked = await check_grant(session, owner_id, given)
    from_us = asked.begins_us(session.now_us)
    if asked.product is not None:
        keys = [asked.product.key]
    else:
        keys = await session.store.covered_keys([(owner_id, asked.classification)])
    reaches = await _reaches(session, asked)
    found = [Consequence(SHOWS[given.level][0], False, SHOWS[given.level][1])]
    found += _of_dates(asked, from_us, session.now_us)
    found += _of_input(asked, reaches, len(keys))
    if given.level >= AccessLevel.TOTAL:
        found += await _of_suppliers(session, owner_id, keys, reaches, everybody=given.public)
        found += _of_arithmetic(given)
    return GrantPreviewAnswer(len(keys), reaches, tuple(found), asked)


async def _reaches(session: Session, asked: Permitted) -> tuple[str, ...] | None:
    given = asked.given
    if given.organization is not None:
        return (given.organization,)
    if given.alliance is None or given.alliance not in await session.alliances():
        return None
    members = await session.store.memberships_in([given.alliance])
    return tuple(each.organization_id for each in members if each.stands and each.organization_id != asked.owner_id)


def _of_dates(asked: Permitted, from_us: int, now_us: int) -> list[Consequence]:
    found = []
    if from_us > now_us:
        message = f"Begins at {at_text(from_us)}: until then nothing is shown, and nobody may use a product by it."
        found.append(Consequence("BEGINS_LATER", False, message))
    if asked.until_us != NEVER_US:
        message = f"Ends by itself at {at_text(asked.until_us)}. To end it sooner, revoke it."
        found.append(Consequence("ENDS_BY_ITSELF", False, message))
    return found


def _of_input(asked: Permitted, reaches: tuple[str, ...] | None, products: int) -> list[Consequence]:
    given, found = asked.given, []
    if asked.product is None:
        of = "everything that you have" if asked.classification is None else "your products with this classification"
        message = (
            f"Is of {of}, {products} today, and of each that you register later, from that moment on. Revoking it "
            "ends all of it; other grants on the same products stay."
        )
        found.append(Consequence("COVERS_LATER_PRODUCTS", False, message))
    if given.alliance is not None:
        who = (
            f"Reaches {len(reaches)} other members today"
            if reaches is not None
            else "Reaches its members, whom you are not shown because you are not one of them"
        )
        ends = "Members who leave stop seeing it at once." if given.level >= AccessLevel.TOTAL else STATISTICS_STAY
        message = f"{who}, and whoever joins later, from that moment on. {ends}"
        found.append(Consequence("REACHES_LATER_MEMBERS", reaches is None, message))
    if given.public:
        found.append(Consequence("REACHES_EVERYBODY", True, "Reaches everybody, with or without a token."))
    if given.level >= AccessLevel.TOTAL:
        message = "Lets whom it reaches use each product as an input of their own products."
        found.append(Consequence("MAY_BE_USED", False, message))
    if given.onward:
        message = (
            "Whoever is shown the lines of a product that this goes into sees its total, too, customers of the grantee."
        )
        found.append(Consequence("PASSED_ON", False, message))
    return found


def _of_arithmetic(given: GrantAccessInput) -> list[Consequence]:
    found = [
        Consequence(
            "REST_BY_SUBTRACTION",
            False,
            "Whoever already knows your direct emissions, or your other inputs, can subtract, and so find the rest.",
        ),
        Consequence(
            "STAYS_KNOWN",
            False,
            "What was shown stays known. Revoking ends access at once, also for questions about past dates; it reaches "
            "no copies.",
        ),
    ]
    if given.level == AccessLevel.INPUTS:
        message = "Lines that are shown name your suppliers' products to whoever may see those."
        found.append(Consequence("NAMES_SUPPLIERS", False, message))
    return found


async def _of_suppliers(
    session: Session, owner_id: str, keys: list[int], reaches: tuple[str, ...] | None, *, everybody: bool
) -> list[Consequence]:
    """By the owner's own view of its products: what it does not see in there is not used. everybody: is reached."""
    looked_into = keys[:PREVIEW_PRODUCTS_MAX]
    found: list[Consequence] = []
    if not looked_into:
        return found
    async with session.share.turn():
        solved = await solve_for(session, looked_into, session.dates())
        roots = [key for key in looked_into if solved.solution.refusal(key) is None]
        known: dict[int, ViewNode | None] = {}

        def facts_of(key: int) -> ViewNode | None:
            if key not in known:
                known[key] = facts(key, solved.level_of, solved)
            return known[key]

        views = await session.share.compute(lambda: {root: build_views([root], facts_of) for root in roots})
    if any(len(view) > 1 for view in views.values()):
        message = (
            "The total counts your suppliers' numbers and shows each change of them: when one is granted, changes or "
            "is revoked, whoever knows how much of it you use can work out by how much it moved, and whoever sees it "
            "how much of it you use."
        )
        found.append(Consequence("SHOWS_SUPPLIERS_CHANGES", False, message))
    warned: set[str] = set()
    for root, view in views.items():
        for node in view.values():
            organization = node.owner_id
            reached = everybody or organization in (reaches or ())
            if organization == owner_id or organization in warned or not reached:
                continue
            warned.add(organization)
            message = (
                "This organization supplies what goes into this product. By changing its own number and watching yours "
                "it can measure how much of its own product is in it."
            )
            found.append(Consequence("SUPPLIER_CAN_MEASURE", True, message, organization, root))
    if len(keys) > len(looked_into):
        message = f"Only the first {PREVIEW_PRODUCTS_MAX} products were looked into for suppliers whom this reaches."
        found.append(Consequence("NOT_ALL_LOOKED_INTO", True, message))
    return found
