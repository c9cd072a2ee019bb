"""The Carbon Catalogue: companies with public products, footprints from cradle to grave that enter no roll-up."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from exchange.errors import Conflict, InvalidInput, StoreUnavailable
from exchange.importers import carbon_catalogue
from exchange.importers.carbon_catalogue import import_catalogue
from exchange.importers.catalogue_files import read_catalogue
from exchange.importers.publisher import publisher
from exchange.model.footprint import FootprintKind, LifeCycleStage, SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.paging import Page
from exchange.model.parties import ANONYMOUS, OPERATOR
from exchange.model.resolved import GapCode
from exchange.operations.answers.values import RefusedAnswer, RollUpAnswer
from exchange.operations.changing.products import create_product
from exchange.operations.changing.publishing import publish_footprints
from exchange.operations.requests.checks import day_not_before
from exchange.operations.requests.inputs import (
    CreateProductInput,
    FootprintInput,
    LineInput,
    ModelledInput,
    ProductKey,
    PublishFootprintsInput,
    StageEmissionsInput,
)
from exchange.rollup.refusals import RefusalCode
from exchange.units import AmountUnit, DeclaredUnit
from tests.importers.catalogues import NO_STAGES, PRODUCTS, STAGES, reported, write_catalogue
from tests.rollup.check import day, instant

AS_OF = day("2018-06-01")  # what was reported for 2015 to 2017 holds


def catalogue(folder, name: str, **more):
    """Companies of its own for each test."""
    read = read_catalogue(write_catalogue(folder, **more))
    return [dataclasses.replace(one, company=f"{one.company} of {name}") for one in read]


async def answer_of(exchange, product_id, viewer=ANONYMOUS):
    session = await exchange.session(viewer)
    [found] = await session.products([product_id])
    return session, found


async def test_a_company_is_an_organization_and_its_product_public(exchange, tmp_path):
    read = catalogue(tmp_path, "first")
    imported = await import_catalogue(exchange, read, domain="first.example")
    assert (len(imported.organization_ids), len(imported.product_ids)) == (2, 2)
    assert (imported.footprints, imported.with_stages) == (3, 1)
    session, paper = await answer_of(exchange, imported.product_ids["7", "1"])
    assert paper.access == AccessLevel.TOTAL
    assert paper.product.name == "Paper 7-1-2016"
    assert paper.product.product_ids == ("urn:pact:7.first.example:product-id:1",)
    assert paper.product.classifications == (
        "urn:pact:first.example:gics-industry:paper-forest-products",
        "urn:pact:first.example:gics-industry-group:materials",
        "urn:pact:first.example:sector:construction-commercial-materials",
    )
    told = paper.product.description.splitlines()
    assert told[0] == "Of Mill 7 of first, incorporated in Finland."
    assert told[1] == (
        "Reported in 2015: 2000 kg CO2e per product of 1000 kg, cradle to grave; "
        "upstream 60 %, operations 30 %, downstream 10 %."
    )
    assert told[2] == "Reported in 2016: 1900.5 kg CO2e per product of 1000 kg, cradle to grave."
    assert "Meinrenken" in told[3]
    assert "CC BY 4.0" in told[3]
    [owner] = await session.organizations([imported.organization_ids["7"]])
    assert owner.name == "Mill 7 of first (Carbon Catalogue)"


async def test_a_footprint_says_that_it_is_cradle_to_grave_and_what_is_not_known(exchange, tmp_path):
    read = catalogue(tmp_path, "second")
    imported = await import_catalogue(exchange, read, domain="second.example")
    session, paper = await answer_of(exchange, imported.product_ids["7", "1"], OPERATOR)
    newest, oldest = (await session.list_footprints(paper.product.key, Page(first=10))).items
    if newest.reference_period_end_us < oldest.reference_period_end_us:
        newest, oldest = oldest, newest
    assert newest.boundary is SystemBoundary.CRADLE_TO_GRAVE
    assert newest.kind == FootprintKind.DECLARED
    assert (newest.declared.excluding_kg_co2e, newest.mass_kg_per_declared_unit) == (Decimal("1900.5"), Decimal(1000))
    assert (newest.declared_unit_amount, newest.declared_unit) == (1, DeclaredUnit.PIECE)
    assert (newest.ipcc_characterization_factors, newest.cross_sectoral_standards) == ((), ("ISO",))
    assert (newest.geography_country, newest.data_quality) == (None, None)
    assert newest.reference_period_start_us == instant("2016-01-01")
    assert (newest.valid_from_day, newest.valid_until_day) == (day("2017-01-01"), day("2020-01-01"))
    assert "- Downstream: End of life (Scope 3): 200 kg" in oldest.comment.splitlines()
    assert "The study split upstream from operations by the average of the sector." in oldest.comment


async def test_it_has_no_cradle_to_gate_and_a_line_to_it_is_a_gap(exchange, tmp_path):
    read = catalogue(tmp_path, "third")
    imported = await import_catalogue(exchange, read, domain="third.example")
    session, paper = await answer_of(exchange, imported.product_ids["8", "1"])
    [refused] = await session.roll_up([paper.product.key], AS_OF, None)
    assert isinstance(refused, RefusedAnswer)
    assert refused.code == RefusalCode.OTHER_BOUNDARY
    assert await session.standing_footprints([paper.product.key], AS_OF, None) == [None]

    buyer = publisher(imported.organization_ids["7"])
    book = await create_product(
        exchange, buyer, CreateProductInput("book", ("urn:pact:7.third.example:product-id:book",), "Book")
    )
    made = FootprintInput(
        product=book,
        declared_unit_amount=Decimal(1),
        declared_unit_of_measurement=DeclaredUnit.PIECE,
        product_mass_per_declared_unit=Decimal(1),
        reference_period_start=new_year(2016),
        reference_period_end=new_year(2017),
        ipcc_characterization_factors=("AR5",),
        cross_sectoral_standards=("ISO14067",),
        modelled=ModelledInput(
            direct=(StageEmissionsInput(LifeCycleStage.MANUFACTURING, {"fossilGhgEmissions": Decimal("0.25")}),),
            lines=(LineInput(ProductKey(id=imported.product_ids["8", "1"]), Decimal(2), AmountUnit.PIECE),),
        ),
    )
    await publish_footprints(exchange, buyer, PublishFootprintsInput("book footprint", (made,)))
    session, shown = await answer_of(exchange, book, buyer)
    [answer] = await session.roll_up([shown.product.key], AS_OF, None)
    assert isinstance(answer, RollUpAnswer)
    assert answer.excluding_kg_co2e == Decimal("0.25")
    assert [gap.code for gap in answer.gaps] == [GapCode.OTHER_BOUNDARY]


def new_year(year: int) -> dt.datetime:
    return dt.datetime(year, 1, 1, tzinfo=dt.UTC)


async def test_the_same_import_again_changes_nothing(exchange, tmp_path):
    read = catalogue(tmp_path, "again")
    first = await import_catalogue(exchange, read, domain="again.example")
    head = await exchange.store.head()
    second = await import_catalogue(exchange, read, domain="again.example")
    assert await exchange.store.head() == head
    assert second == dataclasses.replace(first, changes=0)
    assert first.changes == 2 + 2 + 2 + 3


async def test_an_interrupted_import_completes(exchange, tmp_path, monkeypatch):
    read = catalogue(tmp_path, "broken")
    publish, calls = publish_footprints, []

    async def broken(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise StoreUnavailable("gone")
        return await publish(*arguments)

    monkeypatch.setattr(carbon_catalogue, "publish_footprints", broken)
    with pytest.raises(StoreUnavailable):
        await import_catalogue(exchange, read, domain="broken.example")
    imported = await import_catalogue(exchange, read, domain="broken.example")
    session = await exchange.session(OPERATOR)
    found = await session.products(list(imported.product_ids.values()))
    pages = [await session.list_footprints(one.product.key, Page(first=10)) for one in found]
    assert [page.total for page in pages] == [2, 1]


async def test_other_figures_under_the_same_names_are_a_conflict(exchange, tmp_path):
    await import_catalogue(exchange, catalogue(tmp_path, "other"), domain="other.example")
    head = await exchange.store.head()
    changed = (*PRODUCTS[:2], reported("8-1-2016", "0.5", "3"))
    with pytest.raises(Conflict, match="other figures"):
        await import_catalogue(exchange, catalogue(tmp_path, "other", products=changed), domain="other.example")
    assert await exchange.store.head() == head


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"*PCF-ID": "8-1"}, "CODE_INVALID", ("products.csv", "line 4", "*PCF-ID")),
        ({"Year of reporting": "2015"}, "CONTRADICTION", ("products.csv", "line 4", "Year of reporting")),
        ({"Product weight (kg)": "0"}, "OUT_OF_RANGE", ("products.csv", "line 4", "Product weight (kg)")),
        ({"Product weight (kg)": "nan"}, "NUMBER_INVALID", ("products.csv", "line 4", "Product weight (kg)")),
        ({"Company": "Not reported"}, "REQUIRED", ("products.csv", "line 4", "Company")),
        ({"*Stage-level CO2e available": "Yes"}, "CONTRADICTION", None),
        ({"*Upstream CO2e (fraction of total PCF)": "much"}, "NUMBER_INVALID", None),
        ({"Product detail": "a\x08b"}, "TEXT_INVALID", None),
        ({"*PCF-ID": "7-1-2016"}, "REPEATED", None),
        ({"*PCF-ID": "7-2-2016"}, "CONTRADICTION", ("products.csv", "line 4", "Company")),
    ],
)
def test_a_bad_row_is_told_with_its_place(tmp_path, changes, code, place):
    bad = (*PRODUCTS[:2], reported("8-1-2016", "0.5", "1") | changes)
    with pytest.raises(InvalidInput, match="Nothing was imported") as refused:
        read_catalogue(write_catalogue(tmp_path, products=bad))
    first = refused.value.problems[0]
    assert first.code == code
    assert place is None or first.path == place


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        (("9-9-2016", "Pulp", "Scope 3", "Upstream", "1"), "NOT_KNOWN"),
        (("7-1-2015", "Pulp", "Scope 3", "Sideways", "1"), "NOT_KNOWN"),
        (("7-1-2015", "Pulp", "Scope 3", "Upstream", ""), "NUMBER_INVALID"),
        (("7.1.2015", "Pulp", "Scope 3", "Upstream", "1"), "CODE_INVALID"),
    ],
)
def test_a_bad_stage_is_told(tmp_path, stage, code):
    with pytest.raises(InvalidInput) as refused:
        read_catalogue(write_catalogue(tmp_path, stages=(*STAGES, stage)))
    assert refused.value.problems[0].code == code


def test_a_missing_file_or_column_is_told(tmp_path):
    with pytest.raises(InvalidInput, match=r"lacks products\.csv and stages\.csv"):
        read_catalogue(tmp_path)
    write_catalogue(tmp_path)
    (tmp_path / "stages.csv").write_text("*PCF-ID,Description of LCA stage\n")
    with pytest.raises(InvalidInput) as refused:
        read_catalogue(tmp_path)
    assert refused.value.problems[0].code == "HEADER"


def test_the_publication_is_read_whole(data_dir):
    read = read_catalogue(data_dir / "carbon_catalogue")
    assert len(read) == 866
    assert len({one.company_number for one in read}) == 145
    assert len({(one.company_number, one.product) for one in read}) == 614
    assert len({one.country for one in read}) == 28
    assert sum(bool(one.stages) for one in read) == 421
    assert sum(len(one.stages) for one in read) == 1764
    assert sum(one.kg_co2e for one in read) == Decimal("13696003.71372")
    assert all((one.shares != {}) == bool(one.stages) for one in read)
    assert {one.sector for one in read if NO_STAGES in one.sector} == set()


async def test_the_publication_is_imported_whole(exchange, data_dir):
    read = read_catalogue(data_dir / "carbon_catalogue")
    imported = await import_catalogue(exchange, read)
    assert imported.changes == 145 + 614 + 614 + 866
    session = await exchange.session(ANONYMOUS)
    found = await session.products(list(imported.product_ids.values()))
    assert {answer.access for answer in found} == {AccessLevel.TOTAL}
    assert day_not_before(instant("2018-06-01")) == AS_OF
    answers = await session.roll_up([answer.product.key for answer in found], AS_OF, None)
    codes = {answer.code for answer in answers if isinstance(answer, RefusedAnswer)}
    assert codes == {RefusalCode.OTHER_BOUNDARY, RefusalCode.EXPIRED}
    assert all(isinstance(answer, RefusedAnswer) for answer in answers)
    assert (await import_catalogue(exchange, read)).changes == 0
