"""A small catalogue in the format of the Carbon Catalogue, to be imported or spoilt."""

from __future__ import annotations

import csv
from pathlib import Path

from exchange.importers.catalogue_files import PRODUCT_COLUMNS, SHARES, STAGE_COLUMNS

NO_STAGES = "N/a (product with insufficient stage-level data)"
BARE = {
    "*Stage-level CO2e available": "No",
    "Product detail": "Field not included in 2013 data",
    "Country (where company is incorporated)": "Finland",
    "Company's GICS Industry Group": "Materials",
    "Company's GICS Industry": "Paper & Forest Products",
    "*Company's sector": "Construction & commercial materials",
    "*Source for product weight": "As per company's submission to CDP",
    "*Carbon intensity": "2",
    "Protocol used for PCF": "ISO",
    "Relative change in PCF vs previous": "(not reported by company)",
    "Company-reported reason for change": "N/a",
    "*%Upstream estimated from %Operations": NO_STAGES,
    **dict.fromkeys(SHARES.values(), NO_STAGES),
    "*Adjustments to raw data (if any)": "None",
}


def reported(pcf_id: str, weight: str, pcf: str, **changes: str) -> dict[str, str]:
    company, _, year = pcf_id.split("-")
    return {
        **BARE,
        "*PCF-ID": pcf_id,
        "Year of reporting": year,
        "Product name (and functional unit)": f"Paper {pcf_id}",
        "Company": f"Mill {company}",
        "Product weight (kg)": weight,
        "Product's carbon footprint (PCF, kg CO2e)": pcf,
        **changes,
    }


WITH_STAGES = {
    "*Stage-level CO2e available": "Yes",
    "*%Upstream estimated from %Operations": "Yes",
    "*Upstream CO2e (fraction of total PCF)": "0.6",
    "*Operations CO2e (fraction of total PCF)": "0.3",
    "*Downstream CO2e (fraction of total PCF)": "0.1",
    "*Transport CO2e (fraction of total PCF)": "(included in up/downstream but not reported separately)",
}
PRODUCTS = (
    reported("7-1-2015", "1000", "2000", **WITH_STAGES),
    reported("7-1-2016", "1000", "1900.5"),
    reported("8-1-2016", "0.5", "1"),
)
STAGES = (
    ("7-1-2015", "Pulp", "Scope 3", "Upstream", "1200"),
    ("7-1-2015", "Mill", "Scope 1 & 2", "Operations", "600"),
    ("7-1-2015", "End of life", "Scope 3", "Downstream", "2e2"),
)


def write_catalogue(folder: Path, products=PRODUCTS, stages=STAGES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, PRODUCT_COLUMNS)
        writer.writeheader()
        writer.writerows(products)
    with (folder / "stages.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([*STAGE_COLUMNS, "*Emissions at this stage are exclusively transport"])
        rows.writerows([*stage, "No"] for stage in stages)
    return folder
