"""The demo supply chain: invented enterprises, five chains, and where every figure comes from.

`load()` reads the JSON files beside this one. Nothing here publishes: a footprint's `input` has the fields of the
API's FootprintInput but for the ids that only an exchange can give (`product`, `release`, `precedingPfIds`), which
are named by key. Publishing in list order works; `publishedAt` is the exchange's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

AS_OF = date(2026, 6, 30)  # pinned: on this day the footprints stand, and one has expired

CHAINS = (
    "power-and-coal-chemicals",
    "steel-and-aluminium",
    "battery-and-vehicle",
    "photovoltaics",
    "textile",
)

# What a demo shows: one product through three pairs of eyes, and products that anybody may ask about.
DEMO_PRODUCT = "electric-car"
DEMO_VIEWERS = ("swiftwind", "harbour-fleet", "corner-dealer")  # owner, INPUTS, TOTAL
DEMO_PUBLIC = ("t-shirt", "rooftop-power", "grid-power")

FOLDER = Path(__file__).parent
# Publishing order: factors first, then the chains. A line may name what is published later: it binds by itself.
FILES = ("factors", *(chain.replace("-", "_") for chain in CHAINS))
NOT_INPUT = frozenset({"key", "product", "supersedes", "release", "sources"})


@dataclass(frozen=True, slots=True)
class Organization:
    """An invented enterprise; `group` is the key of its corporate group's head, None where it stands alone."""

    key: str
    name: str
    domain: str
    group: str | None
    company_ids: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Release:
    """One edition of a publisher's dataset."""

    key: str
    publisher: str
    dataset: str
    label: str
    date: date
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Product:
    """`chain` is one of CHAINS, or "factors"."""

    key: str
    chain: str
    owner: str
    product_id: str
    name: str
    description: str
    classifications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one figure comes from: a source, or `illustrative` with the reason, or both where only a part is sourced.

    official_figures: keys of SeedData.official_figures that the figure restates or is computed from.
    calculation: plain arithmetic whose value, rounded to the figure's decimals, is the figure.
    """

    source: str | None = None
    official_figures: tuple[str, ...] = ()
    calculation: str | None = None
    illustrative: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """One footprint to publish.

    input: FootprintInput without product, release and precedingPfIds. A line's or fallback's `product` is
    {"product": key} or {"productId": urn}.
    supersedes: key of the footprint that this one corrects. release: key of the release it belongs to.
    sources: path below `input` -> Source, one for every figure.
    """

    key: str
    chain: str
    product: str
    supersedes: str | None
    release: str | None
    input: Mapping[str, Any]
    sources: Mapping[str, Source]

    @property
    def lines(self) -> tuple[Mapping[str, Any], ...]:
        """The lines of a modelled footprint; none if declared."""
        return tuple(self.input["modelled"]["lines"]) if "modelled" in self.input else ()


@dataclass(frozen=True, slots=True)
class Grant:
    """`to` is an organization's key, or "public"; `level` TOTAL, BREAKDOWN or INPUTS."""

    product: str
    to: str
    level: str
    onward: bool


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A product that lines name and nobody registers."""

    product_id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class OfficialFigure:
    """One cell of a public table, restated exactly as text."""

    file: str
    row: str
    column: str
    value: str
    described: str


@dataclass(frozen=True, slots=True)
class SeedData:
    """Everything, in publishing order: organizations, products, releases, footprints; grants at any time."""

    as_of: date
    organizations: tuple[Organization, ...]
    releases: tuple[Release, ...]
    products: tuple[Product, ...]
    footprints: tuple[Footprint, ...]
    grants: tuple[Grant, ...]
    unregistered: tuple[Unregistered, ...]
    official_figures: Mapping[str, OfficialFigure]
    chain_titles: Mapping[str, str]


def load() -> SeedData:
    """Reads the files. A misspelt field is an error here, not a silent default."""
    chains = {name: _read(name) for name in FILES}
    return SeedData(
        as_of=AS_OF,
        organizations=tuple(_organization(row) for row in _read("organizations")["organizations"]),
        releases=tuple(_release(row) for row in chains["factors"]["releases"]),
        products=tuple(_product(chain["chain"], row) for chain in chains.values() for row in chain["products"]),
        footprints=tuple(_footprint(chain["chain"], row) for chain in chains.values() for row in chain["footprints"]),
        grants=tuple(
            Grant(row["product"], row["to"], row["level"], row.get("onward", False))
            for row in _read("grants")["grants"]
        ),
        unregistered=tuple(
            Unregistered(row["productId"], row["name"], row["why"])
            for chain in chains.values()
            for row in chain.get("unregistered", ())
        ),
        official_figures={key: OfficialFigure(**row) for key, row in _read("official_figures")["figures"].items()},
        chain_titles={chain["chain"]: f"{chain['title']} {chain['titleZh']}" for chain in chains.values()},
    )


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def _organization(row: Mapping[str, Any]) -> Organization:
    return Organization(
        key=row["key"],
        name=row["name"],
        domain=row["domain"],
        group=row.get("group"),
        company_ids=tuple(row["companyIds"]),
        description=row["description"],
    )


def _release(row: Mapping[str, Any]) -> Release:
    return Release(
        key=row["key"],
        publisher=row["publisher"],
        dataset=row["dataset"],
        label=row["label"],
        date=date.fromisoformat(row["date"]),
        sources=_sources(row),
    )


def _product(chain: str, row: Mapping[str, Any]) -> Product:
    return Product(
        key=row["key"],
        chain=chain,
        owner=row["owner"],
        product_id=row["productId"],
        name=row["name"],
        description=row["description"],
        classifications=tuple(row["classifications"]),
    )


def _footprint(chain: str, row: Mapping[str, Any]) -> Footprint:
    return Footprint(
        key=row["key"],
        chain=chain,
        product=row["product"],
        supersedes=row.get("supersedes"),
        release=row.get("release"),
        input={name: value for name, value in row.items() if name not in NOT_INPUT},
        sources=_sources(row),
    )


def _sources(row: Mapping[str, Any]) -> dict[str, Source]:
    return {path: _source(**entry) for path, entry in row["sources"].items()}


def _source(
    *,
    source: str | None = None,
    officialFigures: Sequence[str] = (),  # noqa: N803 - the name in the files
    calculation: str | None = None,
    illustrative: bool = False,
    reason: str | None = None,
) -> Source:
    return Source(source, tuple(officialFigures), calculation, illustrative, reason)
