"""Why a product has no answer: a result like any other, so that a page of products can hold some of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange.errors import RollUpRefused
from exchange.rollup.closure import CLOSURE_LINES_MAX, CLOSURE_ROWS_MAX


class RefusalCode(StrEnum):
    """Why a product has no answer."""

    LOOP_WITHOUT_ANSWER = "LOOP_WITHOUT_ANSWER"
    NO_FOOTPRINT = "NO_FOOTPRINT"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    OTHER_BOUNDARY = "OTHER_BOUNDARY"
    TOO_LARGE = "TOO_LARGE"


MESSAGES = {
    RefusalCode.LOOP_WITHOUT_ANSWER: "A loop among its suppliers consumes at least one of itself, so there is no "
    "answer; one of the loop's members has to correct an amount.",
    RefusalCode.NO_FOOTPRINT: "No footprint of the product was known at that time, or it was withdrawn by then: "
    "choose another known-at, or publish one.",
    RefusalCode.EXPIRED: "The product's footprint had expired by that day: choose an earlier as-of, or publish one.",
    RefusalCode.NOT_YET_VALID: "The product's footprint was not valid yet on that day: choose a later as-of.",
    RefusalCode.OTHER_BOUNDARY: "The product's footprint of that day is not cradle to gate: look at its `footprints`, "
    "compare it, or publish a cradle-to-gate one.",
    RefusalCode.TOO_LARGE: f"The supply chain has more than {CLOSURE_ROWS_MAX:,} products or "
    f"{CLOSURE_LINES_MAX:,} lines: ask about fewer products, or about one of the suppliers.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """members: product keys of the loops without an answer that the product depends on; else empty."""

    code: RefusalCode
    members: tuple[int, ...] = ()

    @property
    def message(self) -> str:
        """What is wrong and what to do next; safe to show to anyone."""
        return MESSAGES[self.code]

    def error(self) -> RollUpRefused:
        """The same, to be raised."""
        return RollUpRefused(self.message, refusal=self.code.value, members=self.members)
