"""Reading the files of the Carbon Catalogue, whole or not at all.

`products.csv` has one row a footprint: what a company reported of a product in a year, as one number from cradle to
grave; `stages.csv` has the stages that it reported, of some of them. The columns are the publication's own. Every bad
row is reported with its file, its line and the reason, up to a limit, and then nothing is imported. Nothing here knows
the exchange.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from exchange.errors import InvalidInput
from exchange.importers.csv_files import Report, number_of, rows_of
from exchange.model.text import steering_character

PRODUCTS_FILE: Final = "products.csv"
STAGES_FILE: Final = "stages.csv"
FOOTPRINTS_MAX: Final = 20_000  # twenty times the publication
TEXT_LENGTH_MAX: Final = 16_384  # of a cell: four of them fit in what the exchange keeps as one text

SHARES: Final = {
    "upstream": "*Upstream CO2e (fraction of total PCF)",
    "operations": "*Operations CO2e (fraction of total PCF)",
    "downstream": "*Downstream CO2e (fraction of total PCF)",
    "transport": "*Transport CO2e (fraction of total PCF)",
    "end of life": "*EndOfLife CO2e (fraction of total PCF)",
}
PRODUCT_COLUMNS: Final = (
    "*PCF-ID",
    "Year of reporting",
    "*Stage-level CO2e available",
    "Product name (and functional unit)",
    "Product detail",
    "Company",
    "Country (where company is incorporated)",
    "Company's GICS Industry Group",
    "Company's GICS Industry",
    "*Company's sector",
    "Product weight (kg)",
    "*Source for product weight",
    "Product's carbon footprint (PCF, kg CO2e)",
    "*Carbon intensity",
    "Protocol used for PCF",
    "Relative change in PCF vs previous",
    "Company-reported reason for change",
    "*%Upstream estimated from %Operations",
    *SHARES.values(),
    "*Adjustments to raw data (if any)",
)
STAGE_COLUMNS: Final = (
    "*PCF-ID",
    "Description of LCA stage",
    "Scope-characterization of LCA stage",
    "*Assigned value chain portion",
    "Emissions at stage (kg CO2e)",
)
PORTIONS: Final = ("Upstream", "Operations", "Downstream")

_ID = re.compile(r"([0-9]{1,12})-([0-9]{1,6})-((?:19|20|21)[0-9]{2})", re.ASCII)
_NOTHING: Final = frozenset(
    {
        "",
        "n/a",
        "none",
        "not reported",
        "(not reported by company)",
        "field not included in 2013 data",
        "not used for 2015 reporting",
    }
)


@dataclass(frozen=True, slots=True)
class ReportedStage:
    """One stage as the company described it. kg_co2e: per product, within the footprint's whole."""

    description: str
    scope: str
    portion: str
    kg_co2e: Decimal


@dataclass(frozen=True, slots=True)
class ReportedFootprint:
    """What a company reported of one product in one year. kg_co2e: per product, from cradle to grave.

    product: of the company, the same in every year. Empty texts: nothing was reported. shares: of the whole, by the
    names in SHARES, as far as they are numbers. upstream_estimated: whether upstream was split off by the study.
    """

    id: str
    company_number: str
    product: str
    year: int
    name: str
    detail: str
    company: str
    country: str
    gics_industry_group: str
    gics_industry: str
    sector: str
    mass_kg: Decimal
    mass_source: str
    kg_co2e: Decimal
    intensity: str
    protocol: str
    change: str
    change_reason: str
    upstream_estimated: bool
    shares: Mapping[str, Decimal]
    adjustments: str
    stages: tuple[ReportedStage, ...]


def read_catalogue(folder: Path) -> tuple[ReportedFootprint, ...]:
    """The footprints of a folder, in the file's order; InvalidInput with every problem found."""
    missing = [name for name in (PRODUCTS_FILE, STAGES_FILE) if not (folder / name).is_file()]
    if missing:
        what = f"{folder} lacks {' and '.join(missing)}" if folder.is_dir() else f"{folder} is not a folder"
        message = f"{what}. Name the folder that holds {PRODUCTS_FILE} and {STAGES_FILE}. Nothing was imported."
        raise InvalidInput(message, path=("PATH",))
    report = Report("The catalogue's files")
    stages = _stages(folder / STAGES_FILE, report)
    found = _footprints(folder / PRODUCTS_FILE, stages, report)
    for pcf_id in stages.keys() - found.keys():
        report.add("NOT_KNOWN", f"has stages of {pcf_id}, which is not in {PRODUCTS_FILE}", STAGES_FILE, None)
    report.raise_any()
    return tuple(found.values())


def _stages(path: Path, report: Report) -> dict[str, list[ReportedStage]]:
    found: dict[str, list[ReportedStage]] = {}
    for line, (pcf_id, description, scope, portion, emitted) in rows_of(path, STAGE_COLUMNS, report, others=True):
        if not _ID.fullmatch(pcf_id):
            report.add("CODE_INVALID", "is not company-product-year", path.name, line, "*PCF-ID", pcf_id)
        if portion not in PORTIONS:
            message = f"is not one of {', '.join(PORTIONS)}"
            report.add("NOT_KNOWN", message, path.name, line, "*Assigned value chain portion", portion)
        amount = number_of(emitted, path.name, line, "Emissions at stage (kg CO2e)", report)
        if amount is not None:
            stage = ReportedStage(_text(description), _text(scope), portion, amount)
            found.setdefault(pcf_id, []).append(stage)
    return found


def _footprints(path: Path, stages: Mapping[str, list[ReportedStage]], report: Report) -> dict[str, ReportedFootprint]:
    found: dict[str, ReportedFootprint] = {}
    companies: dict[str, str] = {}
    for line, cells in rows_of(path, PRODUCT_COLUMNS, report, others=True):
        row = dict(zip(PRODUCT_COLUMNS, cells, strict=True))
        read = _footprint(row, path.name, line, stages, report)
        if read is None:
            continue
        if read.id in found:
            report.add("REPEATED", "stands here for a second time", path.name, line, "*PCF-ID", read.id)
        if companies.setdefault(read.company_number, read.company) != read.company:
            message = f"is another company than the one with the same number, {companies[read.company_number]}"
            report.add("CONTRADICTION", message, path.name, line, "Company", read.company)
        found[read.id] = read
        if len(found) > FOOTPRINTS_MAX:
            report.add("TOO_MANY", f"has more than {FOOTPRINTS_MAX} footprints", path.name, None)
            return found
    return found


def _footprint(
    row: Mapping[str, str], file: str, line: int, stages: Mapping[str, list[ReportedStage]], report: Report
) -> ReportedFootprint | None:
    before = len(report.problems)
    pcf_id, year = row["*PCF-ID"], row["Year of reporting"]
    named = _ID.fullmatch(pcf_id)
    if named is None:
        report.add("CODE_INVALID", "is not company-product-year", file, line, "*PCF-ID", pcf_id)
    elif named[3] != year:
        report.add("CONTRADICTION", f"is another year than that of {pcf_id}", file, line, "Year of reporting", year)
    _check_texts(row, file, line, report)
    mass = _above_zero(row, "Product weight (kg)", file, line, report)
    emitted = _above_zero(row, "Product's carbon footprint (PCF, kg CO2e)", file, line, report)
    shares = _shares(row, file, line, report)
    if (row["*Stage-level CO2e available"] == "Yes") != (pcf_id in stages):
        message = f"contradicts {STAGES_FILE}, which has {'' if pcf_id in stages else 'no '}stages of it"
        report.add("CONTRADICTION", message, file, line, "*Stage-level CO2e available")
    if len(report.problems) > before or named is None or mass is None or emitted is None:
        return None
    text = {name: _text(cell) for name, cell in row.items()}
    return ReportedFootprint(
        id=pcf_id,
        company_number=named[1],
        product=named[2],
        year=int(year),
        name=text["Product name (and functional unit)"],
        detail=text["Product detail"],
        company=text["Company"],
        country=text["Country (where company is incorporated)"],
        gics_industry_group=text["Company's GICS Industry Group"],
        gics_industry=text["Company's GICS Industry"],
        sector=text["*Company's sector"],
        mass_kg=mass,
        mass_source=text["*Source for product weight"],
        kg_co2e=emitted,
        intensity=text["*Carbon intensity"],
        protocol=text["Protocol used for PCF"],
        change=text["Relative change in PCF vs previous"],
        change_reason=text["Company-reported reason for change"],
        upstream_estimated=row["*%Upstream estimated from %Operations"] == "Yes",
        shares=shares,
        adjustments=text["*Adjustments to raw data (if any)"],
        stages=tuple(stages.get(pcf_id, ())),
    )


def _check_texts(row: Mapping[str, str], file: str, line: int, report: Report) -> None:
    for column, cell in row.items():
        if len(cell) > TEXT_LENGTH_MAX or steering_character(cell, lines=True):
            message = f"has a control character, or is longer than {TEXT_LENGTH_MAX} characters"
            report.add("TEXT_INVALID", message, file, line, column, cell)
    for column in ("Product name (and functional unit)", "Company"):
        if not _text(row[column]):
            report.add("REQUIRED", "is empty", file, line, column)


def _above_zero(row: Mapping[str, str], column: str, file: str, line: int, report: Report) -> Decimal | None:
    number = number_of(row[column], file, line, column, report)
    if number is not None and number <= 0:
        report.add("OUT_OF_RANGE", "is not above 0", file, line, column, row[column])
    return number


def _shares(row: Mapping[str, str], file: str, line: int, report: Report) -> dict[str, Decimal]:
    """Shares that are numbers; the others say in words that they are not reported."""
    found = {}
    for name, column in SHARES.items():
        cell = row[column]
        if cell.lower().startswith(("n/a", "(included in")):
            continue
        share = number_of(cell, file, line, column, report)
        if share is not None:
            found[name] = share
    return found


def _text(cell: str) -> str:
    """On one line; empty where the cell says in some way that nothing was reported."""
    text = " ".join(cell.split())
    return "" if text.lower() in _NOTHING or text.lower().startswith("n/a (") else text
