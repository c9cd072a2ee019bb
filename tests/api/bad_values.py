"""What is wrong in any field of its kind (a decimal, a text, an id, an instant), as cases for tests of bad input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.schema.ids import global_id


class Gone:
    def __repr__(self) -> str:
        return "GONE"


GONE = Gone()  # leaves a field out
UNKNOWN = "6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"
LONE, NUL, EMOJI = "a\ud800b", "a\x00b", "🏭"
LONG = 65_536


@dataclass(frozen=True)
class Id:
    """An id that is known only when the server runs."""

    name: str


INVALID = "INVALID_VALUE"
# Mutations that create nothing, and so take no idempotency key.
KEYLESS = {"deprecateFootprint", "revokeAccess", "acceptInvitation", "declineInvitation", "leaveAlliance"}
Case = tuple[str, dict[str, Any], str, str]  # which input, what is changed, what is said, of which field


def each(what: str, path: str, said: str, *values: Any, of: str | None = None) -> list[Case]:
    return [(what, {path: value}, said, path if of is None else of) for value in values]


def decimals(what: str, path: str, *, required: bool = True) -> list[Case]:
    """What is no decimal, in any place where one belongs."""
    wrong = [
        1,
        1.5,
        True,
        [],
        {},
        "",
        " 1",
        "1\n",
        "+1",
        ".5",
        "5.",
        "1,5",
        "1_000",
        "1e3",
        "NaN",
        "Infinity",
        "-inf",
        "0x10",
        "١٢",
        "1" * 39,
        "0." + "1" * 38,
        LONE,
        NUL,
        EMOJI,
    ]
    return each(what, path, INVALID, *wrong, *([None, GONE] if required else []))


def outside(what: str, path: str, *values: str, code: str = "OUT_OF_RANGE") -> list[Case]:
    return each(what, path, code, *values)


# What steers whoever shows it: a terminal, a log, a page.
STEERING = [NUL, "a\x07", "\x1b[2J", "a\x0bb", "a\x7fb", "a\x85b", "\x9b2J", "a\u202eb", "a\u202ab", "a\u2066b\u2069"]
# Only what may have lines may have these.
LINES = ["a\nb", "a\n", "\ta", "a\r\nb"]


def names(what: str, path: str, longest: int, *, required: bool = True, lines: bool = False) -> list[Case]:
    cases = each(what, path, INVALID, 7, True, [], {}, *([None, GONE] if required else []))
    cases += each(what, path, "REQUIRED", "", " \t\n", "\u3000", "\u200b", "\ufeff \u2060") if required else []
    cases += [] if required else each(what, path, "TEXT_INVALID", " ", "\u3000", "\u200b", "\ufeff \u2060")
    cases += each(what, path, "TEXT_INVALID", LONE, "a\rb", *STEERING, *([] if lines else LINES))
    return [*cases, *each(what, path, "TOO_LONG", "x" * (longest + 1))]


def ids(what: str, path: str, wrong_type: str, *, code: str = "ID_INVALID", required: bool = True) -> list[Case]:
    """What names nothing of the type: malformed, of another type, of no type."""
    bare = global_id("Product", UNKNOWN)
    malformed = ["", "x", UNKNOWN, bare[:-1], "UHJvZHVjdDox", "x" * 10_000, LONE, NUL, EMOJI, "../etc", "'"]
    return [
        *each(what, path, code, *malformed, Id(wrong_type), global_id("Client", UNKNOWN)),
        *each(what, path, INVALID, {}, [], 1.5, *([None, GONE] if required else [])),
    ]


def instants(what: str, path: str, *, required: bool) -> list[Case]:
    wrong = [7, "", "yesterday", "2025-01-01", "2025-01-01T00:00:00", "2025-02-29T00:00:00Z", "2025-01-01T24:00:01Z"]
    wrong += ["2025-01-01T00:00:00+25:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", LONE]
    return [
        *each(what, path, INVALID, *wrong, *([None, GONE] if required else [])),
        *outside(what, path, "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z"),
    ]


SCORES = ("reliability", "completeness", "temporalCorrelation", "geographicalCorrelation")
PEDIGREE = {**dict.fromkeys(SCORES, 2), "furtherTechnologicalCorrelation": 5, "basicVariance": "0.0006"}


def pedigrees(what: str, path: str, beside: str) -> list[Case]:
    """Scores with something wrong; `beside`: the path of the spread that may not be stated, too."""

    def wrong(code: str, field: str, *values: Any) -> list[Case]:
        return [(what, {path: {**PEDIGREE, field: value}}, code, f"{path}.{field}") for value in values]

    return [
        *each(what, path, INVALID, 7, "22225", [], {}, {**PEDIGREE, "sampleSize": 1}),
        *(
            case
            for field in PEDIGREE
            if field != "basicVariance"
            for case in wrong("OUT_OF_RANGE", field, 0, 6, -(2**31))
        ),
        *wrong(INVALID, "reliability", None, "2", 2.5, True, 2**31),
        *wrong(INVALID, "basicVariance", 0.0006, "1e3", "NaN"),
        *wrong("OUT_OF_RANGE", "basicVariance", "-0.1", "25.1", "9" * 38),
        (what, {path: {**PEDIGREE, "basicVariance": None}}, "ONE_OF", f"{path}.basicVariance"),
        (
            what,
            {path: {**PEDIGREE, "basicGeometricStandardDeviation": "1.1"}},
            "ONE_OF",
            f"{path}.basicVariance",
        ),
        *(
            (
                what,
                {path: {**PEDIGREE, "basicVariance": None, "basicGeometricStandardDeviation": factor}},
                "OUT_OF_RANGE",
                f"{path}.basicGeometricStandardDeviation",
            )
            for factor in ("0", "0.99", "148.1", "9" * 38)
        ),
        *((what, {path: PEDIGREE, beside: "1.1"}, "CONTRADICTION", place) for place in (path, beside)),
    ]


COMPONENTS = ["?+r", "?=q", "#f", "#", "?+r?=q#f"]  # of a URN: they say what to do with the name


def keys(what: str) -> list[Case]:
    return each(
        what, "idempotencyKey", INVALID, None, GONE, 7, "", "key", UNKNOWN + " ", UNKNOWN.replace("-", ""), LONE
    )
