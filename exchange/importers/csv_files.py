"""Reading CSV files that people made: every bad row is reported with its file, its line and the reason, up to a limit.

Nothing here knows the exchange, or what the columns mean.
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

PROBLEMS_MAX = 50  # shown; whoever has more has one systematic mistake
BYTES_MAX = 512 * 2**20  # of a file, unpacked: some five million inputs, and no more of a packed bomb
DIGITS_MAX = 38  # as the API's Decimal
MAGNITUDE_MAX = 12  # nothing here carries 10^12 kg: an exponent gone wrong

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_WIDE = Context(prec=100)


@dataclass(slots=True)
class Report:
    """What is wrong with the files so far. `whose`: as people call them, "The model's files"."""

    whose: str
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
        raise InvalidInput(f"{self.whose} have {count}. Nothing was imported.", problems=self.problems)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def number_of(text: str, file: str, line: int, column: str, report: Report) -> Decimal | None:
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


def rows_of(
    path: Path, columns: tuple[str, ...], report: Report, *, others: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, in the order of `columns`, of every row that has the right number of cells. `others`: the
    file may have other columns, too."""
    text = _text(path, report)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    order: list[int] | None = None
    count, expected, empty = 0, "", True
    try:
        for row in reader:
            if report.full:
                return
            if not row:
                continue
            if order is None:
                order = _order(row, columns, path.name, report, others=others)
                if order is None:
                    return
                count, expected = len(row), ",".join(row if others else columns)
            elif len(row) != count:
                message = f"has {len(row)} cells; {count} are expected: {expected}"
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


def _order(header: list[str], columns: tuple[str, ...], file: str, report: Report, *, others: bool) -> list[int] | None:
    """Where each column stands; a problem unless the header has exactly these, or with `others` these too."""
    names = [name.strip() for name in header]
    enough = len(set(names)) == len(names) and set(names) >= set(columns)
    if sorted(names) == sorted(columns) or (others and enough):
        return [names.index(column) for column in columns]
    missing = ", ".join(column for column in columns if column not in names) or "none"
    unknown = ", ".join(name for name in names if name not in columns) or "none"
    if others:
        message = f"lacks columns, or has one twice: missing {missing}"
    else:
        message = f"has another header than {','.join(columns)}: missing {missing}; not known {unknown}"
    report.add("HEADER", message, file, 1, got=",".join(header))
    return None


def _text(path: Path, report: Report) -> str | None:
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
