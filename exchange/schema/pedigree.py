"""Pedigree scores: as publishers send them, and as they are shown again to the owner alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import strawberry
from strawberry import UNSET

from exchange.model import pedigree as model

RELIABILITY: Final = "Verified measurements (1) to an unqualified estimate (5)."
COMPLETENESS: Final = "All sites over a long enough time (1) to one site or a short time, or unknown (5)."
TEMPORAL: Final = "Less than 3 years (1) to more than 15 years from what it stands for, or of unknown age (5)."
GEOGRAPHICAL: Final = "Of the place itself (1) to of a distinctly different or unknown place (5)."
TECHNOLOGICAL: Final = "Of the very enterprise and process (1) to of a related process of another technology (5)."


@strawberry.input(
    description="How good the source of a number is, by ecoinvent 3's pedigree matrix: scores from 1 (best) to 5 "
    "(worst), from which its spread follows. Exactly one of basicVariance and basicGeometricStandardDeviation."
)
class PedigreeInput:
    basic_variance: Decimal | None = strawberry.field(
        default=UNSET,
        description="Basic uncertainty as ecoinvent 3 states it: the variance of the logarithm, such as 0.0006; 0 to "
        "25.",
    )
    basic_geometric_standard_deviation: Decimal | None = strawberry.field(
        default=UNSET, description="Basic uncertainty as openLCA states it: a GSD, not its square; 1 to 148."
    )
    reliability: int = strawberry.field(description=RELIABILITY)
    completeness: int = strawberry.field(description=COMPLETENESS)
    temporal_correlation: int = strawberry.field(description=TEMPORAL)
    geographical_correlation: int = strawberry.field(description=GEOGRAPHICAL)
    further_technological_correlation: int = strawberry.field(description=TECHNOLOGICAL)


@strawberry.type(description="Pedigree scores as their owner stated them, and what follows.")
class Pedigree:
    basic_variance: Decimal | None = strawberry.field(description="Null: stated as a GSD.")
    basic_geometric_standard_deviation: Decimal | None = strawberry.field(description="Null: stated as a variance.")
    reliability: int = strawberry.field(description=RELIABILITY)
    completeness: int = strawberry.field(description=COMPLETENESS)
    temporal_correlation: int = strawberry.field(description=TEMPORAL)
    geographical_correlation: int = strawberry.field(description=GEOGRAPHICAL)
    further_technological_correlation: int = strawberry.field(description=TECHNOLOGICAL)
    geometric_standard_deviation: Decimal = strawberry.field(
        description="What follows, and counts like a stated GSD: to ten decimals."
    )

    @staticmethod
    def of(pedigree: model.Pedigree | None) -> Pedigree | None:
        if pedigree is None:
            return None
        return Pedigree(
            basic_variance=pedigree.basic_variance,
            basic_geometric_standard_deviation=pedigree.basic_geometric_standard_deviation,
            reliability=pedigree.reliability,
            completeness=pedigree.completeness,
            temporal_correlation=pedigree.temporal_correlation,
            geographical_correlation=pedigree.geographical_correlation,
            further_technological_correlation=pedigree.further_technological_correlation,
            geometric_standard_deviation=pedigree.geometric_standard_deviation,
        )
