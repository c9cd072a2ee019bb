"""One published version of a product's footprint: declared (a stated result) or modelled (direct emissions + lines).

Immutable. Amounts are per declared unit. Dates of validity are whole days (UTC), instants are microseconds since
1970 (UTC). Lines are held by column, because a roll-up reads tens of thousands of them and people read a few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from exchange.model.carbon import STATED, CarbonComponents
from exchange.model.conformity import ProductOrSectorSpecificRule, Verification
from exchange.model.pedigree import Pedigree
from exchange.units import DeclaredUnit

NEVER_US = 2**53 - 1  # "not (yet)": an instant later than any date; exactly representable everywhere
NEVER_DAY = 2**31 - 1  # the same for a whole day


class FootprintKind(StrEnum):
    DECLARED = "DECLARED"
    MODELLED = "MODELLED"


class FootprintStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DEPRECATED = "DEPRECATED"


class LifeCycleStage(StrEnum):
    RAW_MATERIAL_ACQUISITION = "RAW_MATERIAL_ACQUISITION"
    MANUFACTURING = "MANUFACTURING"
    DISTRIBUTION = "DISTRIBUTION"
    USE = "USE"
    END_OF_LIFE = "END_OF_LIFE"


STAGES = tuple(LifeCycleStage)
GATE_STAGES = (LifeCycleStage.RAW_MATERIAL_ACQUISITION, LifeCycleStage.MANUFACTURING)  # inside cradle to gate


class SystemBoundary(StrEnum):
    """What part of the life cycle a footprint's result covers. Only cradle to gate enters the arithmetic."""

    CRADLE_TO_GATE = "CRADLE_TO_GATE"
    CRADLE_TO_GRAVE = "CRADLE_TO_GRAVE"


class PriceBasis(StrEnum):
    BASIC = "BASIC"
    PRODUCER = "PRODUCER"
    PURCHASER = "PURCHASER"


@dataclass(frozen=True, slots=True)
class Price:
    """What makes two MONEY amounts comparable: all three equal."""

    currency: str
    year: int
    basis: PriceBasis


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Ratings from 1 (best) to 5 (worst)."""

    technological: Decimal
    temporal: Decimal
    geographical: Decimal


@dataclass(frozen=True, slots=True)
class Fallback:
    """What serves where a line would otherwise be a gap; it has an amount of its own."""

    product_key: int | None  # the product that the name was bound to when it was published
    named_id: str | None  # the product's id as the publisher gave it; exactly one of named_id and urn
    urn: str | None
    amount: Decimal
    unit: str
    price: Price | None
    geometric_standard_deviation: Decimal | None  # where there is a pedigree, everywhere here: what follows from it
    pedigree: Pedigree | None = None


# Bits of Lines.flags.
PRIMARY, DELIVERED, PACKAGING, CREDIT = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Line:
    """One input of a modelled footprint, for people and for checks; `number` is its position from 1."""

    number: int
    product_key: int | None
    named_id: str | None
    urn: str | None
    amount: Decimal
    unit: str
    price: Price | None
    stage: LifeCycleStage
    amount_is_primary: bool
    delivered: bool
    packaging: bool
    credit: bool
    data_quality: DataQuality | None
    geometric_standard_deviation: Decimal | None
    fallback: Fallback | None
    pedigree: Pedigree | None = None


@dataclass(frozen=True, slots=True)
class LineExtras:
    """What few lines have."""

    data_quality: DataQuality | None = None
    geometric_standard_deviation: Decimal | None = None
    fallback: Fallback | None = None
    pedigree: Pedigree | None = None


NO_EXTRAS = LineExtras()


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """All lines of a footprint by column; entry i of every column is line i + 1.

    suppliers: product key that the name was bound to at publishing, -1 where nobody had registered it.
    names: the URN, or "id:" + the product id, as the publisher named it.
    amounts: decimal text. units: index into `unit_table`, whose entries are (unit, price terms or None).
    stages: index into STAGES. flags: PRIMARY | DELIVERED | PACKAGING | CREDIT.
    extras: position -> what only that line has.
    """

    suppliers: Sequence[int] = ()
    names: Sequence[str] = ()
    amounts: Sequence[str] = ()
    units: Sequence[int] = ()
    unit_table: Sequence[tuple[str, Price | None]] = ()
    stages: Sequence[int] = ()
    flags: Sequence[int] = ()
    extras: Mapping[int, LineExtras] | None = None

    def __len__(self) -> int:
        return len(self.suppliers)

    def __iter__(self) -> Iterator[Line]:
        return (self.line(position) for position in range(len(self.suppliers)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lines) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # columns are lists

    def line(self, position: int) -> Line:
        """Line `position` + 1 as a value of its own."""
        unit, price = self.unit_table[self.units[position]]
        name, supplier, flags = self.names[position], self.suppliers[position], self.flags[position]
        extras = (self.extras or {}).get(position, NO_EXTRAS)
        return Line(
            number=position + 1,
            product_key=None if supplier < 0 else supplier,
            named_id=name[3:] if name.startswith("id:") else None,
            urn=None if name.startswith("id:") else name,
            amount=Decimal(self.amounts[position]),
            unit=unit,
            price=price,
            stage=STAGES[self.stages[position]],
            amount_is_primary=bool(flags & PRIMARY),
            delivered=bool(flags & DELIVERED),
            packaging=bool(flags & PACKAGING),
            credit=bool(flags & CREDIT),
            data_quality=extras.data_quality,
            geometric_standard_deviation=extras.geometric_standard_deviation,
            fallback=extras.fallback,
            pedigree=extras.pedigree,
        )

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Lines:
        """The columns of these lines; their order is kept, their numbers are not read."""
        table: dict[tuple[str, Price | None], int] = {}
        units = [table.setdefault((line.unit, line.price), len(table)) for line in lines]
        extras = {
            position: LineExtras(line.data_quality, line.geometric_standard_deviation, line.fallback, line.pedigree)
            for position, line in enumerate(lines)
            if line.data_quality or line.geometric_standard_deviation is not None or line.fallback
        }
        return cls(
            suppliers=[-1 if line.product_key is None else line.product_key for line in lines],
            names=[line.urn if line.urn is not None else f"id:{line.named_id}" for line in lines],
            amounts=[str(line.amount) for line in lines],
            units=units,
            unit_table=list(table),
            stages=[STAGES.index(line.stage) for line in lines],
            flags=[
                PRIMARY * line.amount_is_primary
                | DELIVERED * line.delivered
                | PACKAGING * line.packaging
                | CREDIT * line.credit
                for line in lines
            ],
            extras=extras or None,
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """A stated result within the footprint's boundary, kg CO2e per declared unit; shares in percent."""

    excluding_kg_co2e: Decimal
    including_kg_co2e: Decimal
    components: CarbonComponents
    outbound_logistics_kg_co2e: Decimal | None
    packaging_kg_co2e: Decimal | None
    primary_data_share_percent: Decimal | None
    geometric_standard_deviation: Decimal | None
    pedigree: Pedigree | None = None


@dataclass(frozen=True, slots=True)
class Modelled:
    """Direct emissions by stage, kg CO2e per declared unit, and the lines that bring the rest."""

    direct: Mapping[LifeCycleStage, CarbonComponents]
    direct_primary_data_share_percent: Decimal | None
    direct_packaging_kg_co2e: Decimal | None
    direct_geometric_standard_deviation: Decimal | None
    lines: Lines
    direct_pedigree: Pedigree | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something kept but worth a look; `path` names the field from the footprint on."""

    code: str
    severity: str  # INFO, WARNING or ERROR
    message: str
    path: tuple[str, ...]
    expected: str | None = None
    got: str | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """One version. Exactly one of `declared` and `modelled` is there; a modelled one is cradle to gate."""

    id: str
    key: int  # dense number, for reading in bulk; assigned when written
    pf_id: str
    preceding_pf_ids: tuple[str, ...]
    product_id: str
    product_key: int
    release_id: str | None
    published_at_us: int
    sequence: int  # of the Change that published it
    deprecated_at_us: int  # NEVER_US while active
    deprecated_sequence: int  # NEVER_US while active
    reference_period_start_us: int
    reference_period_end_us: int
    valid_from_day: int  # days since 1970-01-01
    valid_until_day: int  # exclusive; NEVER_DAY: open
    declared_unit_amount: Decimal
    declared_unit: DeclaredUnit
    price: Price | None
    mass_kg_per_declared_unit: Decimal
    geography_country: str | None
    geography_country_subdivision: str | None
    geography_region_or_subregion: str | None
    boundary_processes_description: str | None
    ipcc_characterization_factors: tuple[str, ...]
    cross_sectoral_standards: tuple[str, ...]
    exempted_emissions_percent: Decimal
    exempted_emissions_description: str | None
    fossil_carbon_content: Decimal | None
    data_quality: DataQuality | None
    comment: str | None
    declared: Declared | None
    modelled: Modelled | None
    findings: tuple[Finding, ...] = ()
    deprecation_reason: str | None = None
    boundary: SystemBoundary = SystemBoundary.CRADLE_TO_GATE
    product_rules: tuple[ProductOrSectorSpecificRule, ...] = ()
    verification: Verification | None = None

    @property
    def kind(self) -> FootprintKind:
        return FootprintKind.DECLARED if self.declared is not None else FootprintKind.MODELLED

    @property
    def status(self) -> FootprintStatus:
        return FootprintStatus.ACTIVE if self.deprecated_at_us == NEVER_US else FootprintStatus.DEPRECATED

    @property
    def lines(self) -> Lines:
        return self.modelled.lines if self.modelled is not None else NO_LINES

    @property
    def unknown_components(self) -> tuple[str, ...]:
        """Components that this footprint itself leaves unknown, in the order of COLUMNS.

        Of a modelled one: those missing in the direct emissions of any stage inside cradle to gate.
        """
        if self.declared is not None:
            return self.declared.components.unknown()
        direct = self.modelled.direct if self.modelled is not None else {}
        unknown = {name for stage in GATE_STAGES if stage in direct for name in direct[stage].unknown()}
        return tuple(name for name in STATED if name in unknown)


NO_LINES = Lines()
