"""Files of a model are read whole or not at all, and every bad row is named with its file, line and reason."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from exchange.errors import InvalidInput
from exchange.importers import csv_files
from exchange.importers.model_files import Model, read_model
from exchange.importers.productive import check_productive
from tests.importers.models import HEADER, INPUTS_HEADER, write_model


def problems(folder: Path) -> list[tuple[str, str]]:
    """Code and place of every problem."""
    with pytest.raises(InvalidInput) as refused:
        read_model(folder)
    assert "othing was imported" in refused.value.message or refused.value.path == ("PATH",)
    return [(problem.code, " ".join(problem.path)) for problem in refused.value.problems]


def test_a_model_is_read(tmp_path):
    model = read_model(write_model(tmp_path))
    assert [product.code for product in model.products] == ["P", "C"]
    assert model.price_year == 2012
    assert model.products[0].direct_kg_co2e == Decimal("0.85")
    assert {code: [(i.supplier, i.amount) for i in inputs] for code, inputs in model.inputs.items()} == {
        "P": [("C", Decimal("0.4"))],
        "C": [("P", Decimal("0.06"))],
    }
    check_productive(model)


def test_columns_may_stand_in_any_order_and_files_may_be_packed(tmp_path):
    plain = read_model(write_model(tmp_path / "plain"))
    folder = write_model(tmp_path / "other", inputs="supplier,amount_usd_per_usd,consumer\nC,0.4,P\nP,0.06,C\n")
    (folder / "inputs.csv.gz").write_bytes(gzip.compress((folder / "inputs.csv").read_bytes()))
    (folder / "inputs.csv").unlink()
    (folder / "products.csv").write_bytes(
        b"\xef\xbb\xbf" + (folder / "products.csv").read_bytes().replace(b"\n", b"\r\n")
    )
    assert read_model(folder) == plain


def test_numbers_are_kept_exactly_and_without_exponent(tmp_path):
    rows = 'P,Power,US,USD2012,1.5e-7,-0\nC,"Coal, hard",US,USD2012,1E+3,00.50\n'
    model = read_model(write_model(tmp_path, products=HEADER + rows))
    found = [(str(p.direct_kg_co2e), str(p.published_total_kg_co2e)) for p in model.products]
    assert found == [("1.5E-7", "0"), ("1000", "0.50")]
    assert model.products[1].name == "Coal, hard"


def test_a_number_with_too_many_digits_is_rounded_far_below_anything_that_counts(tmp_path):
    digits = "0.1234567890123456789012345678901234567890123"
    model = read_model(
        write_model(tmp_path, products=HEADER + f"P,Power,US,USD2012,{digits},3e-400\nC,Coal,US,USD2012,0,0\n")
    )
    assert abs(model.products[0].direct_kg_co2e - Decimal(digits)) < Decimal("1e-36")
    assert model.products[0].published_total_kg_co2e == 0


PRODUCTS_BAD = {
    "wrong header": ("code,name\nP,Power\n", [("HEADER", "products.csv line 1")]),
    "empty file": ("", [("EMPTY", "products.csv")]),
    "header only": (HEADER, [("EMPTY", "products.csv")]),
    "too few cells": (HEADER + "P,Power,US\n", [("CELLS", "products.csv line 2")]),
    "repeated code": (
        HEADER + "P,Power,US,USD2012,1,1\nP,Power,US,USD2012,1,1\n",
        [("REPEATED", "products.csv line 3 code")],
    ),
    "bad code": (HEADER + "a code,Power,US,USD2012,1,1\n", [("CODE_INVALID", "products.csv line 2 code")]),
    "a name that nobody sees": (HEADER + "P,\u200b,US,USD2012,1,1\n", [("NAME_INVALID", "products.csv line 2 name")]),
    "no name": (HEADER + "P, ,US,USD2012,1,1\n", [("NAME_INVALID", "products.csv line 2 name")]),
    "not money": (HEADER + "P,Power,US,kWh,1,1\n", [("UNIT_INVALID", "products.csv line 2 unit")]),
    "two price years": (
        HEADER + "P,Power,US,USD2012,1,1\nC,Coal,US,USD2017,1,1\n",
        [("UNITS_MIXED", "products.csv line 3 unit")],
    ),
    "not a number": (
        HEADER + "P,Power,US,USD2012,one,1\n",
        [("NUMBER_INVALID", "products.csv line 2 direct_kgco2e_per_usd")],
    ),
    "not finite": (
        HEADER + "P,Power,US,USD2012,NaN,1\nC,Coal,US,USD2012,1,inf\n",
        [
            ("NUMBER_INVALID", "products.csv line 2 direct_kgco2e_per_usd"),
            ("NUMBER_INVALID", "products.csv line 3 published_total_kgco2e_per_usd"),
        ],
    ),
    "absurdly large": (
        HEADER + "P,Power,US,USD2012,1e9999,1\n",
        [("OUT_OF_RANGE", "products.csv line 2 direct_kgco2e_per_usd")],
    ),
    "other digits": (
        HEADER + "P,Power,US,USD2012,١,1\n",
        [("NUMBER_INVALID", "products.csv line 2 direct_kgco2e_per_usd")],
    ),
    "open quote": (HEADER + 'P,"Power,US,USD2012,1,1\n', [("CSV_INVALID", "products.csv line 2")]),
    "NUL": (HEADER + "P,Po\0wer,US,USD2012,1,1\n", [("NUL", "products.csv line 2")]),
}


@pytest.mark.parametrize(("products", "expected"), PRODUCTS_BAD.values(), ids=PRODUCTS_BAD)
def test_bad_products_are_refused(tmp_path, products, expected):
    assert problems(write_model(tmp_path, products=products)) == expected


INPUTS_BAD = {
    "unknown code": ("P,X,0.1\nY,C,0.1\n", [("NOT_KNOWN", "line 2 supplier"), ("NOT_KNOWN", "line 3 consumer")]),
    "repeated input": ("P,C,0.1\nP,C,0.2\n", [("REPEATED", "line 3 supplier")]),
    "not a number": ("P,C,\n", [("NUMBER_INVALID", "line 2 amount_usd_per_usd")]),
    "too many cells": ("P,C,0.1,more\n", [("CELLS", "line 2")]),
    "several at once": (
        "P,X,0.1\nP,C,nan\nP,C\n",
        [("NOT_KNOWN", "line 2 supplier"), ("NUMBER_INVALID", "line 3 amount_usd_per_usd"), ("CELLS", "line 4")],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), INPUTS_BAD.values(), ids=INPUTS_BAD)
def test_bad_inputs_are_refused(tmp_path, rows, expected):
    folder = write_model(tmp_path, inputs=INPUTS_HEADER + rows)
    assert problems(folder) == [(code, f"inputs.csv {place}") for code, place in expected]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEADER.encode() + "P,Stärke,US,USD2012,1,1\n".encode("latin-1"), ("ENCODING", "products.csv line 2")),
        (HEADER.encode("utf-16"), ("ENCODING", "products.csv line 1")),
    ],
    ids=["latin-1", "utf-16"],
)
def test_another_encoding_is_refused(tmp_path, content, expected):
    folder = write_model(tmp_path)
    (folder / "products.csv").write_bytes(content)
    assert problems(folder) == [expected]


def test_a_damaged_packed_file_is_refused(tmp_path):
    folder = write_model(tmp_path)
    packed = gzip.compress((folder / "inputs.csv").read_bytes())
    (folder / "inputs.csv").unlink()
    (folder / "inputs.csv.gz").write_bytes(packed[:-9])
    assert problems(folder) == [("GZIP_INVALID", "inputs.csv.gz")]
    (folder / "inputs.csv.gz").write_bytes(b"consumer,supplier,amount_usd_per_usd\n")
    assert problems(folder) == [("GZIP_INVALID", "inputs.csv.gz")]


def test_a_packed_bomb_is_not_unpacked_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "BYTES_MAX", 1000)
    folder = write_model(tmp_path)
    (folder / "inputs.csv").unlink()
    (folder / "inputs.csv.gz").write_bytes(gzip.compress(b"0" * 100_000))
    assert problems(folder) == [("TOO_LARGE", "inputs.csv.gz")]


def test_reports_end_at_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "PROBLEMS_MAX", 3)
    assert len(problems(write_model(tmp_path, inputs=INPUTS_HEADER + "P,X,1\n" * 9))) <= 4


def test_a_folder_without_the_files_says_what_is_missing(tmp_path):
    with pytest.raises(InvalidInput, match=r"lacks products\.csv and inputs\.csv or inputs\.csv\.gz"):
        read_model(tmp_path)
    with pytest.raises(InvalidInput, match="does not exist"):
        read_model(tmp_path / "nowhere")
    folder = write_model(tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        read_model(folder / "products.csv")
    (folder / "inputs.csv.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(InvalidInput, match="holds both"):
        read_model(folder)


@pytest.mark.parametrize(
    ("rows", "culprits"),
    [("P,P,1\n", {"P"}), ("P,C,2\nC,P,0.5\n", {"P", "C"}), ("P,C,-2\nC,P,0.6\n", {"P", "C"})],
    ids=["itself", "each other", "negative"],
)
def test_a_model_without_an_answer_is_refused_before_anything_is_published(tmp_path, rows, culprits):
    model = read_model(write_model(tmp_path, inputs=INPUTS_HEADER + rows))
    with pytest.raises(InvalidInput, match="has no answer") as refused:
        check_productive(model)
    assert refused.value.problems[0].path[1] in culprits


def test_the_published_model_is_read(data_dir):
    model: Model = read_model(data_dir / "useeio")
    check_productive(model)
    assert (len(model.products), model.input_count, model.price_year) == (411, 92_527, 2012)
    amounts = [one.amount for inputs in model.inputs.values() for one in inputs]
    assert sum(amount < 0 for amount in amounts) == 60
