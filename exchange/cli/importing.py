"""`exchange seed` and `exchange import …`: data from outside, with progress and a summary."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import seed as demo
from exchange.cli import running
from exchange.cli.calling import called
from exchange.cli.console import JSON_OPTION, console, print_json, progress
from exchange.config import read_settings
from exchange.importers.carbon_catalogue import CatalogueImported, import_catalogue
from exchange.importers.catalogue_files import read_catalogue
from exchange.importers.demo_data import Seeded, publish_seed
from exchange.importers.model_files import Model, read_model
from exchange.importers.productive import check_productive
from exchange.importers.useeio import Compared, Imported, ModelRelease, compare_totals, import_model
from exchange.operations.exchange import Exchange

imports = typer.Typer(no_args_is_help=True, help="Import datasets.\n\nExample: exchange import useeio ../data/useeio")

DEFAULTS = ModelRelease()


def seed(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Publish the example supply chains: invented enterprises, figures with their sources. Safe to run again.

    Example: exchange seed
    """
    data, started = demo.load(), time.monotonic()
    with progress(quiet=as_json) as report:

        async def command(exchange: Exchange) -> Seeded:
            return await publish_seed(exchange, data, report)

        seeded = running.run(command, begins=True)
    seconds = time.monotonic() - started
    if as_json:
        print_json({**_counts(seeded), "changes": seeded.changes, "seconds": round(seconds, 3)})
        return
    counts = _counts(seeded)
    said = "Published" if seeded.changes else "Everything was there already:"
    out = console()
    out.print(
        f"{said} {counts['footprints']} footprints of {counts['products']} products, "
        f"{counts['organizations']} organizations, {counts['grants']} grants, in {seconds:.1f} s."
    )
    shown = next(product.name for product in data.products if product.key == demo.DEMO_PRODUCT)
    advice = called(f"rollup {_quoted(shown)} --as-of {data.as_of}")
    out.print(f"Ask: {escape(advice)}", soft_wrap=True)


def _counts(seeded: Seeded) -> dict[str, int]:
    return {
        "organizations": len(seeded.organizations),
        "products": len(seeded.products),
        "footprints": seeded.footprints,
        "grants": seeded.grants,
    }


@imports.command("useeio")
def useeio(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The folder with products.csv and inputs.csv (or inputs.csv.gz).")
    ],
    name: Annotated[str, typer.Option(help="The publisher's name.")] = DEFAULTS.organization,
    domain: Annotated[str, typer.Option(help="The publisher's domain, for its URNs.")] = DEFAULTS.domain,
    dataset: Annotated[str, typer.Option(help="What the dataset is called.")] = DEFAULTS.dataset,
    label: Annotated[
        str | None, typer.Option(help="What this release is called; price year and a digest of the files if not given.")
    ] = None,
    day: Annotated[
        date | None,
        typer.Option(
            "--date",
            parser=running.parse_date,
            metavar="DATE",
            help="The release's date; the day after the price year if not given.",
        ),
    ] = None,
    ipcc: Annotated[str, typer.Option(help="Characterization factors that the model uses.")] = DEFAULTS.ipcc,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Import an input-output model in USEEIO's format as a dataset release, public at TOTAL. Safe to run again.

    Example: exchange import useeio ../shared/data/useeio --label v2.0.1-411
    """
    read_settings()  # what is wrong with them is told before a large model is read
    started = time.monotonic()
    model = read_model(path)
    check_productive(model)
    release = ModelRelease(name, domain, dataset, label, day, ipcc)
    with progress(quiet=as_json) as report:

        async def command(exchange: Exchange) -> tuple[Imported, Compared]:
            imported = await import_model(exchange, model, release, report)
            return imported, await compare_totals(exchange, model, imported)

        imported, compared = running.run(command, begins=True)
    _show_imported(model, imported, compared, time.monotonic() - started, as_json=as_json)


def _show_imported(model: Model, imported: Imported, compared: Compared, seconds: float, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "organization": imported.organization_id,
            "release": imported.release_id,
            "label": imported.label,
            "products": len(imported.product_ids),
            "footprints": imported.footprints,
            "lines": imported.lines,
            "changes": imported.changes,
            "totals": asdict(compared),
            "seconds": round(seconds, 3),
        }
        print_json(fields)
        return
    said = "Imported" if imported.changes else "Everything was there already:"
    out = console()
    out.print(
        f"{said} {len(imported.product_ids)} products with {imported.lines:,} inputs as release "
        f"[bold]{escape(imported.label)}[/], in {seconds:.1f} s."
    )
    out.print(
        f"{compared.equal} of {compared.total} totals agree with the publisher's to 1e-9 "
        f"(largest difference {compared.largest_relative_difference:.1e}, {escape(compared.worst_code)})."
    )
    advice = called(f"rollup {_quoted(model.products[0].name)}")
    out.print(f"Ask: {escape(advice)}", soft_wrap=True)


@imports.command("carbon-catalogue")
def carbon_catalogue(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder with products.csv and stages.csv.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Import the Carbon Catalogue: companies, products and cradle-to-grave footprints, public. Safe to run again.

    Example: exchange import carbon-catalogue ../shared/data/carbon_catalogue
    """
    read_settings()  # what is wrong with them is told before the files are read
    started = time.monotonic()
    reported = read_catalogue(path)
    with progress(quiet=as_json) as report:

        async def command(exchange: Exchange) -> CatalogueImported:
            return await import_catalogue(exchange, reported, report)

        imported = running.run(command, begins=True)
    _show_catalogue(imported, time.monotonic() - started, as_json=as_json)


def _show_catalogue(imported: CatalogueImported, seconds: float, *, as_json: bool) -> None:
    counts = {
        "organizations": len(imported.organization_ids),
        "products": len(imported.product_ids),
        "footprints": imported.footprints,
        "withStages": imported.with_stages,
        "changes": imported.changes,
    }
    if as_json:
        print_json({**counts, "seconds": round(seconds, 3)})
        return
    said = "Imported" if imported.changes else "Everything was there already:"
    out = console()
    out.print(
        f"{said} {counts['footprints']} cradle-to-grave footprints of {counts['products']} products, "
        f"{counts['organizations']} companies, in {seconds:.1f} s."
    )
    out.print("The Carbon Catalogue, Meinrenken et al., Scientific Data 9:87 (2022), CC BY 4.0.", highlight=False)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
