"""Countries and regions are those of the lists that they are taken from."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.model.geography import ASSIGNED, COUNTRIES, REGIONS

TIME_ZONES = Path("/usr/share/zoneinfo/iso3166.tab")


def test_there_are_249_assigned_codes_and_one_more() -> None:
    assert len(ASSIGNED) == 249
    assert all(len(code) == 2 and code.isascii() and code.isalpha() and code.isupper() for code in ASSIGNED)
    assert COUNTRIES.difference(ASSIGNED) == {"XK"}
    assert not COUNTRIES & {"AA", "EL", "EU", "QM", "UK", "XX", "ZZ"}


def test_the_codes_are_those_of_the_time_zone_database() -> None:
    if not TIME_ZONES.exists():
        pytest.skip(f"{TIME_ZONES} is not there")
    rows = TIME_ZONES.read_text(encoding="utf-8").splitlines()
    assert {row.split("\t")[0] for row in rows if not row.startswith("#")} == ASSIGNED


def test_regions_are_the_22_that_pact_enumerates() -> None:
    assert len(REGIONS) == 22
