"""What reading everything by column guarantees: the same as by value, bounded answers, and nothing of later writes."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.graph import Store, columns, footprints
from exchange.graph.bolt import Bolt
from exchange.model.writes import DeprecateFootprint
from tests.memory.by_column import as_values, footprint_columns, grant_columns, product_columns
from tests.memory.rich import Rich, rich, writes_of
from tests.store.examples import NOW_US, put

HEAD = 20_000  # later than everything in a rich graph


async def written(store: Store, **sizes: int) -> Rich:
    made = rich(3, **sizes)
    await put(store, *writes_of(made))
    return made


class ColumnsContract:
    async def test_nothing_by_column_of_nothing(self, store: Store) -> None:
        products, grants = await store.read_product_columns(0, 5, HEAD)
        assert as_values(products) == as_values(product_columns([]))
        assert as_values(grants) == as_values(grant_columns([]))
        assert as_values(await store.read_footprint_columns(0, 5, HEAD)) == as_values(footprint_columns([]))
        assert as_values(await store.read_footprint_columns(5, 5, HEAD)) == as_values(footprint_columns([]))

    async def test_columns_hold_what_was_written(self, store: Store) -> None:
        made = await written(store)
        products, grants = await store.read_product_columns(0, 1_000, HEAD)
        assert as_values(products) == as_values(product_columns(made.products))
        assert as_values(grants) == as_values(grant_columns(made.grants))
        found = as_values(await store.read_footprint_columns(0, 1_000, HEAD))
        assert found == as_values(footprint_columns(made.footprints))
        part = as_values(await store.read_footprint_columns(20, 33, HEAD))
        assert part == as_values(footprint_columns(made.footprints[20:33]))

    async def test_columns_say_when_a_version_was_deprecated(self, store: Store) -> None:
        made = await written(store, footprints=3)
        await put(store, DeprecateFootprint(made.footprints[1].id, NOW_US + 7, 300, "late"))
        found = await store.read_footprint_columns(0, 3, HEAD)
        assert list(found.deprecated_at_us)[1] == NOW_US + 7
        assert list(found.deprecated_sequences)[1] == 300

    async def test_columns_leave_out_what_was_written_later(self, store: Store) -> None:
        made = await written(store)
        later = 110
        products, grants = await store.read_product_columns(0, 1_000, later)
        assert list(products.keys) == [each.key for each in made.products[:-1]]
        assert list(grants.product_keys) == []
        found = await store.read_footprint_columns(0, 1_000, later)
        assert list(found.keys) == [each.key for each in made.footprints if each.sequence <= later]
        _, grants = await store.read_product_columns(0, 1_000, made.grants[5].sequence)
        assert as_values(grants) == as_values(grant_columns(made.grants[:6]))

    async def test_no_answer_grows_with_one_footprint_or_one_product(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same in small parts; no answer holds more lines, or grants, than it may."""
        made = await written(store, lines_max=30)
        monkeypatch.setattr(columns, "RANGE_MAX", 10)
        monkeypatch.setattr(columns, "LINES_BESIDE_MAX", 2)
        monkeypatch.setattr(columns, "GRANTS_BESIDE_MAX", 1)
        monkeypatch.setattr(columns, "GRANTS_PAGE_MAX", 2)
        monkeypatch.setattr(footprints, "LINES_MAX", 40)
        answers = 0
        read = Bolt.read

        async def counted(self: Bolt, statement: str, **parameters: Any) -> list[list[Any]]:
            nonlocal answers
            rows = await read(self, statement, **parameters)
            answers += 1
            if "UNWIND $keys" in statement:
                assert sum(len(lines[0]) for _, lines in rows[0][0]) <= 40
            elif "lineSuppliers" in statement:
                assert sum(len(row[-1][0]) for row in rows[0][0] if row[-1]) <= 10 * 2
            elif ":Grant" in statement:
                beside = [row[-1] if "size" in statement else [row] for row in rows[0][0]]
                assert max(map(len, beside), default=0) <= 1
                assert len(beside) <= (10 if "size" in statement else 2)
            return rows

        monkeypatch.setattr(Bolt, "read", counted)
        products, grants = await store.read_product_columns(0, 1_000, HEAD)
        assert as_values(products) == as_values(product_columns(made.products))
        assert as_values(grants) == as_values(grant_columns(made.grants))
        found = as_values(await store.read_footprint_columns(0, 1_000, HEAD))
        assert found == as_values(footprint_columns(made.footprints))
        assert answers > 100
