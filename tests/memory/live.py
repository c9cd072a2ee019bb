"""Two servers on one database, each with the graph in memory, beside what is computed from the database alone.

After every step both are asked about every product, about today and about another date, for several viewers. Each
answer from memory must be the one computed from the store, to the last digit, with the same rights. Whatever is written
is admitted or refused from memory as it is from the store, loops of a gain around 1 among it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import uuid
from collections import Counter
from collections.abc import Collection, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exchange.errors import AccessDenied, Conflict, InvalidInput, LoopRefused, TooManyRequests
from exchange.graph import Store
from exchange.memory import Closure
from exchange.model.alliance import convener_of
from exchange.model.closure import Dates
from exchange.model.footprint import NEVER_US, LifeCycleStage
from exchange.model.grant import AccessLevel
from exchange.model.ledger import LedgerHead
from exchange.model.parties import ANONYMOUS, OPERATOR, Scope, Viewer
from exchange.operations import exchange as exchanges
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.changing import alliances, deprecating, products, publishing, releases, sharing
from exchange.operations.changing.organizations import add_organization
from exchange.operations.exchange import Exchange, open_exchange
from exchange.operations.following.follower import LiveGraph
from exchange.operations.following.known import Known
from exchange.operations.reading import roll_ups
from exchange.operations.reading.roll_ups import Solved, solve_for
from exchange.operations.reading.session import Session
from exchange.operations.requests.inputs import (
    CreateProductInput,
    CreateReleaseInput,
    DeclaredInput,
    DeprecateFootprintInput,
    FallbackInput,
    FootprintInput,
    FoundAllianceInput,
    GrantAccessInput,
    InviteToAllianceInput,
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.operations.writing import queue as writing
from exchange.operations.writing.admission import check_admission
from exchange.units import AmountUnit, DeclaredUnit
from tests.memory.engine import assert_same_solution
from tests.memory.sources import Sources
from tests.store.databases import Database

T = TypeVar("T")
START = datetime(2026, 1, 10, 12, tzinfo=UTC)
MEGABYTES = 64
KILLS_MAX = 1  # in one run: each takes seconds
REFUSED = (InvalidInput, Conflict, LoopRefused, TooManyRequests)

CLASS = "urn:pact:class.example:c:1"
ALLIANCE = 99  # as the grantee of a grant
OWNERS = st.integers(0, 2)
SERVERS = st.integers(0, 1)
AMOUNTS = st.sampled_from(["0.25", "1", "0.1234567890123456789", "3e-7"])
STAGES = st.sampled_from(list(LifeCycleStage))
LINE_UNITS = st.sampled_from([AmountUnit.KILOGRAM, AmountUnit.TON, AmountUnit.PIECE, AmountUnit.KILOWATT_HOUR])
UNITS = st.sampled_from([DeclaredUnit.KILOGRAM, DeclaredUnit.PIECE, DeclaredUnit.KILOWATT_HOUR])
GAINS = st.sampled_from(["0.5", "0.9", "0.999999", "1", "1.2", "2"])
DIRECT = StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": Decimal("0.7")})
DAYS = st.sampled_from([-400, -40, -1, 0, 1, 40, 400])


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> int:
        return int(self.now.timestamp()) * 1_000_000 + self.now.microsecond


@dataclass
class Made:
    """A product and what was published of it."""

    id: str
    key: int
    owner: int
    urn: str
    footprints: list[tuple[str, str]] = field(default_factory=list)  # id, pfId


@contextlib.contextmanager
def admitted_from_both() -> Iterator[Counter[bool]]:
    """While it lasts, every write is judged from memory and from the store, which have to agree. Counts whether what
    was judged was admitted."""
    decided: Counter[bool] = Counter()

    async def refusal(*given: Any) -> LoopRefused | None:
        try:
            await check_admission(*given)
        except LoopRefused as error:
            return error
        return None

    async def both(store: Store, graph: LiveGraph, head: LedgerHead, proposed: Any, now_us: int) -> None:
        asked = _Asked(graph)
        from_memory = await refusal(store, asked, head, proposed, now_us)
        from_store = await refusal(store, None, head, proposed, now_us)
        assert asked.answered is not False, "the graph in memory did not answer"
        said = [None if each is None else (each.members, each.path) for each in (from_memory, from_store)]
        assert said[0] == said[1]
        if asked.answered:
            decided[from_memory is None] += 1
        if from_memory is not None:
            raise from_memory

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writing, check_admission.__name__, both)
        yield decided


class LiveMachine(RuleBasedStateMachine):
    """`database` and `sources`, which count where answers came from, are set by the test."""

    database: Database
    sources: Sources

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database.empty()
        self.database.run("MATCH (l:Ledger) SET l.atUs = 0")
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.kills = KILLS_MAX
        self.steps = 0
        self.servers: list[Exchange] = []
        self.stores: list[Store] = []
        self.made: list[Made] = []
        self.grants: list[tuple[int, str]] = []
        self.releases: list[tuple[int, str]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        for server, store in zip(self.servers, self.stores, strict=True):
            self.run(server.close())
            self.run(store.close())
        self.loop.close()
        self.folder.cleanup()

    async def _serve(self, which: int) -> tuple[Exchange, Store]:
        store = await Store.open(self.database.target)
        snapshot = Path(self.folder.name) / f"{which}.snapshot"
        exchange = open_exchange(
            store, clock=self.clock, graph_megabytes=MEGABYTES, snapshot=snapshot, measures=self.sources
        )
        assert exchange.graph is not None
        assert await exchange.graph.loaded()
        return exchange, store

    @initialize()
    def begin(self) -> None:
        for which in range(2):
            exchange, store = self.run(self._serve(which))
            self.servers.append(exchange)
            self.stores.append(store)
        names = [uuid.uuid4().hex[:12] for _ in range(3)]
        self.owners = [
            self.run(add_organization(self.servers[0], OPERATOR, name=name, domains=[f"{name}.example"]))
            for name in names
        ]
        self.viewers = [
            Viewer(owner.id, frozenset({Scope.READ, Scope.PUBLISH}), client_id="client") for owner in self.owners
        ]

        for number in range(6):
            self._create(number % 3, number % 2, self._urn(number % 3))
        given = FoundAllianceInput(str(uuid.uuid4()), f"Alliance {names[0]}")
        self.alliance = self.run(alliances.found_alliance(self.servers[0], self.viewers[0], given))

    def _urn(self, owner: int) -> str:
        return f"urn:pact:{self.owners[owner].domains[0]}:product-id:{len(self.made)}"

    # -- what is written -------------------------------------------------------------------------------------------

    @rule(owner=OWNERS, by=SERVERS)
    def create(self, owner: int, by: int) -> None:
        self._create(owner, by, self._urn(owner))

    def _create(self, owner: int, by: int, urn: str) -> None:
        classes = (CLASS,) if len(self.made) % 2 else ()
        given = CreateProductInput(str(uuid.uuid4()), (urn,), f"Product {len(self.made)}", classifications=classes)
        product = self.run(products.create_product(self.servers[by], self.viewers[owner], given))
        found = self.run(self.stores[by].get_products([product]))[0]
        assert found is not None
        self.made.append(Made(product, found.key, owner, urn))

    @precondition(lambda self: self.made)
    @rule(data=st.data(), by=SERVERS)
    def publish(self, data: st.DataObject, by: int) -> None:
        made = data.draw(st.sampled_from(self.made))
        self._publish(data, by, made, ())

    @rule(owner=OWNERS, by=SERVERS, there=GAINS, back=GAINS, anew=st.booleans())
    def close_a_loop(self, owner: int, by: int, there: str, back: str, anew: bool) -> None:
        """Two products of one owner take of each other: of which the second half may be refused."""
        one, other = [made for made in self.made if made.owner == owner][:2]
        for made, supplier, amount in ((one, other, there), (other, one, back)):
            preceding = (made.footprints[-1][1],) if anew and made.footprints else ()
            line = LineInput(product=ProductKey(id=supplier.id), amount=Decimal(amount), unit=AmountUnit.KILOGRAM)
            self._send(by, made, replace(self._footprint(made, preceding), modelled=ModelledInput((DIRECT,), (line,))))

    @precondition(lambda self: any(made.footprints for made in self.made))
    @rule(data=st.data(), by=SERVERS)
    def correct(self, data: st.DataObject, by: int) -> None:
        made = data.draw(st.sampled_from([made for made in self.made if made.footprints]))
        self._publish(data, by, made, (made.footprints[-1][1],))

    def _publish(self, data: st.DataObject, by: int, made: Made, preceding: tuple[str, ...]) -> None:
        end = self.clock.now.replace(hour=0, minute=0) + timedelta(days=data.draw(DAYS))
        own = [release for owner, release in self.releases if owner == made.owner]
        footprint = replace(
            self._footprint(made, preceding),
            release=data.draw(st.sampled_from([None, *own])),
            declared_unit_amount=Decimal(data.draw(st.sampled_from(["1", "12.5"]))),
            declared_unit_of_measurement=data.draw(UNITS),
            product_mass_per_declared_unit=Decimal(data.draw(st.sampled_from(["0", "2.5"]))),
            reference_period_start=end - timedelta(days=365),
            reference_period_end=end,
            validity_period_end=end + timedelta(days=90) if data.draw(st.booleans()) else None,
            exempted_emissions_percent=Decimal(data.draw(st.sampled_from(["0", "2.5"]))),
        )
        if data.draw(st.integers(0, 3)) == 0:
            total = Decimal("1.2345678901234567890")
            stated = DeclaredInput(total, total, {"fossilGhgEmissions": total}, outbound_logistics_ghg_emissions=total)
            footprint = replace(footprint, declared=stated)
        else:
            lines = tuple(self._line(data) for _ in range(data.draw(st.integers(0, 4))))
            footprint = replace(footprint, modelled=ModelledInput((DIRECT,), lines))
        self._send(by, made, footprint)

    def _send(self, by: int, made: Made, footprint: FootprintInput) -> None:
        given = PublishFootprintsInput(str(uuid.uuid4()), (footprint,), single=True)
        try:
            found = self.run(publishing.publish_footprints(self.servers[by], self.viewers[made.owner], given))
        except REFUSED:
            return
        assert footprint.pf_id is not None
        made.footprints.append((found[0], footprint.pf_id))

    def _footprint(self, made: Made, preceding: tuple[str, ...]) -> FootprintInput:
        """Of a year that ends today, per kilogram; of what it is made remains to be said."""
        end = self.clock.now.replace(hour=0, minute=0)
        return FootprintInput(
            product=made.id,
            preceding_pf_ids=preceding,
            pf_id=str(uuid.uuid4()),
            declared_unit_amount=Decimal(1),
            declared_unit_of_measurement=DeclaredUnit.KILOGRAM,
            product_mass_per_declared_unit=Decimal(1),
            reference_period_start=end - timedelta(days=365),
            reference_period_end=end,
            ipcc_characterization_factors=("AR6",),
            cross_sectoral_standards=("ISO14067",),
        )

    def _line(self, data: st.DataObject) -> LineInput:
        return LineInput(
            product=self._named(data),
            amount=Decimal(data.draw(AMOUNTS)),
            unit=data.draw(LINE_UNITS),
            stage=data.draw(STAGES),
            delivered=data.draw(st.booleans()),
            fallback=FallbackInput(self._named(data), Decimal("0.5"), data.draw(LINE_UNITS))
            if data.draw(st.booleans())
            else None,
        )

    def _named(self, data: st.DataObject) -> ProductKey:
        """A product there is, or one that may come."""
        if data.draw(st.integers(0, 4)):
            return ProductKey(id=data.draw(st.sampled_from(self.made)).id)
        owner, number = data.draw(OWNERS), len(self.made) + data.draw(st.integers(0, 1))
        return ProductKey(product_id=f"urn:pact:{self.owners[owner].domains[0]}:product-id:{number}")

    @precondition(lambda self: any(made.footprints for made in self.made))
    @rule(data=st.data(), by=SERVERS)
    def deprecate(self, data: st.DataObject, by: int) -> None:
        made = data.draw(st.sampled_from([made for made in self.made if made.footprints]))
        given = DeprecateFootprintInput(data.draw(st.sampled_from(made.footprints))[0], "late")
        try:
            self.run(deprecating.deprecate_footprint(self.servers[by], self.viewers[made.owner], given))
        except REFUSED:
            return

    @precondition(lambda self: self.made)
    @rule(data=st.data(), by=SERVERS, begins=st.sampled_from([None, 1, 40]), lasts=st.sampled_from([None, 1, 60]))
    def grant(self, data: st.DataObject, by: int, begins: int | None, lasts: int | None) -> None:
        made = data.draw(st.sampled_from(self.made))
        other = data.draw(st.sampled_from([None, ALLIANCE, ALLIANCE, *({0, 1, 2} - {made.owner})]))
        of = (
            data.draw(st.sampled_from(["product", "product", "everything", "class"]))
            if other is not None
            else "product"
        )
        least = 1 if other is None or other != ALLIANCE else 0
        from_ = None if begins is None else self.clock.now + timedelta(days=begins)
        given = GrantAccessInput(
            idempotency_key=str(uuid.uuid4()),
            product=made.id if of == "product" else None,
            everything=of == "everything",
            classification=CLASS if of == "class" else None,
            level=AccessLevel.TOTAL if other is None else data.draw(st.sampled_from(list(AccessLevel)[least:4])),
            organization=None if other in (None, ALLIANCE) else self.owners[other].id,
            alliance=self.alliance if other == ALLIANCE else None,
            public=other is None,
            from_=from_,
            until=None if lasts is None else (from_ or self.clock.now) + timedelta(days=lasts),
            onward=other is not None and data.draw(st.booleans()),
        )
        try:
            grant = self.run(sharing.grant_access(self.servers[by], self.viewers[made.owner], given))
        except REFUSED:
            return
        self.grants.append((made.owner, grant))

    @rule(owner=OWNERS, by=SERVERS)
    def join(self, owner: int, by: int) -> None:
        """By an invitation of whoever convenes it."""
        members = self.run(self.stores[by].memberships_in([self.alliance]))
        convener = convener_of(members)
        [viewer] = [each for each in self.viewers if each.organization_id == (convener or self.owners[owner].id)]
        given = InviteToAllianceInput(str(uuid.uuid4()), self.alliance, self.owners[owner].id)
        try:
            self.run(alliances.invite_to_alliance(self.servers[by], viewer, given))
        except (*REFUSED, AccessDenied):  # it is there, or invited already; or nobody is left who could invite
            pass
        members = self.run(self.stores[by].memberships_of(self.owners[owner].id))
        for invitation in [each for each in members if each.open]:
            with contextlib.suppress(*REFUSED):
                self.run(alliances.accept_invitation(self.servers[by], self.viewers[owner], invitation.id))

    @rule(owner=st.integers(1, 2), by=SERVERS)
    def leave(self, owner: int, by: int) -> None:
        with contextlib.suppress(AccessDenied):
            self.run(alliances.leave_alliance(self.servers[by], self.viewers[owner], self.alliance))

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), by=SERVERS)
    def revoke(self, data: st.DataObject, by: int) -> None:
        owner, grant = data.draw(st.sampled_from(self.grants))
        try:
            self.run(sharing.revoke_access(self.servers[by], self.viewers[owner], grant))
        except REFUSED:
            return

    @rule(owner=OWNERS, by=SERVERS, days=DAYS)
    def release(self, owner: int, by: int, days: int) -> None:
        date = (self.clock.now + timedelta(days=days)).date()
        given = CreateReleaseInput(str(uuid.uuid4()), "Factors", uuid.uuid4().hex, date)
        self.releases.append((owner, self.run(releases.create_release(self.servers[by], self.viewers[owner], given))))

    # -- what passes and breaks ------------------------------------------------------------------------------------

    @rule(step=st.sampled_from([timedelta(seconds=1), timedelta(hours=13), timedelta(days=41), timedelta(days=400)]))
    def time_passes(self, step: timedelta) -> None:
        self.clock.now += step

    @precondition(lambda self: self.kills > 0)
    @rule(which=SERVERS)
    def a_server_is_killed(self, which: int) -> None:
        """Another one takes its place, begins with the file that the last one of its place wrote, and knows what the
        database knows."""
        self.kills -= 1
        exchange, store = self.run(self._serve(which))
        self.run(self.servers[which].close())
        self.run(self.stores[which].close())
        self.servers[which], self.stores[which] = exchange, store

    @precondition(lambda self: self.kills > 0)
    @rule()
    def the_database_is_killed(self) -> None:
        self.kills -= 1
        self.database.kill()
        self.database.revive()
        for store in self.stores:
            self.run(store.ready())

    # -- what must hold --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.made)
    @invariant()
    def memory_says_what_the_database_says(self) -> None:
        """Not each server after each step: one that was not asked for a while has more to take over at once."""
        self.steps += 1
        for number in ((0,), (1,), (), (0, 1))[self.steps % 4]:
            server = self.servers[number]
            for viewer in (OPERATOR, self.viewers[number], self.viewers[2] if number else ANONYMOUS):
                self.run(self._compare(server, viewer))

    @precondition(lambda self: self.made)
    @invariant()
    def everybodys_results_are_those_of_each(self) -> None:
        """Those that a server keeps and only changes where something moved, beside a solve from nothing."""
        if self.steps % 3 == 0:
            self.run(self._compare_whole(self.servers[self.steps % 2]))

    async def _compare_whole(self, server: Exchange) -> None:
        session = await server.session(OPERATOR)
        assert session.graph is not None
        whole = await session.graph.whole(session.head, session.now_us)
        solution = (await solve_for(session, [made.key for made in self.made], session.dates())).solution
        if whole is None:  # dates have brought a loop without an answer
            assert any(solution.refusal(made.key) for made in self.made)
            return
        radius = whole.radius()
        for key in solution.keys:
            if solution.refusal(key) is None:
                found, expected = whole.components(key), np.array(solution.cradle_to_gate(key))
                lower, upper = solution.interval(key)
                nearly = radius[key] + float(upper - lower)  # wide only beside loops that take nearly all of themselves
                assert np.abs(found - expected).max() <= 1e-12 * np.abs(expected).max() + nearly
                assert float(lower) - radius[key] <= whole.excluding()[key] <= float(upper) + radius[key]

    @precondition(lambda self: self.made)
    @invariant()
    def what_is_kept_is_what_would_be_computed(self) -> None:
        """Each product alone, of which a server keeps what did not move: beside its own memory asked anew, and one of
        them beside the database."""
        for server in (self.servers[self.steps % 2],) if self.steps % 5 else ():
            self.run(self._compare_kept(server, OPERATOR if self.steps % 2 else self.viewers[self.steps % 3]))

    async def _compare_kept(self, server: Exchange, viewer: Viewer) -> None:
        session = await server.session(viewer)
        dates = session.dates()
        for number, made in enumerate(self.made):
            found = await solve_for(session, [made.key], dates)
            anew = await solve_for(session, [made.key], dates, anew=True)
            stored = number == self.steps % len(self.made)
            others = [anew, await solve_for(replace(session, graph=None), [made.key], dates)] if stored else [anew]
            for other in others:
                assert found.level_of(made.key) == other.level_of(made.key)
                if viewer.operator:
                    assert_same_solution(found.solution, other.solution, [made.key])
                else:
                    assert found.solution.refusal(made.key) == other.solution.refusal(made.key)
                    assert self._told(session, found, made.key) == self._told(session, other, made.key)

    @precondition(lambda self: self.made)
    @invariant()
    def what_is_known_is_what_would_be_read(self) -> None:
        """By each server, which may have missed what the other wrote: it is not told then."""
        self.run(self._compare_known(self.servers[self.steps % 2], self.viewers[self.steps % 3]))

    async def _compare_known(self, server: Exchange, viewer: Viewer) -> None:
        with patch.object(exchanges, "WRITTEN_US", -NEVER_US):
            question = await server.question(viewer)
        assert question.assumed
        granted, products = await question.granted(), await question.products([made.id for made in self.made])
        if await question.confirm():
            read = replace(await server.session(viewer), known=Known())
            assert granted == await read.granted()
            assert products == await read.products([made.id for made in self.made])

    def _told(self, session: Session, solved: Solved, key: int) -> object:
        """What the viewer's facts and digest say; None: nothing."""
        if solved.level_of(key) < AccessLevel.TOTAL or solved.solution.refusal(key) is not None:
            return None
        [answer] = roll_ups._answers(session, solved, [key], session.dates())
        assert isinstance(answer, RollUpAnswer)
        return answer.components, answer.by_stage, answer.gaps, answer.valid_until_day(), answer.digest()

    async def _compare(self, server: Exchange, viewer: Viewer) -> None:
        session = await server.session(viewer)
        today = session.dates()
        for dates in (today, *self._others(today)):
            await self._compare_at(session, dates)
        for owner in (None, self.owners[0].id):
            keys = [made.key for made in self.made[::2]]
            assert session.graph is not None
            found = await session.graph.consumers(keys, owner, session.head, session.now_us)
            assert found == await session.store.product_keys_with_lines_to(keys, owner)
            others = owner is not None
            found = await session.graph.consumers(keys, owner, session.head, session.now_us, others=others, most=2)
            assert found == await session.store.product_keys_with_lines_to(keys, owner, others=others, most=2)

    def _others(self, today: Dates) -> list[Dates]:
        """Other dates, of which each step asks one."""
        day = 86_400_000_000
        choices = [
            replace(today, as_of_day=today.as_of_day - 100),
            replace(today, as_of_day=today.as_of_day + 200),
            replace(today, known_at_us=today.known_at_us - 30 * day),
            replace(today, as_of_day=today.as_of_day - 41, known_at_us=today.known_at_us - 41 * day),
            replace(today, head=max(today.head - 2, 0)),
        ]
        return [choices[today.head % len(choices)]]

    async def _compare_at(self, session: Session, dates: Dates) -> None:
        keys = [made.key for made in self.made]
        asked = _Asked(session.graph)
        from_memory = await solve_for(replace(session, graph=cast(LiveGraph, asked)), keys, dates)
        assert asked.answered, "the graph in memory did not answer"
        from_store = await solve_for(replace(session, graph=None), keys, dates)
        assert [from_memory.level_of(key) for key in keys] == [from_store.level_of(key) for key in keys]
        if session.viewer.operator:  # numbers are the same for everybody; stages are at hand for who is shown them
            assert_same_solution(from_memory.solution, from_store.solution, keys)


class _Asked:
    """A graph in memory that remembers whether it answered."""

    def __init__(self, graph: LiveGraph | None) -> None:
        assert graph is not None
        self._graph, self.answered = graph, cast(bool | None, None)

    async def closure(self, *args: Any, **kwargs: Any) -> Any:
        found = await self._graph.closure(*args, **kwargs)
        self.answered = found is not None
        return found

    def keep(self, closure: Closure) -> None:
        self._graph.keep(closure)

    async def demand(self, *args: Any) -> Any:
        found = await self._graph.demand(*args)
        self.answered = found is not None
        return found

    def consumed_keys(self, keys: Collection[int], head: LedgerHead) -> set[int] | None:
        return self._graph.consumed_keys(keys, head)
