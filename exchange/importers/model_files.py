"""Reading the two CSV files of an input-output model, whole or not at all.

`products.csv` has one row a product, `inputs.csv` (or `inputs.csv.gz`) one row an input; the columns are
PRODUCT_COLUMNS and INPUT_COLUMNS. Every bad row is reported with its file, its line and the reason, up to a limit, and
then nothing is imported. Nothing here knows the exchange.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from exchange.errors import InvalidInput
from exchange.importers.csv_files import Report, number_of, rows_of
from exchange.model.text import shows_nothing, steering_character

PRODUCT_COLUMNS = (
    "code",
    "name",
    "location",
    "unit",
    "direct_kgco2e_per_usd",
    "published_total_kgco2e_per_usd",
)
INPUT_COLUMNS = ("consumer", "supplier", "amount_usd_per_usd")
PRODUCTS_FILE, INPUTS_FILES = "products.csv", ("inputs.csv", "inputs.csv.gz")

PRODUCTS_MAX = 20_000  # as many as one footprint may have lines
NAME_LENGTH_MAX = 512  # as the exchange stores names

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_UNIT = re.compile(r"USD((?:19|20|21)[0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelProduct:
    """One commodity. Amounts are kg CO2e per dollar of the price year, direct and cradle to gate."""

    code: str
    name: str
    location: str
    direct_kg_co2e: Decimal
    published_total_kg_co2e: Decimal


@dataclass(frozen=True, slots=True)
class ModelInput:
    """Dollars of the supplier's commodity per dollar of the consumer's. Negative where the model says so."""

    supplier: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """A whole model: products in the file's order, inputs by consumer in the file's order."""

    price_year: int
    products: tuple[ModelProduct, ...]
    inputs: dict[str, tuple[ModelInput, ...]]

    @property
    def input_count(self) -> int:
        return sum(len(inputs) for inputs in self.inputs.values())


def read_model(folder: Path) -> Model:
    """The model in a folder; InvalidInput with every problem found, so that one round of mending is enough."""
    products_path, inputs_path = _find(folder)
    report = Report("The model's files")
    products, price_year = _products(products_path, report)
    report.raise_any()
    inputs = _inputs(inputs_path, {product.code for product in products}, report)
    report.raise_any()
    return Model(price_year, tuple(products), inputs)


def _find(folder: Path) -> tuple[Path, Path]:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InvalidInput(
            f"{folder} {what}. Name the folder that holds {PRODUCTS_FILE} and {' or '.join(INPUTS_FILES)}.",
            path=("PATH",),
        )
    products = folder / PRODUCTS_FILE
    inputs = [folder / name for name in INPUTS_FILES if (folder / name).is_file()]
    missing = [] if products.is_file() else [PRODUCTS_FILE]
    missing += [] if inputs else [" or ".join(INPUTS_FILES)]
    if missing:
        raise InvalidInput(f"{folder} lacks {' and '.join(missing)}. Nothing was imported.", path=("PATH",))
    if len(inputs) > 1:
        raise InvalidInput(
            f"{folder} holds both {' and '.join(INPUTS_FILES)}. Remove the one that is not meant.", path=("PATH",)
        )
    return products, inputs[0]


def _products(path: Path, report: Report) -> tuple[list[ModelProduct], int]:
    found: dict[str, ModelProduct] = {}
    first_line: dict[str, int] = {}
    years: dict[int, int] = {}
    for line, row in rows_of(path, PRODUCT_COLUMNS, report):
        code, name, location, unit, direct, total = row
        before = len(report.problems)
        if not _CODE.fullmatch(code):
            report.add(
                "CODE_INVALID", "is not a code of letters, digits, '.', '-' and '_'", path.name, line, "code", code
            )
        elif code in found:
            message = f"is a code that line {first_line[code]} has already"
            report.add("REPEATED", message, path.name, line, "code", code)
        if shows_nothing(name) or len(name) > NAME_LENGTH_MAX or steering_character(name, lines=False):
            message = f"shows nothing, is longer than {NAME_LENGTH_MAX} characters, or has a control character"
            report.add("NAME_INVALID", message, path.name, line, "name", name)
        unit_found = _UNIT.fullmatch(unit)
        if unit_found is None:
            report.add("UNIT_INVALID", "is not USD and a year, as in USD2012", path.name, line, "unit", unit)
        else:
            years.setdefault(int(unit_found[1]), line)
        numbers = [
            number_of(text, path.name, line, column, report)
            for text, column in zip((direct, total), PRODUCT_COLUMNS[4:], strict=True)
        ]
        if len(report.problems) == before and numbers[0] is not None and numbers[1] is not None:
            first_line[code] = line
            found[code] = ModelProduct(code, name.strip(), location.strip(), numbers[0], numbers[1])
    if len(years) > 1:
        (first, _), (second, line), *_ = sorted(years.items(), key=lambda item: item[1])
        message = f"is another price year than {first}, and dollars of two years do not add up"
        report.add("UNITS_MIXED", message, path.name, line, "unit", f"USD{second}")
    if len(found) > PRODUCTS_MAX:
        report.add("TOO_MANY", f"has {len(found)} products; at most {PRODUCTS_MAX}", path.name, None)
    return list(found.values()), next(iter(years), 0)


def _inputs(path: Path, codes: set[str], report: Report) -> dict[str, tuple[ModelInput, ...]]:
    found: dict[str, dict[str, Decimal]] = {}
    for line, (consumer, supplier, amount) in rows_of(path, INPUT_COLUMNS, report):
        for column, code in (("consumer", consumer), ("supplier", supplier)):
            if code not in codes:
                report.add("NOT_KNOWN", f"is not a code in {PRODUCTS_FILE}", path.name, line, column, code)
        number = number_of(amount, path.name, line, "amount_usd_per_usd", report)
        of_consumer = found.setdefault(consumer, {})
        if supplier in of_consumer:
            message = f"stands for a second time as an input of {consumer}"
            report.add("REPEATED", message, path.name, line, "supplier", supplier)
        elif number is not None:
            of_consumer[supplier] = number
    return {
        consumer: tuple(ModelInput(supplier, amount) for supplier, amount in inputs.items())
        for consumer, inputs in found.items()
    }
