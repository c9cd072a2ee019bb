"""Members of alliances and grants of many products, by column and by value: the same lines may be followed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from exchange.access import permits_at, permits_ever
from exchange.memory import (
    Packed,
    Present,
    Tables,
    add_grant_columns,
    add_product_columns,
    add_products,
    pack,
    put_grants,
    put_memberships,
    unpack,
)
from exchange.memory.lines import permitted, permitted_ever
from exchange.model.alliance import Membership, members_of
from exchange.model.closure import Dates, Node
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.product import Product
from tests.memory.by_column import grant_columns, product_columns

OWNERS = [f"owner{number}" for number in range(5)]
ALLIANCES = ["first", "second"]
CLASSES = ["urn:c:1", "urn:c:2"]
NOW = 100


class Allied:
    """Products of some owners, and memberships and grants in the order of the ledger."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.sequence = 0
        self.products: list[Product] = []
        self.memberships: list[Membership] = []
        self.grants: list[Grant] = []
        for _ in range(40):
            self.random.choice((self.add_product, self.join, self.leave, self.grant, self.grant, self.revoke))()

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def add_product(self) -> None:
        key = len(self.products)
        classes = tuple(self.random.sample(CLASSES, self.random.randrange(3)))
        owner = self.random.choice(OWNERS)
        self.products.append(Product(f"p{key}", key, owner, (), f"P{key}", None, classes, 0, self.next()))

    def join(self) -> None:
        alliance, organization = self.random.choice(ALLIANCES), self.random.choice(OWNERS)
        there = [m for m in self.memberships if (m.alliance_id, m.organization_id) == (alliance, organization)]
        if not any(each.stands for each in there):
            at, sequence, never = self.random.randrange(NOW), self.next(), NEVER_US
            made = Membership(f"m{sequence}", alliance, organization, "", 0, at, sequence, never, never)
            self.memberships.append(made)

    def leave(self) -> None:
        standing = [number for number, each in enumerate(self.memberships) if each.stands]
        if standing:
            at = self.random.choice(standing)
            self.memberships[at] = replace(self.memberships[at], ended_at_us=NOW, ended_sequence=self.next())

    def grant(self) -> None:
        if not self.products:
            return
        product, to = self.random.choice(self.products), self.random.choice([*OWNERS, *ALLIANCES, *ALLIANCES])
        of_many, sequence = self.random.random() < 0.5, self.next()
        begin = self.random.choice([0, 30, NOW + 50])
        self.grants.append(
            Grant(
                id=f"g{sequence}",
                product_id=None if of_many else product.id,
                product_key=NO_PRODUCT if of_many else product.key,
                organization_id=to if to in OWNERS else None,
                level=self.random.choice([AccessLevel.NONE, AccessLevel.TOTAL, AccessLevel.INPUTS]),
                onward=False,
                from_us=begin,
                until_us=self.random.choice([begin + 40, NEVER_US]),
                revoked_at_us=NEVER_US,
                sequence=sequence,
                revoked_sequence=NEVER_US,
                alliance_id=to if to in ALLIANCES else None,
                owner_id=product.owner_id if of_many else None,
                classification=self.random.choice([None, *CLASSES]) if of_many else None,
            )
        )

    def revoke(self) -> None:
        standing = [number for number, each in enumerate(self.grants) if each.revoked_sequence == NEVER_US]
        if standing:
            at = self.random.choice(standing)
            self.grants[at] = replace(self.grants[at], revoked_at_us=NOW, revoked_sequence=self.next())

    def nodes(self) -> list[Node]:
        members = members_of(self.memberships)
        grants = [replace(each, members=members.get(each.alliance_id or "", {})) for each in self.grants]
        return [Node(p, (), [each for each in grants if each.covers(p)]) for p in self.products]


def one_by_one(made: Allied) -> Tables:
    """As the ledger brings it."""
    tables = Tables()
    things: list[Product | Membership | Grant] = [*made.products, *made.memberships, *made.grants]
    for thing in sorted(things, key=lambda each: each.sequence):
        if isinstance(thing, Product):
            add_products(tables, [thing])
        elif isinstance(thing, Membership):
            put_memberships(tables, [replace(thing, ended_sequence=NEVER_US)])
        else:
            put_grants(tables, [replace(thing, revoked_sequence=NEVER_US, revoked_at_us=NEVER_US)])
    put_memberships(tables, made.memberships)
    put_grants(tables, made.grants)
    return tables


def by_column(made: Allied) -> Tables:
    tables = Tables()
    add_product_columns(tables, product_columns(made.products))
    own = [each for each in made.grants if each.owner_id is None and each.level > AccessLevel.NONE]
    add_grant_columns(tables, grant_columns(sorted(own, key=lambda each: (each.product_key, each.sequence))))
    put_memberships(tables, made.memberships)
    put_grants(tables, [each for each in made.grants if each.owner_id is not None])
    return tables


def kept(made: Allied) -> Tables:
    """As a snapshot gives it back."""
    packed = pack(Present(one_by_one(made), Dates(0, NOW, made.sequence), NOW))
    return unpack(Packed({name: array.copy() for name, array in packed.arrays.items()}, packed.document)).tables


@pytest.mark.parametrize("way", [one_by_one, by_column, kept])
def test_the_same_lines_may_be_followed_whichever_way_it_is_asked(way) -> None:
    allowed = 0
    for seed in range(60):
        made = Allied(seed)
        if not made.products:
            continue
        tables, nodes = way(made), made.nodes()
        for name in OWNERS:
            tables.owner_number(name)
        consumers = [replace(made.products[0], owner_id=name) for name in OWNERS]
        pairs = [(consumer, node) for consumer in consumers for node in nodes]
        owner = np.array([tables.owners[consumer.owner_id] for consumer, _ in pairs])
        product = np.array([node.product.key for _, node in pairs])
        for head in (made.sequence // 2, made.sequence):
            for known_at in (10, 60, NOW, NOW + 60):
                dates = Dates(0, known_at, head)
                expected = [permits_at(dates)(*pair) for pair in pairs]
                assert permitted(tables, owner, product, dates).tolist() == expected
                allowed += sum(expected)
        dates = Dates(0, NOW, made.sequence)
        assert permitted_ever(tables, owner, product, dates).tolist() == [permits_ever(NOW)(*pair) for pair in pairs]
    assert allowed > 1_000


def test_a_grant_to_an_alliance_is_one_row_whoever_is_in_it() -> None:
    tables = Tables()
    add_products(tables, [Product("p", 0, "mill", (), "P", None, (), 0, 1)])
    never = NEVER_US
    for number in range(50):
        made = Membership(f"m{number}", "first", f"owner{number}", "", 0, 0, 2 + number, never, never)
        put_memberships(tables, [made])
    grant = Grant("g", "p", 0, None, AccessLevel.TOTAL, False, 0, never, never, 90, never, alliance_id="first")
    touched = put_grants(tables, [grant])
    assert touched.followers == touched.granted == {0}
    assert len(tables.grants.product) == 1
    owner, product = np.array([tables.owners["owner7"]]), np.array([0])
    assert permitted(tables, owner, product, Dates(0, NOW, 100)).tolist() == [True]


def test_joining_and_leaving_touch_what_is_granted_to_the_alliance() -> None:
    tables = Tables()
    never = NEVER_US
    add_products(tables, [Product(f"p{key}", key, "mill", (), "P", None, (), 0, 1 + key) for key in range(3)])
    single = Grant("g", "p1", 1, None, AccessLevel.TOTAL, False, 0, never, never, 8, never, alliance_id="first")
    joined = Membership("m", "first", "buyer", "", 0, 0, 9, never, never)
    put_grants(tables, [single])
    broad = replace(single, id="h", product_id=None, product_key=NO_PRODUCT, owner_id="mill", sequence=10)
    for touch, keys in (
        (lambda: put_memberships(tables, [joined]), {1}),
        (lambda: put_grants(tables, [broad]), {0, 1, 2}),
        (lambda: put_memberships(tables, [replace(joined, ended_sequence=11)]), {0, 1, 2}),
    ):
        touched = touch()
        assert touched.followers == touched.granted == keys
