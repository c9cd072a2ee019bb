"""Reading the two CSV files of an input-output model, whole or not at all.

`products.csv` has one row a product, `inputs.csv` (or `inputs.csv.gz`) one row an input; the columns are
PRODUCT_COLUMNS and INPUT_COLUMNS. Every bad row is reported with its file, its line and the reason, up to a limit, and
then nothing is imported. Nothing here knows the exchange.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Context, Decimal
from pathlib import Path

from exchange.errors import InvalidInput, Problem
from exchange.model.text import steering_character

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

PROBLEMS_MAX = 50  # shown; whoever has more has one systematic mistake
BYTES_MAX = 512 * 2**20  # of a file, unpacked: some five million inputs, and no more of a packed bomb
PRODUCTS_MAX = 20_000  # as many as one footprint may have lines
NAME_LENGTH_MAX = 512  # as the exchange stores names
DIGITS_MAX = 38  # as the API's Decimal
MAGNITUDE_MAX = 12  # a dollar of anything carries less than 10^12 kg: an exponent gone wrong

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_UNIT = re.compile(r"USD((?:19|20|21)[0-9]{2})", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_WIDE = Context(prec=100)


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


@dataclass(slots=True)
class _Report:
    """What is wrong with the files so far."""

    problems: list[Problem] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.problems) >= PROBLEMS_MAX

    def add(
        self, code: str, message: str, file: str, line: int | None, column: str | None = None, got: str = ""
    ) -> None:
        place = [file] + ([f"line {line}"] if line else []) + ([column] if column else [])
        self.problems.append(Problem(code, message, tuple(place), got=got[:80] or None))

    def raise_any(self) -> None:
        if not self.problems:
            return
        count = f"the first {PROBLEMS_MAX} problems" if self.full else _count(len(self.problems), "problem")
        raise InvalidInput(f"The model's files have {count}. Nothing was imported.", problems=self.problems)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def read_model(folder: Path) -> Model:
    """The model in a folder; InvalidInput with every problem found, so that one round of mending is enough."""
    products_path, inputs_path = _find(folder)
    report = _Report()
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


def _products(path: Path, report: _Report) -> tuple[list[ModelProduct], int]:
    found: dict[str, ModelProduct] = {}
    first_line: dict[str, int] = {}
    years: dict[int, int] = {}
    for line, row in _rows(path, PRODUCT_COLUMNS, report):
        code, name, location, unit, direct, total = row
        before = len(report.problems)
        if not _CODE.fullmatch(code):
            report.add(
                "CODE_INVALID", "is not a code of letters, digits, '.', '-' and '_'", path.name, line, "code", code
            )
        elif code in found:
            message = f"is a code that line {first_line[code]} has already"
            report.add("REPEATED", message, path.name, line, "code", code)
        if not name.strip() or len(name) > NAME_LENGTH_MAX or steering_character(name, lines=False):
            message = f"is empty, longer than {NAME_LENGTH_MAX} characters, or has a control character"
            report.add("NAME_INVALID", message, path.name, line, "name", name)
        unit_found = _UNIT.fullmatch(unit)
        if unit_found is None:
            report.add("UNIT_INVALID", "is not USD and a year, as in USD2012", path.name, line, "unit", unit)
        else:
            years.setdefault(int(unit_found[1]), line)
        numbers = [
            _number(text, path.name, line, column, report)
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


def _inputs(path: Path, codes: set[str], report: _Report) -> dict[str, tuple[ModelInput, ...]]:
    found: dict[str, dict[str, Decimal]] = {}
    for line, (consumer, supplier, amount) in _rows(path, INPUT_COLUMNS, report):
        for column, code in (("consumer", consumer), ("supplier", supplier)):
            if code not in codes:
                report.add("NOT_KNOWN", f"is not a code in {PRODUCTS_FILE}", path.name, line, column, code)
        number = _number(amount, path.name, line, "amount_usd_per_usd", report)
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


def _number(text: str, file: str, line: int, column: str, report: _Report) -> Decimal | None:
    """A finite decimal without exponent, rounded where it has more digits than the exchange keeps (by less than
    1e-36); a problem where it is none."""
    if not _NUMBER.fullmatch(text):
        report.add("NUMBER_INVALID", "is not a finite number such as 0.125 or 1.5e-7", file, line, column, text)
        return None
    number = Decimal(text)
    if number and number.adjusted() >= MAGNITUDE_MAX:
        report.add("OUT_OF_RANGE", f"is 10^{MAGNITUDE_MAX} or more", file, line, column, text)
        return None
    whole_digits = max(number.adjusted() + 1, 1)
    if int(number.as_tuple().exponent) < whole_digits - DIGITS_MAX:
        number = number.quantize(Decimal(1).scaleb(whole_digits - DIGITS_MAX), context=_WIDE)
    return Decimal(format(number, "f")) if number else Decimal(0)


def _rows(path: Path, columns: tuple[str, ...], report: _Report) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, in the order of `columns`, of every row that has the right number of cells."""
    text = _text(path, report)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    order: list[int] | None = None
    empty = True
    try:
        for row in reader:
            if report.full:
                return
            if not row:
                continue
            if order is None:
                order = _order(row, columns, path.name, report)
                if order is None:
                    return
            elif len(row) != len(columns):
                message = f"has {len(row)} cells; {len(columns)} are expected: {','.join(columns)}"
                report.add("CELLS", message, path.name, reader.line_num)
            else:
                empty = False
                yield reader.line_num, [row[position] for position in order]
    except csv.Error as error:
        report.add("CSV_INVALID", f"cannot be read as CSV: {error}", path.name, reader.line_num)
        return
    if order is None:
        report.add("EMPTY", f"is empty; its first line is {','.join(columns)}", path.name, None)
    elif empty and not report.problems:
        report.add("EMPTY", "holds its header and no rows", path.name, None)


def _order(header: list[str], columns: tuple[str, ...], file: str, report: _Report) -> list[int] | None:
    """Where each column stands; a problem unless the header has exactly these."""
    names = [name.strip() for name in header]
    if sorted(names) == sorted(columns):
        return [names.index(column) for column in columns]
    missing = ", ".join(column for column in columns if column not in names) or "none"
    unknown = ", ".join(name for name in names if name not in columns) or "none"
    message = f"has another header than {','.join(columns)}: missing {missing}; not known {unknown}"
    report.add("HEADER", message, file, 1, got=",".join(header))
    return None


def _text(path: Path, report: _Report) -> str | None:
    """The file's text; a problem where it is too large, packed wrongly, not UTF-8, or holds NUL."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        report.add("GZIP_INVALID", f"cannot be unpacked: {error}. Fetch the file again.", path.name, None)
        return None
    except OSError as error:
        report.add("UNREADABLE", f"cannot be read: {error.strerror or error}", path.name, None)
        return None
    if len(content) > BYTES_MAX:
        report.add("TOO_LARGE", f"is larger than {BYTES_MAX // 2**20} MiB", path.name, None)
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add("ENCODING", "is UTF-16; save it as UTF-8", path.name, 1)
        return None
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        report.add("NUL", "holds a NUL character; this is not a text file, or it is damaged", path.name, line)
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.add(
            "ENCODING", f"is not UTF-8 (byte {error.object[error.start]:#04x}); save it as UTF-8", path.name, line
        )
        return None
