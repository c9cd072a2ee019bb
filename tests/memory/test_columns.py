"""Whole graphs come into the tables by column, and the tables are the same as if everything had come by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.memory import (
    Packed,
    Present,
    Tables,
    add_footprint_columns,
    add_footprints,
    add_grant_columns,
    add_product_columns,
    add_products,
    add_releases,
    bind,
    bind_names,
    names_to_bind,
    pack,
    put_grants,
)
from exchange.memory.exact import ExactDecimals
from exchange.memory.layout import TO_GRAVE
from exchange.model.carbon import COLUMNS, CarbonComponents
from exchange.model.closure import Dates
from exchange.model.footprint import STAGES, Declared, Footprint, LifeCycleStage, Modelled
from exchange.rollup import own_terms, text_terms
from exchange.rollup.own_terms import gate_term
from exchange.rollup.standings import binary_terms
from tests.memory.by_column import footprint_columns, grant_columns, product_columns
from tests.memory.rich import LONG, PLAIN, Rich, rich
from tests.store.examples import NOW_US, a_footprint, a_line, a_product, an_organization

T = TypeVar("T")
DATES = Dates(20_200, NOW_US + 1_000, 20_000)


def one_by_one(made: Rich) -> Tables:
    tables = Tables()
    add_releases(tables, made.releases)
    add_products(tables, made.products)
    put_grants(tables, made.grants)
    add_footprints(tables, made.footprints)
    bind(tables, made.products)
    return tables


def by_column(made: Rich, size: int) -> Tables:
    tables = Tables()
    add_releases(tables, made.releases)
    for products in parts(made.products, size):
        add_product_columns(tables, product_columns(products))
    for product in made.products:
        add_grant_columns(tables, grant_columns([each for each in made.grants if each.product_key == product.key]))
    for footprints in parts(made.footprints, size):
        add_footprint_columns(tables, footprint_columns(footprints))
    registered = {urn: product.key for product in made.products for urn in product.product_ids}
    bind_names(tables, ((urn, registered[urn]) for urn in names_to_bind(tables) if urn in registered))
    return tables


def parts(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[start : start + size] for start in range(0, len(things), size)]


def assert_same_tables(one: Tables, other: Tables) -> None:
    """Every array to the last bit, and everything beside them."""
    mine, theirs = packed(one), packed(other)
    assert list(mine.arrays) == list(theirs.arrays)
    for name, values in mine.arrays.items():
        assert values.dtype == theirs.arrays[name].dtype, name
        assert values.shape == theirs.arrays[name].shape, name
        assert values.tobytes() == theirs.arrays[name].tobytes(), name
    for name in mine.document:
        assert unordered(name, mine) == unordered(name, theirs), name
    assert one.fallback_followers.keys() == other.fallback_followers.keys()
    for key, lines in one.fallback_followers.items():
        assert sorted(lines) == sorted(other.fallback_followers[key])


def packed(tables: Tables) -> Packed:
    return pack(Present(tables, DATES))


def unordered(name: str, found: Packed) -> object:
    """Long decimals are looked up by their place: their order depends on how many came at once."""
    return sorted(found.document[name]) if name == "decimals" else found.document[name]


@pytest.mark.parametrize("size", [1, 7, 1_000])
@pytest.mark.parametrize("seed", range(6))
def test_the_tables_are_the_same_by_column(seed: int, size: int) -> None:
    made = rich(seed)
    assert_same_tables(by_column(made, size), one_by_one(made))


def test_everything_that_is_treated_differently_occurs() -> None:
    """Else the comparison above would say little."""
    made = rich(0)
    tables = by_column(made, 1_000)
    document = packed(tables).document
    assert {entry[0] for entry in document["decimals"]} == {"own", "outbound", "packaging", "exempted", "amount"}
    assert all(document[name] for name in ("other_identities", "unbound", "unbound_fallbacks", "fallbacks", "releases"))
    assert tables.ratings
    assert len({int(kind) & TO_GRAVE for kind in tables.versions.kind.values}) == 2
    assert made.late not in names_to_bind(tables)
    assert (tables.versions.previous.values >= 0).any()
    assert (tables.grants.previous.values >= 0).any()
    own = tables.versions.own.of(np.arange(len(tables.versions.own)))
    assert np.signbit(own[own == 0]).any()


def test_of_nothing_nothing_is_made() -> None:
    tables = Tables()
    add_product_columns(tables, product_columns([]))
    add_grant_columns(tables, grant_columns([]))
    add_footprint_columns(tables, footprint_columns([]))
    assert_same_tables(tables, Tables())


def test_what_is_here_already_is_refused() -> None:
    made = rich(1)
    tables = by_column(made, 1_000)
    for again in (
        lambda: add_product_columns(tables, product_columns(made.products[:1])),
        lambda: add_grant_columns(tables, grant_columns(made.grants[:1])),
        lambda: add_footprint_columns(tables, footprint_columns(made.footprints[:1])),
    ):
        with pytest.raises(ValueError, match="already"):
            again()


def test_lines_that_are_not_sorted_yet_are_asked_for_in_vain() -> None:
    """Nothing is answered as if nobody named a product, before its followers are known."""
    made = rich(2)
    tables = by_column(made, 1_000)
    with pytest.raises(AssertionError, match="not sorted"):
        tables.followers.of([0])
    Present(tables, DATES)
    assert len(tables.followers.of(list(range(len(made.products))))) > 0


# -- own terms from texts ----------------------------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.sampled_from([Decimal(text) for text in (*PLAIN, *LONG, "-0.0", "0E+3", "0E-20")]),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1_000_000, max_value=1_000_000),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1E30"), max_value=Decimal("1E30")),
)
COMPONENTS = st.dictionaries(st.sampled_from(COLUMNS), NUMBERS).map(CarbonComponents)
PRODUCT = a_product(an_organization(), 0)


@given(NUMBERS, NUMBERS, COMPONENTS, st.none() | NUMBERS)
def test_what_is_declared_is_the_same_from_texts(
    excluding: Decimal, including: Decimal, components: CarbonComponents, outbound: Decimal | None
) -> None:
    stated = Declared(excluding, including, components, outbound, None, None, None)
    assert_same_terms(a_footprint(PRODUCT, 0, declared=stated))


@given(st.dictionaries(st.sampled_from(STAGES), COMPONENTS), st.lists(st.sampled_from(STAGES), max_size=2))
def test_what_is_modelled_is_the_same_from_texts(
    direct: dict[LifeCycleStage, CarbonComponents], stages: list[LifeCycleStage]
) -> None:
    lines = a_footprint(PRODUCT, 0, [a_line(PRODUCT, stage=stage) for stage in stages]).lines
    assert_same_terms(a_footprint(PRODUCT, 0, declared=None, modelled=Modelled(direct, None, None, None, lines)))


def assert_same_terms(footprint: Footprint) -> None:
    columns = footprint_columns([footprint])
    expected, decimals, kept = gate_term(footprint), ExactDecimals(), ExactDecimals()
    [components], [direct] = columns.components, columns.direct
    if direct is not None:
        doubles, exact = text_terms.modelled_term(direct)
    else:
        [excluding], [including] = columns.excluding_kg_co2e, columns.including_kg_co2e
        assert components is not None
        doubles, exact = text_terms.declared_term(str(excluding), str(including), components)
    assert np.array([doubles]).tobytes() == binary_terms([expected]).tobytes()
    kept.keep("own", 0, expected)
    if exact is not None:
        decimals.keep("own", 0, exact)
    assert decimals.entries() == kept.entries()
    distributed = STAGES.index("DISTRIBUTION") in columns.lines.stages.tolist()
    leaving = text_terms.outbound_term(columns.outbound_kg_co2e[0], direct, distributed)
    assert leaving == own_terms.outbound_term(footprint)
    names = [name for name, bit in text_terms.BITS.items() if text_terms.unknown_bits(components, direct) & bit]
    assert tuple(names) == footprint.unknown_components
