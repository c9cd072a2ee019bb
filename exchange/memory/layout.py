"""What the columns of the graph are: one group for each kind of thing, and the marks that they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from exchange.memory.columns import Column, Numbers
from exchange.memory.rare import Ended, Stated, Terms
from exchange.model.footprint import NEVER_US

NOBODY: Final = -1
EVERYBODY: Final = -1  # the grantee of a public grant
STAGE_BITS: Final = 0b0000_0111  # of Lines.kind: index into STAGES
FLAG_SHIFT: Final = 3  # then the four bits of model.footprint's flags
HAS_EXTRAS: Final = 0b1000_0000  # and whether the line has a rating, a spread or a fallback
DECLARED, RELEASED, TO_GRAVE = 1, 2, 4  # bits of Versions.kind


class Products:
    """By product key. latest_version, latest_grant: where its chain begins, NOBODY: it has none. kind: which set of
    classifications it has, an entry of `Reach.kinds`."""

    def __init__(self) -> None:
        self.sequence = Column(np.int64, fill=NEVER_US)
        self.owner = Column(np.int32, fill=NOBODY)
        self.latest_version = Column(np.int32, fill=NOBODY)
        self.latest_grant = Column(np.int32, fill=NOBODY)
        self.kind = Column(np.int32)

    def resize(self, count: int) -> None:
        for column in self.columns():
            column.resize(count)

    def columns(self) -> Iterable[Column]:
        return (self.sequence, self.owner, self.latest_version, self.latest_grant, self.kind)


class Versions:
    """By footprint key; days and instants as in model.footprint. previous: the version before it of its product.

    identity: the footprint's id, if it is a UUID. outbound: its row in `Tables.outbound`, NOBODY: nothing said.
    supplier_unit: entry in `Tables.supplier_units`. country: entry in `Tables.countries`. unknown: bits in the order of
    STATED.
    """

    def __init__(self) -> None:
        self.product = Column(np.int32, fill=NOBODY)
        self.previous = Column(np.int32, fill=NOBODY)
        self.identity = Column("V16")
        self.kind = Column(np.uint8)
        self.valid_from_day = Column(np.int32)
        self.valid_until_day = Column(np.int32)
        self.period_end_us = Column(np.int64)
        self.period_start_us = Column(np.int64)
        self.published_at_us = Column(np.int64)
        self.sequence = Column(np.int64, fill=NEVER_US)
        self.deprecated = Ended()
        self.release = Column(np.int32, fill=NOBODY)
        self.supplier_unit = Column(np.int32)
        self.stated = Stated()
        self.own = Terms()
        self.outbound = Column(np.int32, fill=NOBODY)
        self.characterization = Column(np.int32)
        self.country = Column(np.int16)
        self.unknown = Column(np.uint16)
        self.first_line = Column(np.int32)
        self.line_count = Column(np.int32)

    def resize(self, count: int) -> None:
        for column in self.columns():
            column.resize(count)
        self.own.resize(count)

    def columns(self) -> Iterable[Column]:
        yield from (each for each in vars(self).values() if isinstance(each, Column))
        yield from (self.deprecated.row, self.stated.row, *self.own.columns())

    @property
    def beside(self) -> Iterable[Column]:
        """What has no row for each version."""
        return self.deprecated.pairs, self.stated.values


class LineColumns:
    """Lines of all versions, those of one version beside each other.

    supplier: product key that it names, NOBODY: nobody registered it yet. amount: in the line's own unit. unit: entry
    in `Tables.units`. kind: stage, flags and HAS_EXTRAS.
    """

    def __init__(self) -> None:
        self.supplier = Column(np.int32)
        self.version = Column(np.int32)
        self.amount = Column(np.float64)
        self.unit = Numbers()
        self.kind = Column(np.uint8)

    def columns(self) -> Iterable[Column]:
        return (self.supplier, self.version, self.amount, self.unit, self.kind)


class Grants:
    """product: NOBODY: of many of `owner`'s, of those with `classification` (NOBODY: all); else both are NOBODY.
    grantee: an owner's number, EVERYBODY: public, below that an alliance (`Reach`). previous: the grant before it on
    its product, or of its owner."""

    def __init__(self) -> None:
        self.product = Column(np.int32)
        self.grantee = Column(np.int32)
        self.from_us = Column(np.int64)
        self.until_us = Column(np.int64)
        self.revoked = Ended()
        self.sequence = Column(np.int64)
        self.previous = Column(np.int32)
        self.owner = Column(np.int32, fill=NOBODY)
        self.classification = Column(np.int32, fill=NOBODY)

    def columns(self) -> Iterable[Column]:
        yield from (each for each in vars(self).values() if isinstance(each, Column))
        yield self.revoked.row


class Memberships:
    """Of those who joined an alliance: its number, the organization's as an owner, from when, until which change."""

    def __init__(self) -> None:
        self.alliance = Column(np.int32)
        self.organization = Column(np.int32)
        self.joined_us = Column(np.int64)
        self.sequence = Column(np.int64)
        self.ended_sequence = Column(np.int64)

    def columns(self) -> Iterable[Column]:
        return (each for each in vars(self).values() if isinstance(each, Column))


@dataclass(frozen=True, slots=True)
class LineFallback:
    """What serves where a line would otherwise be a gap."""

    amount: Decimal
    unit: int
    key: int  # the product that it names, NOBODY: nobody registered it yet


@dataclass(slots=True)
class Touched:
    """What a change may have moved, by product key.

    standings: another version may stand. followers: lines that name these may resolve to something else. granted: on
    these something was granted or revoked. registered: these are new, and may be what lines have named for long.
    """

    standings: set[int]
    followers: set[int]
    granted: set[int] = field(default_factory=set)
    registered: set[int] = field(default_factory=set)

    @classmethod
    def nothing(cls) -> Touched:
        return cls(set(), set())

    def __or__(self, other: Touched) -> Touched:
        return Touched(
            self.standings | other.standings,
            self.followers | other.followers,
            self.granted | other.granted,
            self.registered | other.registered,
        )
