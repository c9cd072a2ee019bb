"""Builds small exchanges out of words and numbers, and is the one caller of `roll_up` in these tests.

A World is products by name with versions of footprints. Unless a test says otherwise every product has an owner of
its own, every line may be followed, and the dates are 2026-06-30, when everything had been published and is valid.
Expected numbers are decimal text: a result must round to exactly that at the digits given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from exchange.memory import Present
from exchange.model.carbon import COLUMN, CarbonComponents
from exchange.model.closure import Dates, Node, Permits, Snapshot
from exchange.model.footprint import (
    NEVER_DAY,
    NEVER_US,
    DataQuality,
    Declared,
    Fallback,
    Footprint,
    LifeCycleStage,
    Line,
    Lines,
    Modelled,
    Price,
    PriceBasis,
)
from exchange.model.pedigree import Pedigree
from exchange.model.product import Product, Release
from exchange.model.resolved import GAP_CODES, Total
from exchange.rollup import Solution, roll_up
from exchange.units import DeclaredUnit
from tests.memory.engine import assert_same_solution, assert_whole_agrees, everybody, solved_in_memory, tables_of

USD_2012 = Price("USD", 2012, PriceBasis.PRODUCER)
DAY_US = 86_400_000_000


def day(text: str) -> int:
    """Days since 1970 of an ISO date."""
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def instant(text: str) -> int:
    """Microseconds since 1970 of an ISO date's midnight."""
    return day(text) * DAY_US


NOW = Dates(as_of_day=day("2026-06-30"), known_at_us=instant("2026-07-01"), head=10_000)


def line(supplier, amount, unit="KILOGRAM", **more):
    """One line; `supplier` by name, `fallback` as (name, amount, unit) or with a gsd, `rating` for all three DQRs."""
    return {"supplier": supplier, "amount": str(amount), "unit": unit, **more}


class World:
    """Products and footprints under construction; `snapshot()` is what `roll_up` gets."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.owners: dict[str, str] = {}
        self.footprints: dict[str, list[Footprint]] = {}
        self.denied: set[tuple[str, str]] = set()
        self.unregistered: set[str] = set()
        self.late: set[str] = set()  # products whose creation is change 21: lines name them by URN
        self.successors: dict[str, Sequence[Release]] = {}
        self.sequence = 0
        self.asked: list[tuple[str, str]] = []

    def key(self, name: str) -> int:
        """The product's key; a name that is met for the first time is a new product."""
        if name not in self.keys:
            self.keys[name] = len(self.keys)
            self.footprints[name] = []
        return self.keys[name]

    def own(self, owner: str, *names: str) -> None:
        """Gives products one owner."""
        for name in names:
            self.key(name)
            self.owners[name] = owner

    def declared(
        self,
        name,
        excluding,
        including=None,
        *,
        components=None,
        pds=None,
        outbound=None,
        packaging=None,
        gsd=None,
        **more,
    ) -> Footprint:
        """A declared footprint; without components, all of it is fossil."""
        parts = {"fossilGhgEmissions": excluding} if components is None else components
        return self._publish(
            name,
            Declared(
                Decimal(str(excluding)),
                Decimal(str(excluding if including is None else including)),
                _components(parts),
                _decimal(outbound),
                _decimal(packaging),
                _decimal(pds),
                *_spread(gsd),
            ),
            None,
            **more,
        )

    def modelled(
        self, name, direct=None, lines=(), *, stages=None, pds=None, packaging=None, gsd=None, **more
    ) -> Footprint:
        """A modelled footprint; `direct` is fossil kilograms or components of MANUFACTURING, `stages` any others."""
        by_stage = {}
        if direct is not None:
            by_stage[LifeCycleStage.MANUFACTURING] = _components(
                direct if isinstance(direct, Mapping) else {"fossilGhgEmissions": direct}
            )
        for stage, amount in (stages or {}).items():
            by_stage[LifeCycleStage(stage)] = _components(
                amount if isinstance(amount, Mapping) else {"fossilGhgEmissions": amount}
            )
        made = Lines.of([self._line(number, one) for number, one in enumerate(lines, 1)])
        deviation, pedigree = _spread(gsd)
        modelled = Modelled(by_stage, _decimal(pds), _decimal(packaging), deviation, made, pedigree)
        return self._publish(name, None, modelled, **more)

    def snapshot(self) -> Snapshot:
        """Everything of this world."""
        nodes = {
            self.keys[name]: Node(self.product(name), tuple(versions), ())
            for name, versions in self.footprints.items()
            if name not in self.unregistered
        }
        names = {f"urn:x:{name}": key for name, key in self.keys.items() if name not in self.unregistered}
        return Snapshot(NOW.head, nodes, names, self.successors)

    def product(self, name: str) -> Product:
        """The product of that name."""
        key = self.key(name)
        owner = self.owners.get(name, f"owner of {name}")
        return Product(
            f"product-{name}", key, owner, (f"urn:x:{name}",), name, None, (), 0, 21 if name in self.late else 0
        )

    @property
    def permits(self) -> Permits:
        """Everything but what is in `denied`, (consumer, supplier) by name; notes each question in `asked`."""
        names = {key: name for name, key in self.keys.items()}

        def permitted(consumer: Product, supplier: Node) -> bool:
            self.asked.append((consumer.owner_id, names[supplier.product.key]))
            owners = {(self.product(one).owner_id, other) for one, other in self.denied if one in self.keys}
            return (consumer.owner_id, names[supplier.product.key]) not in owners

        return permitted

    def _line(self, number: int, one: Mapping[str, object]) -> Line:
        more = dict(one)
        supplier, amount, unit = str(more.pop("supplier")), str(more.pop("amount")), str(more.pop("unit"))
        fallback = more.pop("fallback", None)
        rating = more.pop("rating", None)
        price = more.pop("price", USD_2012 if unit == "MONEY" else None)
        key, urn = self._named(supplier)
        deviation, pedigree = _spread(more.pop("gsd", None))
        return Line(
            number=number,
            product_key=key,
            named_id=None,
            urn=urn,
            amount=Decimal(amount),
            unit=unit,
            price=price,  # type: ignore[arg-type]
            stage=LifeCycleStage(str(more.pop("stage", "RAW_MATERIAL_ACQUISITION"))),
            amount_is_primary=bool(more.pop("primary", False)),
            delivered=bool(more.pop("delivered", False)),
            packaging=bool(more.pop("packaging", False)),
            credit=bool(more.pop("credit", False)),
            data_quality=None if rating is None else _rating(rating),
            geometric_standard_deviation=deviation,
            pedigree=pedigree,
            fallback=None if fallback is None else self._fallback(*fallback),  # type: ignore[misc]
        )

    def _named(self, name: str) -> tuple[int | None, str]:
        return (None if name in self.unregistered | self.late else self.key(name)), f"urn:x:{name}"

    def _fallback(self, name: str, amount: str, unit: str, gsd: object = None) -> Fallback:
        key, urn = self._named(name)
        return Fallback(key, None, urn, Decimal(str(amount)), unit, None, *_spread(gsd))

    def _publish(
        self,
        name,
        declared,
        modelled,
        *,
        unit="KILOGRAM",
        amount="1",
        mass="1",
        period=("2025-01-01", "2026-01-01"),
        published="2026-01-15",
        deprecated=None,
        valid=None,
        release=None,
        dqr=None,
        exempted="0",
        price=USD_2012,
        ipcc=("AR6",),
        country=None,
        region=None,
    ) -> Footprint:
        self.sequence += 1
        key = self.key(name)
        end = dt.date.fromisoformat(period[1])
        valid = valid or (period[1], "9999-12-31" if release else end.replace(year=end.year + 3).isoformat())
        made = Footprint(
            id=f"footprint-{name}-{len(self.footprints[name]) + 1}",
            key=self.sequence,
            pf_id=f"pf-{self.sequence}",
            preceding_pf_ids=(),
            product_id=f"product-{name}",
            product_key=key,
            release_id=release,
            published_at_us=instant(published),
            sequence=self.sequence,
            deprecated_at_us=NEVER_US if deprecated is None else instant(deprecated),
            deprecated_sequence=NEVER_US if deprecated is None else self.sequence,
            reference_period_start_us=instant(period[0]),
            reference_period_end_us=instant(period[1]),
            valid_from_day=day(valid[0]),
            valid_until_day=NEVER_DAY if valid[1] == "9999-12-31" else day(valid[1]),
            declared_unit_amount=Decimal(str(amount)),
            declared_unit=DeclaredUnit(unit),
            price=price if unit == "MONEY" else None,
            mass_kg_per_declared_unit=Decimal(str(mass)),
            geography_country=country,
            geography_country_subdivision=None,
            geography_region_or_subregion=region,
            boundary_processes_description=None,
            ipcc_characterization_factors=ipcc,
            cross_sectoral_standards=("ISO14067",),
            exempted_emissions_percent=Decimal(str(exempted)),
            exempted_emissions_description=None,
            fossil_carbon_content=None,
            data_quality=None if dqr is None else _rating(dqr),
            comment=None,
            declared=declared,
            modelled=modelled,
        )
        self.footprints[name].append(made)
        return made

    def keys_of(self, ids: Sequence[str]) -> set[int]:
        """Keys of the published versions with these ids."""
        return {each.key for versions in self.footprints.values() for each in versions if each.id in ids}

    def replace(self, name: str, number: int, **changes: object) -> None:
        """Changes one published version, `number` from 1."""
        self.footprints[name][number - 1] = replace(self.footprints[name][number - 1], **changes)  # type: ignore[arg-type]


def solve(world: World, *roots: str, dates: Dates = NOW, **more) -> Solution:
    """The solution for these products: the only call of `roll_up`."""
    return roll_up(world.snapshot(), [world.keys[name] for name in roots], dates, world.permits, **more)


def _check_memory(world: World, root: str, dates: Dates, solution: Solution) -> None:
    """The graph in memory gives the same solution, looked up in the present and computed from history."""
    asked, snapshot, keys = list(world.asked), world.snapshot(), [world.keys[root]]
    tables = tables_of(snapshot, world.permits if world.denied else everybody)
    world.asked = asked
    by_id = {footprint.id: footprint for versions in world.footprints.values() for footprint in versions}
    for present in (None, Present(tables, dates)):
        found = solved_in_memory(tables, keys, dates, by_id, present=present)
        assert_same_solution(solution, found, [*found.keys, *keys])
        assert_whole_agrees(tables, Present(tables, dates) if present is None else present, found)


def check(
    world: World, root: str, *, dates: Dates = NOW, gaps=None, fallbacks=None, findings=None, refused=None, **expected
) -> Solution:
    """Rolls up `root` and asserts what is expected of it.

    expected: fields of Total or column names, as decimal text. gaps: {line number: code}; fallbacks the same.
    refused: the refusal's code. Returns the solution for anything more.
    """
    solution = solve(world, root, dates=dates)
    _check_memory(world, root, dates, solution)
    key = world.keys[root]
    refusal = solution.refusal(key)
    assert (None if refusal is None else refusal.code.value) == refused
    if refused is not None:
        return solution
    total = solution.total(key)
    for name, digits in expected.items():
        assert_same(_field(total, name), digits, name)
    assert total.lower <= total.excluding <= total.upper
    assert total.excluding == sum(total.components[:8])
    assert total.including == sum(total.components[:10])
    lines = solution.resolved(key)
    if gaps is not None:
        assert lines is not None
        assert _codes(lines, lines.gaps) == gaps
    if fallbacks is not None:
        assert lines is not None
        assert _codes(lines, lines.by_fallback) == fallbacks
    if findings is not None:
        assert [finding.code for finding in solution.findings(key)] == list(findings)
    return solution


def assert_same(shown: Decimal, expected: object, what: str = "") -> None:
    """`shown` rounds to exactly the digits expected."""
    wanted = Decimal(str(expected))
    assert shown.quantize(wanted) == wanted, f"{what}: {shown} is not {wanted}"


def _field(total: Total, name: str) -> Decimal:
    return total.components[COLUMN[name]] if name in COLUMN else getattr(total, name)


def _codes(lines, which) -> dict[int, str]:
    return {
        number: GAP_CODES[reason].value
        for number, (reason, counts) in enumerate(zip(lines.reason.tolist(), which.tolist(), strict=True), 1)
        if counts
    }


def _components(parts: Mapping[str, object]) -> CarbonComponents:
    return CarbonComponents({name: Decimal(str(amount)) for name, amount in parts.items()})


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _spread(gsd: object) -> tuple[Decimal | None, Pedigree | None]:
    """The spread that counts, and the scores that it follows from if it is not stated itself."""
    return (gsd.geometric_standard_deviation, gsd) if isinstance(gsd, Pedigree) else (_decimal(gsd), None)


def _rating(value: object) -> DataQuality:
    ratings = value if isinstance(value, tuple) else (value, value, value)
    return DataQuality(*(Decimal(str(rating)) for rating in ratings))
