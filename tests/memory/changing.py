"""A ledger drawn at random, one step after the other: everything that may move an answer happens in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from exchange.memory import Present, Tables
from exchange.model.alliance import Membership
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_DAY, NEVER_US, Footprint
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.product import Product
from exchange.operations.following.taking_over import Changed
from exchange.operations.requests.checks import US_PER_DAY
from tests.memory.rich import rich
from tests.store.examples import a_grant

FIRST_DAY = 20_000
ALLIANCES = ("first", "second")
CLASS = "urn:pact:class.example:c:1"
PASSES_US = (0, 0, 1_000, 600_000_000, US_PER_DAY, 200 * US_PER_DAY)
LASTS_US = (1, 500_000_000, 2 * US_PER_DAY)


class Changing:
    """What was written so far, and what is to come. Lines name products that are there, will be, and never are."""

    def __init__(self, seed: int, *, products: int = 9, footprints: int = 26) -> None:
        self.made = rich(seed, products=products, footprints=footprints, lines_max=4)
        self.random = random.Random(seed)
        self.tables = Tables()
        self.now_us, self.sequence = FIRST_DAY * US_PER_DAY, 0
        self.standing: list[Footprint] = []  # published and not deprecated
        self.given: list[Grant] = []  # and not revoked
        self.members: list[Membership] = []  # that have not left
        self.tables.products.resize(products)
        self.present = Present(self.tables, self.dates)
        self.products = [
            replace(each, sequence=NEVER_US, classifications=(CLASS,) if each.key % 2 else ())
            for each in self.made.products
        ]
        self.coming = ["product"] * products + ["release"] * len(self.made.releases)
        self.coming += ["footprint"] * footprints + ["grant"] * 12 + ["revoke"] * 4 + ["deprecate"] * 6 + ["time"] * 10
        self.coming += ["share"] * 8 + ["join"] * 8 + ["leave"] * 3
        self.random.shuffle(self.coming)

    @property
    def dates(self) -> Dates:
        return Dates(self.now_us // US_PER_DAY, self.now_us, self.sequence)

    def steps(self) -> Iterator[str]:
        """Goes on, step by step: one change or none, and time."""
        while self.coming:
            what = self.coming.pop()
            written = self._write(what)
            if not self.random.randrange(4):
                self.now_us += self.random.choice(PASSES_US)
            touched = written.apply(self.tables)
            self.present.advance(self.dates, touched, self.now_us)
            yield what

    def _write(self, what: str) -> Changed:
        self.sequence += what != "time"
        nothing = Changed([], [], [], [], [], [])
        match what:
            case "product":
                return replace(nothing, products=[self._register()])
            case "release":
                release = replace(self.made.releases.pop(0), sequence=self.sequence, created_at_us=self.now_us)
                return replace(nothing, releases=[release])
            case "footprint":
                return self._publish(nothing)
            case "grant":
                return replace(nothing, grants=self._grant())
            case "share":
                return replace(nothing, grants=self._share())
            case "join":
                return replace(nothing, memberships=self._join())
            case "leave" if self.members:
                left = self.members.pop(self.random.randrange(len(self.members)))
                left = replace(left, ended_at_us=self.now_us, ended_sequence=self.sequence)
                return replace(nothing, memberships=[left])
            case "revoke" if self.given:
                revoked = self.given.pop(self.random.randrange(len(self.given)))
                revoked = replace(revoked, revoked_at_us=self.now_us, revoked_sequence=self.sequence)
                return replace(nothing, grants=[revoked])
            case "deprecate" if self.standing:
                ended = self.standing.pop(self.random.randrange(len(self.standing)))
                ended = replace(ended, deprecated_at_us=self.now_us, deprecated_sequence=self.sequence)
                return replace(nothing, deprecated=[ended])
            case "time":
                self.now_us += self.random.choice(PASSES_US)
        return nothing

    def _register(self) -> Product:
        at = self.random.choice([at for at, each in enumerate(self.products) if each.sequence == NEVER_US])
        self.products[at] = replace(self.products[at], sequence=self.sequence)
        return self.products[at]

    def _publish(self, nothing: Changed) -> Changed:
        """Its product and its release are there, or come just before."""
        footprint = self.made.footprints.pop()
        key, known = footprint.product_key, [release.id for release in self.tables.releases]
        of_release = bool(known) and self.random.random() < 0.5
        footprint = replace(
            footprint,
            sequence=self.sequence,
            published_at_us=self.now_us,
            deprecated_at_us=NEVER_US,
            valid_until_day=NEVER_DAY if of_release else footprint.valid_until_day,
            release_id=self.random.choice(known) if of_release else None,
        )
        self.standing.append(footprint)
        products = []
        if self.products[key].sequence == NEVER_US and "product" in self.coming:
            self.coming.remove("product")
            self.products[key] = replace(self.products[key], sequence=self.sequence)
            products.append(self.products[key])
        return replace(nothing, products=products, published=[footprint])

    def _grant(self) -> list[Grant]:
        there = [each for each in self.products if each.sequence != NEVER_US]
        if not there or not self.made.grants:
            return []
        product = self.random.choice(there)
        grant = replace(self.made.grants.pop(), product_key=product.key, product_id=product.id)
        return [self._give(grant)]

    def _share(self) -> list[Grant]:
        """To an alliance, or of many products, or both."""
        owner, allied = self.random.choice(self.made.owners), self.random.random() < 0.5
        there = [each for each in self.products if each.sequence != NEVER_US]
        grant = a_grant(self.random.choice(self.products), None, level=AccessLevel.TOTAL)
        if allied:
            grant = replace(grant, alliance_id=self.random.choice(ALLIANCES))
        else:
            grant = replace(grant, organization_id=self.random.choice(self.made.owners).id)
        if there and allied and self.random.random() < 0.5:
            product = self.random.choice(there)
            return [self._give(replace(grant, product_key=product.key, product_id=product.id))]
        classification = self.random.choice((None, CLASS))
        many = replace(grant, product_key=NO_PRODUCT, product_id=None, owner_id=owner.id, classification=classification)
        return [self._give(many)]

    def _give(self, grant: Grant) -> Grant:
        """From now or a little later on, for ever or a while."""
        begin = self.now_us + self.random.choice((0, 0, *LASTS_US))
        grant = replace(
            grant,
            sequence=self.sequence,
            from_us=begin,
            until_us=self.random.choice((NEVER_US, begin + self.random.choice(LASTS_US))),
            revoked_at_us=NEVER_US,
            revoked_sequence=NEVER_US,
        )
        self.given.append(grant)
        return grant

    def _join(self) -> list[Membership]:
        alliance, organization = self.random.choice(ALLIANCES), self.random.choice(self.made.owners).id
        if any((each.alliance_id, each.organization_id) == (alliance, organization) for each in self.members):
            return []
        name, at, never = f"membership {self.sequence}", self.now_us, NEVER_US
        joined = Membership(name, alliance, organization, "", at, at, self.sequence, never, never)
        self.members.append(joined)
        return [joined]
