"""Corrections, dates, releases and grants over HTTP, on a server whose clock the test moves forward.

Expected numbers are those of docs/method.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from exchange.config import Settings
from tests.api.dated_world import World, dated_world
from tests.api.exchange_server import new_key
from tests.api.graph_dump import dump


def period(start: str, end: str) -> dict[str, str]:
    return {"referencePeriodStart": f"{start}T00:00:00Z", "referencePeriodEnd": f"{end}T00:00:00Z"}


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    """With the three footprints of docs/method.md's table, each published on its day."""
    with dated_world(settings, datetime(2024, 1, 1, tzinfo=UTC)) as made:
        clock = made.clock
        year = period("2023-01-01", "2024-01-01")
        clock.now = datetime(2024, 3, 1, tzinfo=UTC)
        first = made.publish(made.declared("corrected", "5", **year))
        made.ids["first"] = first["id"]
        clock.now = datetime(2025, 2, 1, tzinfo=UTC)
        second = made.publish(made.declared("corrected", "4", precedingPfIds=[first["pfId"]], **year))
        made.ids["second"] = second["id"]
        clock.now = datetime(2025, 6, 1, tzinfo=UTC)
        made.publish(made.declared("corrected", "3", **period("2024-01-01", "2025-01-01")))
        clock.now = datetime(2026, 6, 30, tzinfo=UTC)
        yield made


@pytest.mark.parametrize(
    ("as_of", "known_at", "expected"),
    [
        ("2024-06-01", "2024-06-01T00:00:00Z", "5"),
        ("2024-06-01", "2025-03-01T00:00:00Z", "4"),
        ("2024-06-01", None, "4"),
        ("2025-06-30", None, "3"),
        ("2027-12-31", None, "3"),
        ("2028-01-01", None, "EXPIRED"),
        ("2023-12-31", None, "NOT_YET_VALID"),
        ("2024-06-01", "2024-02-28T00:00:00Z", "NO_FOOTPRINT"),
        ("2024-06-01", "2024-02-29T23:59:59.999999Z", "NO_FOOTPRINT"),
        ("2024-06-01", "2025-02-01T00:00:00+01:00", "5"),
        ("2024-01-01", None, "4"),
        ("2025-01-01", None, "3"),
        ("2024-12-31", None, "4"),
        (None, None, "3"),
        (None, "2099-01-01T00:00:00Z", "3"),
    ],
)
def test_the_footprint_of_the_day_as_it_was_known(
    world: World, as_of: str | None, known_at: str | None, expected: str
) -> None:
    world.check("corrected", expected, as_of, known_at)


def test_a_corrected_footprint_stays_in_history(world: World) -> None:
    fields = "status precedingPfIds pfId publishedAt deprecatedAt validityPeriodStart validityPeriodEnd"
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Footprint {{ {fields} }} }} }}"
    ids = {"ids": [world.ids["first"], world.ids["second"]]}
    first, second = world.client("one").query(query, ids)["nodes"]
    assert (first["status"], second["status"]) == ("DEPRECATED", "ACTIVE")
    assert first["publishedAt"].startswith("2024-03-01T00:00:0")
    assert second["publishedAt"].startswith("2025-02-01T00:00:0")
    assert first["deprecatedAt"] == second["publishedAt"]
    assert (first["precedingPfIds"], second["precedingPfIds"]) == ([], [first["pfId"]])
    assert first["validityPeriodStart"] == "2024-01-01T00:00:00Z"
    assert first["validityPeriodEnd"] == "2027-01-01T00:00:00Z"


def test_one_that_is_withdrawn_without_a_successor_gives_way_to_the_next(world: World) -> None:
    world.publish(world.declared("withdrawn", "7", **period("2024-01-01", "2025-01-01")))
    newest = world.publish(world.declared("withdrawn", "8", **period("2024-06-01", "2025-06-01")))
    world.publish(world.declared("withdrawn", "6", **period("2023-06-01", "2025-01-01")))
    world.check("withdrawn", "8")
    world.clock.now += timedelta(days=1)
    world.deprecate(newest["id"])
    world.check("withdrawn", "7")
    world.check("withdrawn", "8", known_at=newest["publishedAt"])
    before = dump(world.server)
    again = world.client("one").mutate("deprecateFootprint", {"footprint": newest["id"], "reason": "x"}, "__typename")
    world.check_refused(again, "Conflict", "input.footprint")
    correction = world.send(world.declared("withdrawn", "9", precedingPfIds=[newest["pfId"]]))
    world.check_refused(correction, "Conflict", "input.footprints.0.precedingPfIds")
    assert dump(world.server) == before


def test_a_pf_id_is_its_owners_and_tells_nothing_of_anothers(world: World) -> None:
    theirs = world.publish(world.declared("two/hidden", "3"), by="two")
    assert theirs["pfId"]
    same = world.publish(world.declared("own", "4", pfId=theirs["pfId"]))
    assert (same["pfId"], same["id"] == theirs["id"]) == (theirs["pfId"], False)
    world.check("own", "4")
    world.check("two/hidden", "3")
    again = world.send(world.declared("own", "5", pfId=theirs["pfId"]))
    world.check_refused(again, "Conflict", "input.footprints.0.pfId")
    other = world.publish(world.declared("two/other", "3"), by="two")
    for pf_id in (other["pfId"], new_key()):  # another's, and nobody's
        correction = world.send(world.declared("own", "5", precedingPfIds=[pf_id]))
        world.check_refused(correction, "InvalidInput", "input.footprints.0.precedingPfIds")
        assert (
            correction["message"] == f"input.footprints[0].precedingPfIds: {pf_id} is not a footprint of this product"
        )
    corrected = world.publish(world.declared("own", "6", precedingPfIds=[theirs["pfId"]]))
    assert corrected["pfId"] != theirs["pfId"]
    world.check("own", "6")
    world.check("two/hidden", "3")  # the one of the same pfId stands as before


def test_who_withdraws_what_stood_last_is_told(world: World) -> None:
    first = world.publish(world.declared("told", "4"))
    second = world.publish(world.declared("told", "5", precedingPfIds=[first["pfId"]]))
    assert world.deprecate(second["id"]) == ["NOTHING_STANDS"]
    world.check("told", "NO_FOOTPRINT")
    third = world.publish(world.declared("told", "6", **period("2024-01-01", "2025-01-01")))
    newest = world.publish(world.declared("told", "7", **period("2024-06-01", "2025-06-01")))
    assert world.deprecate(newest["id"]) == []  # the one before it stands again
    world.check("told", "6")
    ended = world.publish(world.declared("told", "8", **period("2018-01-01", "2019-01-01")))
    assert world.deprecate(ended["id"]) == []  # stood on no day of now
    assert world.deprecate(third["id"]) == ["NOTHING_STANDS"]
    over = world.publish(world.declared("over", "8", **period("2018-01-01", "2019-01-01")))
    assert world.deprecate(over["id"]) == []  # nothing stood before


def test_one_footprint_may_replace_several(world: World) -> None:
    old = [world.publish(world.declared("merged", str(n)))["pfId"] for n in (1, 2, 3)]
    world.publish(world.declared("merged", "4", precedingPfIds=old[1:]))
    world.check("merged", "4")
    statuses = "query ($id: ID!) { product(id: $id) { footprints { nodes { status } } } }"
    found = world.client("one").query(statuses, {"id": world.ids["merged"]})["product"]["footprints"]["nodes"]
    assert [node["status"] for node in found] == ["ACTIVE", "DEPRECATED", "DEPRECATED", "ACTIVE"]


def test_validity_that_is_stated_counts(world: World) -> None:
    valid = {"validityPeriodStart": "2026-03-01T12:00:00Z", "validityPeriodEnd": "2026-09-01T00:00:00Z"}
    world.publish(world.declared("stated", "5", **valid))
    for as_of, expected in (
        ("2026-03-01", "NOT_YET_VALID"),
        ("2026-03-02", "5"),
        ("2026-08-31", "5"),
        ("2026-09-01", "EXPIRED"),
    ):
        world.check("stated", expected, as_of)


def test_validity_by_default_ends_on_the_28th_after_a_leap_day(world: World) -> None:
    world.publish(world.declared("leap", "5", **period("2023-02-28", "2024-02-29")))
    world.check("leap", "5", "2027-02-27")
    world.check("leap", "EXPIRED", "2027-02-28")


def test_a_release_holds_until_the_next_one(world: World) -> None:
    def release(label: str, date: str) -> str:
        given = {"idempotencyKey": new_key(), "dataset": "Factors", "label": label, "date": date}
        made = world.client("one").done("createRelease", given, "release { id }")
        return str(made["release"]["id"])

    old = release("first", "2020-01-01")
    world.publish(world.declared("factor", "5", release=old, **period("2012-01-01", "2013-01-01")))
    stated = {"validityPeriodEnd": "2028-01-01T00:00:00Z"}
    world.publish(world.declared("own end", "6", release=old, **stated))
    world.check("factor", "5", "2150-01-01")
    world.clock.now += timedelta(days=1)
    before = world.clock.now.isoformat()
    new = release("second", "2027-01-01")
    world.check("factor", "5", "2026-12-31")
    world.check("factor", "EXPIRED", "2027-01-01")
    world.check("factor", "5", "2027-01-01", known_at=before)
    world.check("own end", "6", "2027-12-31")
    world.publish(world.declared("factor", "4", release=new, **period("2026-01-01", "2027-01-01")))
    world.check("factor", "5", "2026-12-31")
    world.check("factor", "4", "2027-01-01")
    release("between", "2026-07-01")
    world.check("factor", "EXPIRED", "2026-07-01")


def test_a_revocation_takes_effect_for_every_known_at(world: World) -> None:
    world.publish(world.declared("two/revoked", "3"), by="two")
    given = world.grant("two/revoked", "one")["grant"]["id"]
    world.publish(world.modelled("consumer", world.line("two/revoked", "2")))
    world.clock.now += timedelta(days=10)
    granted = world.clock.now.isoformat()
    world.check("consumer", "7")
    world.clock.now += timedelta(days=10)
    world.client("two").done("revokeAccess", {"grant": given}, "grant { id }")
    world.check("consumer", "1", gap="NOT_GRANTED")
    world.check("consumer", "1", known_at=granted, gap="NOT_GRANTED")
    world.clock.now += timedelta(days=10)
    world.grant("two/revoked", "one")
    world.check("consumer", "7")
    world.check("consumer", "1", known_at=granted, gap="NOT_GRANTED")


def test_a_grant_counts_from_its_beginning_to_its_end(world: World) -> None:
    world.publish(world.declared("two/dated", "3"), by="two")
    world.publish(world.modelled("buyer", world.line("two/dated", "2")))
    start, end = world.clock.now + timedelta(days=10), world.clock.now + timedelta(days=20)
    key = new_key()
    first = world.grant("two/dated", "one", idempotencyKey=key, until=end.isoformat(), **{"from": start.isoformat()})
    world.check("buyer", "1", gap="NOT_GRANTED")
    world.clock.now = start
    world.check("buyer", "7")
    world.clock.now = end
    world.check("buyer", "1", gap="NOT_GRANTED")
    world.check("buyer", "7", known_at=(start + timedelta(days=1)).isoformat())
    again = world.grant("two/dated", "one", idempotencyKey=key, until=end.isoformat(), **{"from": start.isoformat()})
    assert again == first


def test_a_grant_does_not_begin_before_it_was_given(world: World) -> None:
    """Or what was answered for an earlier instant would change."""
    world.publish(world.declared("two/backdated", "3"), by="two")
    world.publish(world.modelled("careful", world.line("two/backdated", "2")))
    asked = world.clock.now.isoformat()
    world.check("careful", "1", known_at=asked, gap="NOT_GRANTED")
    world.clock.now += timedelta(days=3)
    now = world.clock.now
    early, ended = (now - timedelta(days=days) for days in (900, 1))
    grant = world.grant("two/backdated", "one", **{"from": early.isoformat()})["grant"]
    assert datetime.fromisoformat(grant["from"]) >= now
    world.check("careful", "1", known_at=asked, gap="NOT_GRANTED")
    world.check("careful", "7")
    refused = world.grant("two/backdated", "one", until=ended.isoformat(), **{"from": early.isoformat()})
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["input", "until"])


def test_a_grant_to_oneself_on_what_one_may_not_see_is_not_found(world: World) -> None:
    world.publish(world.declared("two/unseen", "3"), by="two")
    one = world.owner("buyer")
    given = {"idempotencyKey": new_key(), "to": {"organization": one.organization_id}, "level": "TOTAL"}
    unseen = one.mutate("grantAccess", {**given, "product": world.product("two/unseen")}, "grant { id }")
    assert (unseen["__typename"], unseen["path"]) == ("NotFound", ["input", "product"])
    own = one.mutate("grantAccess", {**given, "product": world.product("buyer")}, "grant { id }")
    assert (own["__typename"], own["path"]) == ("InvalidInput", ["input", "to", "organization"])


def test_a_grant_that_has_ended_since_is_still_the_first_answer(world: World) -> None:
    key, end = new_key(), (world.clock.now + timedelta(days=1)).isoformat()
    first = world.grant("ended", "two", idempotencyKey=key, until=end)
    assert first["__typename"] == "GrantAccessPayload"
    world.clock.now += timedelta(days=2)
    assert world.grant("ended", "two", idempotencyKey=key, until=end) == first
    world.check_refused(world.grant("ended", "two", until=end), "InvalidInput", "input.until")
