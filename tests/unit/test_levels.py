"""Levels and edges as truth tables: every relation between a viewer and a product, once."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from exchange.access import level, onward_keys, permits_at, permits_ever
from exchange.model.alliance import Membership, members_of
from exchange.model.closure import Dates, Node
from exchange.model.footprint import NEVER_US
from exchange.model.grant import NO_PRODUCT, AccessLevel, Grant
from exchange.model.parties import ANONYMOUS, OPERATOR, Scope, Viewer
from exchange.model.product import Product
from exchange.operations.following.rights_of_one import given_by

NOW = 1_000_000


def product(owner: str, key: int = 7) -> Product:
    return Product(f"id-{key}", key, owner, (f"urn:pact:{owner}:p:{key}",), f"Product {key}", None, (), 0, 1)


def grant(
    to: str | None,
    level: AccessLevel = AccessLevel.TOTAL,
    *,
    key: int = 7,
    onward: bool = False,
    from_us: int = 0,
    until_us: int = NEVER_US,
    revoked_at_us: int = NEVER_US,
    sequence: int = 2,
    revoked_sequence: int = NEVER_US,
) -> Grant:
    return Grant("g", f"id-{key}", key, to, level, onward, from_us, until_us, revoked_at_us, sequence, revoked_sequence)


def membership(alliance: str, joined_us: int, *, ended: int = NEVER_US, of: str = "viewer") -> Membership:
    accepted = NEVER_US if joined_us == NEVER_US else 1
    return Membership("m", alliance, of, of, 0, joined_us, accepted, ended, NEVER_US if ended == NEVER_US else 2)


def viewer(organization: str) -> Viewer:
    return Viewer(organization, frozenset({Scope.READ}))


TIMES: dict[str, tuple[dict[str, Any], bool]] = {
    "in force": ({}, True),
    "begins now": ({"from_us": NOW}, True),
    "begins later": ({"from_us": NOW + 1}, False),
    "ends later": ({"until_us": NOW + 1}, True),
    "ends now": ({"until_us": NOW}, False),
    "revoked": ({"revoked_at_us": NOW - 1, "revoked_sequence": 3}, False),
    "revoked although open": ({"revoked_at_us": NOW + 5, "revoked_sequence": 3}, False),
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("granted", [AccessLevel.TOTAL, AccessLevel.BREAKDOWN, AccessLevel.INPUTS])
@pytest.mark.parametrize("to", ["viewer", "another", None])
def test_a_grant_shows_its_level_to_its_grantee_while_it_holds(time: str, granted: AccessLevel, to: str | None) -> None:
    given, holds = TIMES[time]
    found = level(viewer("viewer"), product("owner"), [grant(to, granted, **given)], NOW, set())
    if not holds or to == "another":
        assert found == AccessLevel.NONE
    elif to is None:
        assert found == AccessLevel.TOTAL, "the public never sees more than TOTAL, whatever is written"
    else:
        assert found == granted


def test_the_highest_of_several_grants_counts() -> None:
    levels = [AccessLevel.TOTAL, AccessLevel.INPUTS, AccessLevel.BREAKDOWN]
    for order in itertools.permutations(levels):
        grants = [grant("viewer", each) for each in order]
        assert level(viewer("viewer"), product("owner"), grants, NOW, set()) == AccessLevel.INPUTS


def test_owner_and_operator_have_everything_and_anonymous_only_what_is_public() -> None:
    own = product("viewer")
    assert level(viewer("viewer"), own, [], NOW, set()) == AccessLevel.OWNER
    assert level(OPERATOR, own, [], NOW, set()) == AccessLevel.OWNER
    assert level(ANONYMOUS, own, [], NOW, set()) == AccessLevel.NONE
    assert level(ANONYMOUS, own, [grant(None)], NOW, set()) == AccessLevel.TOTAL
    assert level(viewer("other"), own, [grant("viewer")], NOW, set()) == AccessLevel.NONE


def test_a_grant_on_another_product_shows_nothing() -> None:
    assert level(viewer("viewer"), product("owner", 7), [grant("viewer", key=8)], NOW, set()) == AccessLevel.NONE


def test_an_onward_product_is_shown_at_total_and_no_more() -> None:
    assert level(viewer("viewer"), product("owner"), [], NOW, {7}) == AccessLevel.TOTAL
    assert level(viewer("viewer"), product("owner"), [], NOW, {8}) == AccessLevel.NONE


@pytest.mark.parametrize(
    ("grants", "shown"),
    [
        ([grant("consumer", AccessLevel.TOTAL, onward=True)], True),
        ([grant("consumer", AccessLevel.INPUTS, onward=True)], True),
        ([grant("consumer", AccessLevel.INPUTS, onward=False)], False),
        ([grant("another", AccessLevel.INPUTS, onward=True)], False),
        ([grant(None, AccessLevel.TOTAL, onward=True)], False),
        ([grant("consumer", AccessLevel.TOTAL, onward=True, until_us=NOW)], False),
    ],
)
def test_onward_reaches_whoever_holds_inputs_on_a_product_of_the_grantee(grants: list[Grant], shown: bool) -> None:
    consumer = Node(product("consumer", 3), (), ())
    supplier = Node(product("owner", 7), (), tuple(grants))
    assert (onward_keys([(consumer, {7})], {7: supplier}, NOW) == {7}) is shown


@pytest.mark.parametrize(
    ("to", "given", "followed"),
    [
        ("consumer", {}, True),
        (None, {}, True),
        ("another", {}, False),
        ("consumer", {"from_us": 50}, False),
        ("consumer", {"until_us": 40}, False),
        ("consumer", {"sequence": 11}, False),
        ("consumer", {"revoked_at_us": 60, "revoked_sequence": 9}, False),
        ("consumer", {"revoked_at_us": 60, "revoked_sequence": 11}, True),
    ],
)
def test_a_line_is_followed_by_the_grants_in_force_at_known_at(
    to: str | None, given: dict[str, Any], followed: bool
) -> None:
    """Known-at is 40; the graph was read at ledger sequence 10."""
    permits = permits_at(Dates(as_of_day=0, known_at_us=40, head=10))
    supplier = Node(product("owner", 7), (), (grant(to, **given),))
    assert permits(product("consumer", 3), supplier) is followed


def test_lines_within_an_owner_need_no_grant() -> None:
    assert permits_at(Dates(0, 0, 0))(product("owner", 3), Node(product("owner", 7), (), ()))
    assert permits_ever(NOW)(product("owner", 3), Node(product("owner", 7), (), ()))


def test_admission_counts_future_grants_but_not_ended_or_revoked_ones() -> None:
    permits = permits_ever(NOW)
    consumer = product("consumer", 3)
    assert permits(consumer, Node(product("owner"), (), (grant("consumer", from_us=NOW + 9),)))
    assert not permits(consumer, Node(product("owner"), (), (grant("consumer", until_us=NOW),)))
    assert not permits(consumer, Node(product("owner"), (), (grant("consumer", revoked_at_us=NOW),)))


@pytest.mark.parametrize("scopes", [{Scope.AUDIT}, {Scope.AUDIT, Scope.READ}, {Scope.AUDIT, Scope.PUBLISH}])
def test_who_audits_without_reading_is_shown_totals(scopes: set[Scope]) -> None:
    auditor = Viewer("viewer", frozenset(scopes))
    whole = Scope.READ in scopes
    for held in (AccessLevel.TOTAL, AccessLevel.BREAKDOWN, AccessLevel.INPUTS):
        found = level(auditor, product("owner"), [grant("viewer", held)], NOW, set())
        assert found == (held if whole else AccessLevel.TOTAL)
    own = level(auditor, product("viewer"), [], NOW, set())
    assert own == (AccessLevel.OWNER if whole else AccessLevel.TOTAL)
    assert level(auditor, product("owner"), [], NOW, set()) == AccessLevel.NONE
    assert level(replace(auditor, operator=True), product("owner"), [], NOW, set()) == AccessLevel.OWNER


# --- everything at once ---------------------------------------------------------------------------------------------

CLASS, OTHER_CLASS = "urn:pact:class.example:c:1", "urn:pact:class.example:c:2"
# Whom a grant is to: (organization, alliance), and whether that is the viewer, now and at known-at NOW.
AUDIENCES: dict[str, tuple[str | None, str | None, bool]] = {
    "the viewer": ("viewer", None, True),
    "another": ("another", None, False),
    "everybody": (None, None, True),
    "an alliance that it is in": (None, "joined", True),
    "an alliance that it joins this instant": (None, "joining", True),
    "an alliance that it will have joined": (None, "later", False),
    "an alliance that it has left": (None, "left", False),
    "an alliance that it is invited to": (None, "invited", False),
    "an alliance of others": (None, "strangers", False),
}
MEMBERSHIPS = {
    "joined": membership("joined", NOW - 5),
    "joining": membership("joining", NOW),
    "later": membership("later", NOW + 1),
    "left": membership("left", NOW - 5, ended=NOW - 1),
    "invited": membership("invited", NEVER_US),
    "strangers": membership("strangers", NOW - 5, of="another"),
}
# What a grant is of: product key, owner, classification, and whether that is the product.
SUBJECTS: dict[str, tuple[int, str | None, str | None, bool]] = {
    "the product": (7, None, None, True),
    "another product": (8, None, None, False),
    "everything of its owner": (NO_PRODUCT, "owner", None, True),
    "everything of another": (NO_PRODUCT, "another", None, False),
    "its classification": (NO_PRODUCT, "owner", CLASS, True),
    "another classification": (NO_PRODUCT, "owner", OTHER_CLASS, False),
    "its classification, of another owner": (NO_PRODUCT, "another", CLASS, False),
}
LEVELS = (AccessLevel.NONE, AccessLevel.TOTAL, AccessLevel.BREAKDOWN, AccessLevel.INPUTS)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_grant_shows_and_permits_what_its_parts_say(audience: str) -> None:
    """Whom it is to × what of × when × level × onward: what is shown by the grants of a product, the same by the
    grants to an organization, which lines may be followed, and what is shown onward. Level NONE is BENCHMARK."""
    organization, alliance, reaches = AUDIENCES[audience]
    classified = replace(product("owner"), classifications=(CLASS,))
    theirs = [one for one in MEMBERSHIPS.values() if one.organization_id == "viewer"]
    for name, (key, owner, classification, covers) in SUBJECTS.items():
        if audience == "everybody" and owner is not None:
            continue  # to the public one product at a time
        for (time, (given, holds)), granted, onward in itertools.product(TIMES.items(), LEVELS, (False, True)):
            one = replace(
                grant(organization, granted, key=key, onward=onward, **given),
                alliance_id=alliance,
                owner_id=owner,
                classification=classification,
                members=members_of(MEMBERSHIPS.values()).get(alliance or "", {}),
            )
            says = (audience, name, time, granted.name, onward)
            in_force = reaches and covers and holds and granted != AccessLevel.NONE
            shown = AccessLevel.NONE if not in_force else AccessLevel.TOTAL if audience == "everybody" else granted
            assert level(viewer("viewer"), classified, [one], NOW, set()) == shown, says
            if audience != "everybody":
                assert given_by(theirs, [one], "viewer", NOW).level(classified) == shown, says
            on_it = (one,) if one.covers(classified) else ()
            supplier, consumer = Node(classified, (), on_it), product("viewer", 3)
            assert permits_at(Dates(0, NOW, 10))(consumer, supplier) is in_force, says
            made_by_viewer = Node(consumer, (), ())
            onwards = onward_keys([(made_by_viewer, {7})], {7: supplier}, NOW)
            assert onwards == ({7} if in_force and onward and audience != "everybody" else set()), says
