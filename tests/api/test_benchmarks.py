"""Editions from the members' own products to what members read of them: published once, whole, and to nobody else."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import pytest

from exchange.app import target_of
from exchange.benchmarks.quantiles import on_grid
from exchange.benchmarks.quarters import quarter_name
from exchange.config import Settings
from exchange.errors import AccessDenied, Conflict, ExchangeError, InvalidInput
from exchange.graph import Store
from exchange.graph import benchmarks as in_graph
from exchange.importers.publisher import publisher
from exchange.model.audit_file import verify_audit
from exchange.model.footprint import SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.ledger import ChangeKind
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.operations.benchmarks import publishing as benchmark_publishing
from exchange.operations.benchmarks.publishing import Published, publish_benchmarks
from exchange.operations.benchmarks.values import read_counted
from exchange.operations.exchange import open_exchange
from exchange.operations.reading.audit_reading import export_audit
from exchange.schema.ids import global_id
from exchange.tokens import issuer
from exchange.units import DeclaredUnit
from tests.api.benchmark_world import BUILT, CPC, DAY, MEGABYTES, BenchmarkWorld
from tests.api.callers import ADMINISTRATOR, Callers, client_id
from tests.api.exchange_server import ApiClient, serving
from tests.rollup.check import instant

T = TypeVar("T")
NUMBERS = "quarter closingDate lowerQuartile median upperQuartile gridStepPercent groups inForce keptBecause"
COUNTS = "counts { category systemBoundary unit currency biogenicConvention }"
BENCHMARKS = f"""query ($id: ID!, $first: Int, $after: String) {{ alliance(id: $id) {{
  benchmarks(first: $first, after: $after) {{ totalCount pageInfo {{ hasNextPage endCursor }}
    nodes {{ id {NUMBERS} {COUNTS} alliance {{ id }} earlier {{ totalCount nodes {{ {NUMBERS} }} }} }} }} }} }}"""
NODE = f"query ($id: ID!) {{ node(id: $id) {{ ... on BenchmarkEdition {{ id {NUMBERS} {COUNTS} }} }} }}"
PLACES = f"""query ($id: ID!, $product: ID!) {{ alliance(id: $id) {{ benchmarkPlaces(product: $product) {{
  {COUNTS} emissions reason position edition {{ median quarter }} }} }} }}"""


class Place:
    """A server, and a world on it that a test builds. A quarter counts what earlier tests have built, too."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock, self.tests = [instant(BUILT)], 0

    def __enter__(self) -> Place:
        self._serving = serving(self.settings, clock=lambda: self.clock[0])
        self.server = self._serving.__enter__()
        self.callers = Callers(self.server)
        self.world = BenchmarkWorld(self.server.exchange, self.clock)
        return self

    def __exit__(self, *error: object) -> None:
        self._serving.__exit__(None, None, None)

    def begin_anew(self, tag: str) -> Place:
        """With nobody in it yet, early in a quarter. tag: of the test's module, so that no two name the same."""
        self.tests += 1
        self.world = BenchmarkWorld(self.server.exchange, self.clock, tag=f"{tag}{self.tests}")
        self.callers = Callers(self.server)
        return self

    def run(self, make: Callable[[BenchmarkWorld], Awaitable[T]]) -> T:
        async def made(_: object) -> T:
            return await make(self.world)

        return self.server.run(made)

    def client(self, name: str | None) -> ApiClient:
        if name is not None:
            self.callers.ids[name] = self.world.organizations[name]
        return self.callers.client(name)

    def benchmarks(self, name: str | None, alliance: str) -> Any:
        found = self.client(name).query(BENCHMARKS, {"id": global_id("Alliance", alliance)})["alliance"]
        return None if found is None or found["benchmarks"] is None else found["benchmarks"]["nodes"]

    def places(self, name: str, alliance: str, owner: str, called: str = "thing") -> Any:
        product = global_id("Product", self.world.products[owner, called])
        asked = {"id": global_id("Alliance", alliance), "product": product}
        return self.client(name).query(PLACES, asked)["alliance"]["benchmarkPlaces"]


@pytest.fixture(autouse=True)
def _months_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys end after one, and are looked up again at once here."""
    monkeypatch.setattr(issuer, "KEYS_READ_AGAIN_SECONDS", 0)


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Place]:
    with Place(settings) as running:
        yield running


@pytest.fixture
def place(running: Place) -> Place:
    return running.begin_anew("t")


CEMENT = (f"{CPC}37440",)
ABOVE = [f"{CPC}{code}" for code in ("37440", "3744", "374", "37", "3")]
SEVEN = [str(value) for value in (1, 2, 3, 4, 5, 6, 12)]


def of_category(nodes: Any, category: str = CEMENT[0]) -> Any:
    [found] = [each for each in nodes if each["counts"]["category"] == category]
    return found


def test_members_read_what_was_published_and_nobody_else_does(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    place.run(lambda world: world.organization("stranger"))
    assert place.benchmarks("a0", alliance) == []
    for each in place.places("a0", alliance, "a0"):
        assert (each["reason"], each["edition"], each["position"]) == ("NOT_PUBLISHED_YET", None, None)
    quarter = place.run(lambda world: world.close()).quarter
    assert (quarter.id, quarter.new, quarter.kept, quarter.none, quarter.products) == ("2026-Q1", 5, 0, 0, 7)
    shown = place.benchmarks("a0", alliance)
    assert [each["counts"]["category"] for each in shown] == sorted(ABOVE)
    # By the weights of I(4, 4) at sevenths, from a table of the regularized incomplete beta function.
    weights = (0.01011, 0.09777, 0.23721, 0.30982, 0.23721, 0.09777, 0.01011)
    middle = sum(weight * float(value) for weight, value in zip(weights, SEVEN, strict=True))
    told = of_category(shown)
    assert {name: told[name] for name in NUMBERS.split()} == {
        "quarter": "2026-Q1",
        "closingDate": "2026-03-31",
        "lowerQuartile": None,
        "median": f"{on_grid(middle, 10)}",
        "upperQuartile": None,
        "gridStepPercent": 10,
        "groups": "SIX_TO_EIGHT",
        "inForce": True,
        "keptBecause": None,
    }
    assert told["median"] == "4.177"
    assert told["alliance"] == {"id": global_id("Alliance", alliance)}
    assert told["counts"] == {
        "category": CEMENT[0],
        "systemBoundary": "CRADLE_TO_GATE",
        "unit": "KILOGRAM",
        "currency": None,
        "biogenicConvention": "EXCLUDING_UPTAKE",
    }
    assert all(place.benchmarks(name, alliance) == shown for name in ("a1", "a6"))
    node = {name: told[name] for name in ("id", *NUMBERS.split(), "counts")}
    assert place.client("a3").query(NODE, {"id": told["id"]}) == {"node": node}
    for name in ("stranger", None):
        assert place.benchmarks(name, alliance) is None
        assert place.client(name).query(NODE, {"id": told["id"]}) == {"node": None}
    assert place.places("stranger", alliance, "a0") is None
    assert place.places("a1", alliance, "a0") is None, "of its own product alone"
    place.run(lambda world: world.leave(alliance, "a3"))
    assert place.benchmarks("a3", alliance) is None
    assert place.client("a3").query(NODE, {"id": told["id"]}) == {"node": None}


def test_where_a_product_stands_and_why_there_is_nothing(place: Place) -> None:
    five = place.run(lambda world: world.counted("five", SEVEN[:5], (f"{CPC}17100",)))
    alliance = place.run(lambda world: world.counted("a", [f"{value}" for value in range(1, 10)], CEMENT))
    place.run(lambda world: world.product("a0", "lonely", ("urn:pact:x.example:only-mine",), "3"))
    place.run(lambda world: world.product("a1", "unclassified", (), "3"))
    quarter = place.run(lambda world: world.close()).quarter
    told = of_category(place.benchmarks("a0", alliance))
    assert (told["groups"], told["lowerQuartile"], told["upperQuartile"]) == ("NINE_TO_ELEVEN", "2.853", "7.4")
    positions = [of_category(place.places(f"a{at}", alliance, f"a{at}"))["position"] for at in range(9)]
    assert positions == [
        "BELOW_LOWER_QUARTILE",
        "BELOW_LOWER_QUARTILE",
        "LOWER_QUARTILE_TO_MEDIAN",
        "LOWER_QUARTILE_TO_MEDIAN",
        "AT_MEDIAN",
        "MEDIAN_TO_UPPER_QUARTILE",
        "MEDIAN_TO_UPPER_QUARTILE",
        "ABOVE_UPPER_QUARTILE",
        "ABOVE_UPPER_QUARTILE",
    ]
    found = place.places("a8", alliance, "a8")
    assert [each["counts"]["category"] for each in found] == ABOVE
    assert found[0]["emissions"] == "9"
    assert found[0]["edition"] == {"median": told["median"], "quarter": quarter.id}
    nothing = {"reason": "TOO_FEW_GROUPS", "edition": None, "position": None}
    for one, owner, called in ((five, "five0", "thing"), (alliance, "a0", "lonely")):  # five groups, and one
        for each in place.places(owner, one, owner, called):
            assert {name: each[name] for name in nothing} == nothing
    assert place.places("a1", alliance, "a1", "unclassified") == []


def publishing(world: BenchmarkWorld, closing: dt.date | None, viewer: Viewer = OPERATOR) -> Awaitable[Published]:
    return publish_benchmarks(world.exchange, viewer, closing, megabytes_max=MEGABYTES)


def test_publishing_a_quarter_twice_is_an_answer(place: Place) -> None:
    alliance, closing = place.run(lambda world: world.counted("a", SEVEN, CEMENT)), place.world.closing
    first = place.run(lambda world: world.close())
    assert not first.again
    shown, head = place.benchmarks("a0", alliance), place.server.ledger_head()
    for _ in range(2):
        again = place.run(lambda world: publishing(world, closing))
        assert (again.quarter, again.again) == (first.quarter, True)
    assert place.benchmarks("a0", alliance) == shown
    assert place.server.ledger_head() == head


def test_of_two_servers_that_publish_at_once_one_does(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))

    async def race(world: BenchmarkWorld) -> list[Published]:
        closing = world.after()
        store = await Store.open(target_of(place.settings, attach=True))
        other = open_exchange(store, clock=lambda: world.clock[0])
        try:
            asked = [
                publish_benchmarks(each, OPERATOR, closing, megabytes_max=MEGABYTES) for each in (world.exchange, other)
            ]
            return list(await asyncio.gather(*asked))
        finally:
            await other.close()
            await store.close()

    before = place.run(kept)
    one, other = place.run(race)
    assert sorted((one.again, other.again)) == [False, True]
    assert one.quarter == other.quarter
    assert len(place.benchmarks("a0", alliance)) == 5
    assert place.run(kept) == {
        label: count + (1 if label == "BenchmarkQuarter" else 5) for label, count in before.items()
    }


async def kept(world: BenchmarkWorld) -> dict[str, int]:
    counts = {}
    for label in ("BenchmarkQuarter", "BenchmarkEdition", "BenchmarkMembers"):
        [[counts[label]]] = await world.exchange.store._raw.read(f"MATCH (n:{label}) RETURN count(n)")
    return counts


@pytest.mark.parametrize("statement", ["_EDITIONS", "_MEMBERS", "_OUTCOMES"])
def test_a_quarter_that_cannot_be_written_whole_is_not_written(
    place: Place, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    before, head, closing = place.run(kept), place.server.ledger_head(), place.run(after)
    with monkeypatch.context() as patched:
        patched.setattr(in_graph, statement, "UNWIND $rows AS r CREATE (x:Change {sequence: 1})")  # one is there
        with pytest.raises(ExchangeError):
            place.run(lambda world: publishing(world, closing))
    assert place.run(kept) == before
    assert place.server.ledger_head() == head
    assert not place.run(lambda world: publishing(world, closing)).again
    assert len(place.benchmarks("a0", alliance)) == 5


async def after(world: BenchmarkWorld) -> dt.date:
    return world.after()


def test_which_days_are_closing_days(place: Place) -> None:
    closing = place.run(after)
    place.clock[0] = instant(str(place.world.closing))  # the last day itself is not over
    for day, message in ((closing - DAY, f"Write {closing}"), (place.world.closing, "not over yet")):
        with pytest.raises(InvalidInput, match=message):
            place.run(partial(publishing, closing=day))
    place.run(lambda world: world.organization("a"))
    with pytest.raises(AccessDenied):
        place.run(lambda world: publishing(world, None, publisher(world.organizations["a"])))
    missed, name = closing, quarter_name(place.run(after))
    assert place.run(lambda world: publishing(world, None)).quarter.id == name
    with pytest.raises(Conflict, match=f"{name} is published"):
        place.run(lambda world: publishing(world, missed))


# --- who is counted ---


def test_a_group_in_many_organizations_counts_once(place: Place) -> None:
    """Six organizations, two of them of one group: five groups."""

    async def build(world: BenchmarkWorld) -> str:
        await world.organization("a0")
        await world.organization("a5", group="a0")
        return await world.counted("a", SEVEN[:6], CEMENT)

    alliance = place.run(build)
    place.run(lambda world: world.close())
    assert place.benchmarks("a0", alliance) == []
    assert {each["reason"] for each in place.places("a0", alliance, "a0")} == {"TOO_FEW_GROUPS"}


# "at": from here on the closing day is over.
NOT_COUNTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "no consent": [],
    "TOTAL": [("consent", {"level": AccessLevel.TOTAL})],
    "revoked": [("consent", {}), ("revoke", {})],
    "left": [("consent", {}), ("leave", {})],
    "left, and granted as no member": [("leave", {}), ("consent", {})],
    "ended before the day": [("consent", {"until": "noon"})],
    "begins after the day": [("consent", {"from_": "midnight"})],
    "another classification": [("consent", {"everything": False, "classification": "urn:pact:x.example:other"})],
    "revoked after the day": [("consent", {}), ("at", {}), ("revoke", {})],
    "left after the day": [("consent", {}), ("at", {}), ("leave", {})],
    "joined after the day": [("leave", {}), ("consent", {}), ("at", {}), ("join", {})],
}
COUNTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "everything": [("consent", {})],
    "the classification": [("consent", {"everything": False, "classification": CEMENT[0]})],
    "the product": [("consent", {"everything": False, "product": "thing"})],
    "beside TOTAL": [("consent", {"level": AccessLevel.TOTAL}), ("consent", {})],
}


@dataclass
class Case:
    """Five that are counted in a category of their own, and a sixth of whom the steps decide."""

    number: int
    alliance: str = ""
    grant: str = ""
    meant: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> str:
        return f"last{self.number}"

    async def build(self, world: BenchmarkWorld) -> None:
        category = f"urn:pact:x.example:{self.number}"
        self.alliance = await world.counted(f"c{self.number}-", SEVEN[:5], (category,))
        await world.join(self.alliance, self.last)
        product = await world.product(self.last, "thing", (category,), "6")
        noon = dt.datetime.combine(world.closing, dt.time(12), dt.UTC)  # of the closing day
        midnight = noon + dt.timedelta(hours=12)
        self.meant = {CEMENT[0]: category, "thing": product, "noon": noon, "midnight": midnight}

    async def do(self, world: BenchmarkWorld, step: str, given: dict[str, Any]) -> None:
        if step == "consent":
            more: dict[str, Any] = {name: self.meant.get(value, value) for name, value in given.items()}
            self.grant = await world.consent(self.last, self.alliance, **more)
        elif step == "revoke":
            await world.revoke(self.last, self.grant)
        elif step == "join":
            await world.join(self.alliance, self.last)
        else:
            await world.leave(self.alliance, self.last)


def test_who_consents_and_is_a_member_on_the_day_is_counted(place: Place) -> None:
    """What is done "at" is done on the second day after the quarter, when everything else of all cases is done."""
    steps = COUNTED | NOT_COUNTED
    cases = {name: Case(number) for number, name in enumerate(steps)}
    closing = place.world.closing

    async def before(world: BenchmarkWorld) -> None:
        for name, case in cases.items():
            await case.build(world)
            for step, given in itertools.takewhile(lambda each: each[0] != "at", steps[name]):
                await case.do(world, step, given)

    async def afterwards(world: BenchmarkWorld) -> None:
        for name, case in cases.items():
            for step, given in list(itertools.dropwhile(lambda each: each[0] != "at", steps[name]))[1:]:
                await case.do(world, step, given)

    place.run(before)
    place.clock[0] = instant(str(closing + 2 * DAY))
    place.run(afterwards)
    place.run(lambda world: publishing(world, closing))
    found = {
        name: len(place.benchmarks(place.world.conveners[case.alliance], case.alliance)) for name, case in cases.items()
    }
    assert found == dict.fromkeys(COUNTED, 1) | dict.fromkeys(NOT_COUNTED, 0)


def test_who_revokes_while_it_is_computed_is_not_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    read, tries = read_counted, []

    async def reading(*given: Any, **more: Any) -> Any:
        found = await read(*given, **more)
        tries.append(1)
        if len(tries) == 1:
            await place.world.leave(alliance, "a6")
        return found

    monkeypatch.setattr(benchmark_publishing, "read_counted", reading)
    place.run(lambda world: world.close())
    assert len(tries) == 2
    assert of_category(place.benchmarks("a0", alliance))["median"] == f"{on_grid(3.5, 10)}"  # of 1 to 6, symmetric


def test_cradle_to_grave_is_never_mixed_with_cradle_to_gate(place: Place) -> None:
    """Six of either, in one category; the five of a product that has both count in both."""
    grave = {"boundary": SystemBoundary.CRADLE_TO_GRAVE}

    async def build(world: BenchmarkWorld) -> str:
        alliance = await world.counted("a", SEVEN[:6], CEMENT)
        for at in range(6):
            await world.publish(f"a{at}", "thing", str(100 * (at + 1)), **grave)
        return alliance

    alliance = place.run(build)
    place.run(lambda world: world.close())
    shown = [each for each in place.benchmarks("a0", alliance) if each["counts"]["category"] == CEMENT[0]]
    told = {each["counts"]["systemBoundary"]: each["median"] for each in shown}
    assert told == {"CRADLE_TO_GATE": f"{on_grid(3.5, 10)}", "CRADLE_TO_GRAVE": f"{on_grid(350.0, 10)}"}
    found = [each for each in place.places("a5", alliance, "a5") if each["counts"]["category"] == CEMENT[0]]
    assert [(each["counts"]["systemBoundary"], each["emissions"], each["position"]) for each in found] == [
        ("CRADLE_TO_GATE", "6", "ABOVE_MEDIAN"),
        ("CRADLE_TO_GRAVE", "600", "ABOVE_MEDIAN"),
    ]


def test_units_of_one_dimension_are_counted_together_and_others_apart(place: Place) -> None:
    """Six in kilowatt hours and megajoules, 3.6 kg per 2 kilowatt hours being 0.5 per megajoule; five in pieces."""

    async def build(world: BenchmarkWorld) -> str:
        alliance = await world.alliance("a0", *(f"a{at}" for at in range(1, 11)))
        for at in range(11):
            if at < 3:
                more: dict[str, Any] = {"unit": DeclaredUnit.KILOWATT_HOUR, "amount": "2"}
            else:
                more = {"unit": DeclaredUnit.MEGAJOULE if at < 6 else DeclaredUnit.PIECE}
            await world.product(f"a{at}", "thing", CEMENT, "3.6" if at < 3 else "0.5", **more)
            await world.consent(f"a{at}", alliance)
        return alliance

    alliance = place.run(build)
    place.run(lambda world: world.close())
    told = of_category(place.benchmarks("a0", alliance))
    assert (told["counts"]["unit"], told["median"], told["groups"]) == (
        "MEGAJOULE",
        f"{on_grid(0.5, 10)}",
        "SIX_TO_EIGHT",
    )


# --- from quarter to quarter ---


async def change(world: BenchmarkWorld, several: range) -> None:
    """These groups' values become ten times what they were."""
    for at in several:
        await world.publish(f"a{at}", "thing", str(10 * (at + 1)))


def test_fewer_than_four_changes_make_no_new_edition_and_four_do(place: Place) -> None:
    flat = "urn:pact:x.example:flat"  # in no tree
    alliance = place.run(lambda world: world.counted("a", SEVEN, (flat,)))
    place.run(lambda world: world.close())
    [first] = place.benchmarks("a0", alliance)
    place.run(lambda world: change(world, range(3)))
    assert place.run(lambda world: world.close()).quarter.new == 0
    assert place.benchmarks("a0", alliance) == [first | {"keptBecause": "TOO_FEW_CHANGES"}]
    assert of_category(place.places("a0", alliance, "a0"), flat)["reason"] == "TOO_FEW_CHANGES"
    place.run(lambda world: change(world, range(3, 4)))  # the fourth since the edition in force
    third = place.run(lambda world: world.close()).quarter
    assert third.new == 1
    [newest] = place.benchmarks("a0", alliance)
    assert (newest["quarter"], newest["keptBecause"], newest["inForce"]) == (third.id, None, True)
    before = {name: first[name] for name in NUMBERS.split()} | {"inForce": False}
    assert newest["earlier"] == {"totalCount": 1, "nodes": [before]}
    node = place.client("a0").query(NODE, {"id": first["id"]})["node"]
    assert {name: node[name] for name in NUMBERS.split()} == before


def test_what_differs_by_less_than_six_digits_has_not_changed(place: Place) -> None:
    flat = "urn:pact:x.example:digits"
    place.run(lambda world: world.counted("a", SEVEN, (flat,)))
    place.run(lambda world: world.close())

    async def hardly(world: BenchmarkWorld, digits: str) -> None:
        for at in range(6):
            await world.publish(f"a{at}", "thing", f"{SEVEN[at]}.{digits}")

    place.run(partial(hardly, digits="000001"))
    assert place.run(lambda world: world.close()).quarter.new == 0
    place.run(partial(hardly, digits="0001"))
    assert place.run(lambda world: world.close()).quarter.new == 1


def test_beside_a_parent_of_the_same_groups_it_takes_five_changes(place: Place) -> None:
    """The parent's edition in force differs from the child's new one by as many as changed."""
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    place.run(lambda world: world.close())
    first = place.benchmarks("a0", alliance)
    place.run(lambda world: change(world, range(4)))
    assert place.run(lambda world: world.close()).quarter.new == 0
    assert place.benchmarks("a0", alliance) == [each | {"keptBecause": "TOO_CLOSE_TO_ANOTHER"} for each in first]
    place.run(lambda world: change(world, range(4, 5)))
    assert place.run(lambda world: world.close()).quarter.new == 5


def test_one_who_joins_or_leaves_between_two_quarters_changes_no_number(place: Place) -> None:
    """The attack of whoever knows all but one: what differs between two editions would be its value."""
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    place.run(lambda world: world.close())
    first = place.benchmarks("a0", alliance)

    async def leave(world: BenchmarkWorld) -> None:
        await world.leave(alliance, "a6")
        await world.publish("a5", "thing", "1000")  # with an accomplice

    place.run(leave)
    place.run(lambda world: world.close())
    assert place.benchmarks("a0", alliance) == [each | {"keptBecause": "TOO_FEW_CHANGES"} for each in first]

    async def shrink(world: BenchmarkWorld) -> None:
        for at in (4, 5):
            await world.leave(alliance, f"a{at}")

    place.run(shrink)
    place.run(lambda world: world.close())
    assert place.benchmarks("a0", alliance) == [each | {"keptBecause": "TOO_FEW_GROUPS"} for each in first]


def test_one_who_sweeps_its_own_value_is_told_the_same_numbers(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    place.run(lambda world: world.close())
    first, positions = place.benchmarks("a0", alliance), []
    for value in ("0.1", "4", "90"):
        place.run(partial(BenchmarkWorld.publish, owner="a0", called="thing", kg_co2e=value))
        place.clock[0] += 86_400_000_000
        positions.append(of_category(place.places("a0", alliance, "a0"))["position"])
    assert positions == ["BELOW_MEDIAN", "AT_MEDIAN", "ABOVE_MEDIAN"]
    assert place.benchmarks("a0", alliance) == first


def test_two_alliances_that_differ_by_one_are_not_both_published(place: Place) -> None:
    async def build(world: BenchmarkWorld) -> tuple[str, str]:
        first = await world.counted("a", SEVEN, CEMENT)
        second = await world.alliance(*(f"a{at}" for at in range(6)))
        for at in range(6):
            await world.consent(f"a{at}", second)
        return first, second

    first, second = place.run(build)
    quarter = place.run(lambda world: world.close()).quarter
    assert (quarter.new, quarter.none) == (5, 5)  # of other tests' alliances all stay
    counts = {each: len(place.benchmarks("a0", each)) for each in (first, second)}
    assert sorted(counts.values()) == [0, 5]
    refused = first if counts[first] == 0 else second
    assert {each["reason"] for each in place.places("a0", refused, "a0")} == {"TOO_CLOSE_TO_ANOTHER"}


# --- the trail ---


def test_who_read_is_told_to_the_reader_and_to_the_convener_once_a_day(place: Place) -> None:
    alliance = place.run(lambda world: world.counted("a", SEVEN, CEMENT))
    quarter = place.run(lambda world: world.close()).quarter.id
    trail = """query ($id: ID!) { organization(id: $id) { audit(first: 20) {
      nodes { kind client detail organization { name } subject } } } }"""

    def read_of(name: str) -> list[Any]:
        asked = {"id": place.callers.organization(name)}
        found = place.callers.client(name, ADMINISTRATOR).query(trail, asked)["organization"]["audit"]["nodes"]
        return [each for each in found if each["kind"] == "BENCHMARK_READ"]

    for name in ("a0", "a3", "a5"):
        place.client(name)  # a key to sign with, and clients, are made before heads are compared
        place.callers.client(name, ADMINISTRATOR)
    head = place.server.ledger_head()
    place.benchmarks("a3", alliance)
    place.benchmarks("a3", alliance)
    assert place.server.ledger_head() == head + 5  # five categories, each once
    assert place.server.wrote_nothing_since(head)
    mine = read_of("a3")
    assert [each["detail"] for each in mine] == [f"{quarter} {category}" for category in sorted(ABOVE, reverse=True)]
    assert {each["subject"] for each in mine} == {global_id("Alliance", alliance)}
    [client] = {each["client"] for each in mine}
    assert client in {client_id("a3"), client_id(place.world.organizations["a3"])}
    assert read_of("a0") == [each | {"client": None} for each in mine], "the convener's"
    assert read_of("a5") == []
    operator = place.callers.client("a4", frozenset(Scope))
    before = place.server.ledger_head()
    assert operator.query(BENCHMARKS, {"id": global_id("Alliance", alliance)})["alliance"]["benchmarks"]["nodes"]
    assert place.server.ledger_head() == before, "what the operator reads is not kept"
    place.run(lambda world: world.product("a3", "lonely", ("urn:pact:x.example:only-mine",), "3"))
    place.places("a3", alliance, "a3", "lonely")
    assert read_of("a3")[0]["detail"] == "nothing of urn:pact:x.example:only-mine"
    assert read_of("a0") == [each | {"client": None} for each in mine], "what it makes is not told"

    async def file(world: BenchmarkWorld) -> list[str]:
        session = await world.exchange.session(OPERATOR)
        return [line async for line in export_audit(world.exchange.store, session, None, None)]

    lines = place.run(file)
    assert verify_audit(lines).whole
    assert ChangeKind.BENCHMARKS_PUBLISHED.value in "".join(lines)
    changed = [line.replace(f"{quarter} urn", f"{quarter} URN") for line in lines]
    assert changed != lines
    assert not verify_audit(changed).whole
