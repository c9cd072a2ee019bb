"""How values are spelled: what is taken, what is refused with which help, and what comes out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from exchange.schema.ids import global_id, named_by, uuid_of
from exchange.schema.schema import core_schema

UUID = "6f1c3a52-8d0e-4b57-9a43-0c8e5f2d7b19"


def scalar(name: str) -> Any:
    return core_schema().type_map[name]


def read(name: str, value):
    return scalar(name).coerce_input_value(value)


def write(name: str, value):
    return scalar(name).coerce_output_value(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12.5", "12.5"), ("-0.30", "-0.30"), ("007", "7"), ("9" * 38, "9" * 38), ("0." + "1" * 37, "0." + "1" * 37)],
)
def test_plain_decimals_are_taken_exactly(text, number):
    assert read("Decimal", text) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        *(1, 1.5, True, None, [], {}),
        *(
            "",
            "1e3",
            "1E-7",
            "NaN",
            "Infinity",
            "-Infinity",
            "1_000",
            "1,5",
            " 1",
            "1 ",
            "+1",
            ".5",
            "5.",
            "0x10",
            "--1",
        ),
        *("١٢", "１２", "1\n", "9" * 39, "0." + "1" * 38),
    ],
)
def test_anything_else_is_refused_as_a_decimal(value):
    with pytest.raises(GraphQLError, match="plain decimal as text"):
        read("Decimal", value)


def test_a_number_is_told_to_be_put_in_quotes():
    with pytest.raises(GraphQLError, match=r'in quotes \("0.1" and not 0.1\)'):
        read("Decimal", 0.1)


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E-7", "0.0000001"), ("1E+3", "1000"), ("-0", "0"), ("1.500", "1.5"), ("100", "100"), ("0.00", "0")],
)
def test_decimals_come_out_plain(number, text):
    assert write("Decimal", Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**20), max_value=10**20))
def test_a_decimal_that_comes_out_goes_in_again(number):
    assert read("Decimal", write("Decimal", number)) == number


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.5, "1"])
def test_what_is_no_finite_decimal_never_comes_out(value):
    with pytest.raises((TypeError, GraphQLError)):
        write("Decimal", value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-06-30T12:00:00Z", "2026-06-30T12:00:00Z"),
        ("2026-06-30t14:30:00.250+02:30", "2026-06-30T12:00:00.25Z"),
        ("2026-01-01T00:00:00.123456789-01:00", "2026-01-01T01:00:00.123456Z"),
    ],
)
def test_instants_come_out_in_utc(text, written):
    assert write("DateTime", read("DateTime", text)) == written


@pytest.mark.parametrize(
    "value",
    [
        *("2026-06-30T12:00:00", "2026-06-30", "2026-06-30 12:00:00Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"),
        *(
            "20260630T120000Z",
            "2026-W01-1",
            "0001-01-01T00:00:00+23:00",
            "2026-06-30T25:00:00Z",
            "now",
            1782820800,
            None,
        ),
    ],
)
def test_a_time_without_offset_or_off_the_calendar_is_refused(value):
    with pytest.raises(GraphQLError, match="with its offset"):
        read("DateTime", value)


def test_dates_are_days_of_the_calendar():
    assert read("Date", "2026-06-30") == dt.date(2026, 6, 30)
    assert write("Date", dt.date(2026, 6, 30)) == "2026-06-30"
    for value in ("2026-02-29", "20260630", "2026-W01-1", "2026-06-30T00:00:00Z", "٢٠٢٦-٠٦-٣٠", 20260630, None):
        with pytest.raises(GraphQLError, match="a day of the calendar"):
            read("Date", value)


def test_uuids_are_lower_case_inside():
    assert read("UUID", UUID.upper()) == UUID
    for value in (UUID[:-1], UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}", "", 1, None):
        with pytest.raises(GraphQLError, match="UUID expects"):
            read("UUID", value)


def test_urns_are_in_their_normal_spelling_inside():
    assert read("URN", "URN:PACT:Example.COM:product-id:A1") == "urn:pact:example.com:product-id:A1"
    for value in (
        "",
        "urn:",
        "urn:x:",
        "http://example.com",
        "urn:pact:exa mple",
        "urn:pact:é",
        f"urn:pact:{'a' * 600}",
        1,
    ):
        with pytest.raises(GraphQLError, match="RFC 8141"):
            read("URN", value)


def test_a_long_refused_value_is_quoted_in_short():
    with pytest.raises(GraphQLError) as refused:
        read("Date", "x" * 10_000)
    assert len(refused.value.message) < 200


def test_ids_name_one_thing_of_one_type():
    assert named_by(global_id("Product", UUID)) == ("Product", UUID)
    assert uuid_of(global_id("Product", UUID), "Organization") is None


@pytest.mark.parametrize(
    "text", ["", "x", "é", "UHJvZHVjdA", "=", "A" * 10_000, UUID, global_id("Client", UUID), "\x00"]
)
def test_what_is_no_id_names_nothing(text):
    assert named_by(text) is None


@given(st.text())
def test_no_text_breaks_an_id(text):
    assert named_by(text) is None or text
