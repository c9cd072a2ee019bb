"""The seed is whole, sourced, and nothing in it would be refused or found fault with. Pure: no store, no engine."""

from __future__ import annotations

import ast
import csv
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

import seed
from tests.unit.seed_solver import DATA, FOOTPRINTS, PRODUCTS, UNITS, excluding, named, standing, uptake, validity

ORGANIZATIONS = {organization.key: organization for organization in DATA.organizations}
UNREGISTERED = {product.product_id for product in DATA.unregistered}

NEGATIVE_OR_ZERO = {
    "landManagementBiogenicCO2Removals",
    "technologicalCO2Removals",
    "ccsTechnologicalCO2Capture",
}
INPUT_FIELDS = {
    "fossilCarbonContent",
    "declaredUnitAmount",
    "declaredUnitOfMeasurement",
    "productMassPerDeclaredUnit",
    "referencePeriodStart",
    "referencePeriodEnd",
    "validityPeriodStart",
    "validityPeriodEnd",
    "geographyCountry",
    "geographyCountrySubdivision",
    "geographyRegionOrSubregion",
    "boundaryProcessesDescription",
    "ipccCharacterizationFactors",
    "crossSectoralStandards",
    "exemptedEmissionsPercent",
    "exemptedEmissionsDescription",
    "dataQuality",
    "comment",
    "declared",
    "modelled",
}
LINE_FIELDS = {
    "product",
    "amount",
    "unit",
    "stage",
    "amountIsPrimary",
    "delivered",
    "packaging",
    "credit",
    "dataQuality",
    "geometricStandardDeviation",
    "pedigree",
    "fallback",
}


def figures(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every decimal of a footprint's input, with its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "product":
                yield from figures(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from figures(inner, f"{path}[{position}]")
    elif isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        yield path, value


def evaluate(expression: str) -> Decimal:
    operators: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
    }

    def value(node: ast.AST) -> Decimal:
        if isinstance(node, ast.BinOp):
            return operators[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        assert isinstance(node, ast.Constant), ast.dump(node)
        return Decimal(ast.get_source_segment(expression, node) or "")

    return value(ast.parse(expression, mode="eval").body)


# ---- whole ----


def test_five_chains_of_at_least_fifteen_enterprises_and_forty_products():
    assert {product.chain for product in DATA.products} == {*seed.CHAINS, "factors"}
    assert len(seed.CHAINS) == 5
    ours = [product for product in DATA.products if product.chain != "factors"]
    assert len(ours) >= 40
    assert len({product.owner for product in ours}) >= 15
    for chain in seed.CHAINS:
        assert len([product for product in ours if product.chain == chain]) >= 5


def test_keys_and_urns_are_unique_and_refer_to_what_exists():
    for rows in (DATA.products, DATA.footprints, DATA.organizations, DATA.releases):
        assert max(Counter(row.key for row in rows).values()) == 1
    assert max(Counter(product.product_id for product in DATA.products).values()) == 1
    for product in DATA.products:
        assert product.product_id.startswith(f"urn:pact:{ORGANIZATIONS[product.owner].domain}:")
    for footprint in DATA.footprints:
        assert footprint.product in PRODUCTS
        assert footprint.release in {None, *(release.key for release in DATA.releases)}
    for grant in DATA.grants:
        assert grant.product in PRODUCTS
        assert grant.to == "public" or grant.to in ORGANIZATIONS
        assert grant.level in ("TOTAL", "BREAKDOWN", "INPUTS")
        assert grant.to != "public" or grant.level == "TOTAL"
        assert grant.to != PRODUCTS[grant.product].owner
    assert len({(grant.product, grant.to) for grant in DATA.grants}) == len(DATA.grants)
    assert {organization.group for organization in DATA.organizations} <= {None, *ORGANIZATIONS}


def test_every_enterprise_says_that_it_is_invented():
    for organization in DATA.organizations:
        assert "(invented)" in organization.name
        assert "虚构" in organization.description
        assert organization.domain.endswith(".example")
        assert all(urn.startswith(f"urn:pact:{organization.domain}:company-id:") for urn in organization.company_ids)


def test_every_line_names_a_product_or_a_declared_unregistered_urn():
    registered = {product.product_id for product in DATA.products}
    assert not registered & UNREGISTERED
    used = set()
    for footprint in DATA.footprints:
        for line in footprint.lines:
            for what in (line, line.get("fallback", line)):
                key, urn = named(what)
                assert (key in PRODUCTS) != (urn in UNREGISTERED), (footprint.key, what["product"])
                used.add(urn)
    assert used >= UNREGISTERED


def test_the_inputs_have_the_fields_of_the_api_and_nothing_else():
    for footprint in DATA.footprints:
        text = footprint.input
        assert set(text) <= INPUT_FIELDS, footprint.key
        assert ("declared" in text) != ("modelled" in text)
        assert text["ipccCharacterizationFactors"]
        assert text["crossSectoralStandards"]
        for line in footprint.lines:
            assert set(line) <= LINE_FIELDS, footprint.key


def test_a_correction_corrects_an_earlier_footprint_of_the_same_product():
    order = [footprint.key for footprint in DATA.footprints]
    corrections = [footprint for footprint in DATA.footprints if footprint.supersedes]
    assert [footprint.key for footprint in corrections] == ["battery-pack-2025"]
    for footprint in corrections:
        assert footprint.supersedes is not None
        assert order.index(footprint.supersedes) < order.index(footprint.key)
        assert FOOTPRINTS[footprint.supersedes].product == footprint.product


# ---- sourced ----


def test_every_figure_has_a_source_or_says_that_it_is_illustrative():
    for footprint in DATA.footprints:
        given = dict(figures(dict(footprint.input)))
        trivial = {"declaredUnitAmount"}
        if footprint.input["productMassPerDeclaredUnit"] == "0" or (
            footprint.input["declaredUnitOfMeasurement"] == "KILOGRAM"
        ):
            trivial.add("productMassPerDeclaredUnit")
        for path in given.keys() - trivial:
            covered = path in footprint.sources or re.sub(r"\.[^.]*DQR$", "", path) in footprint.sources
            assert covered, (footprint.key, path)
        for path, source in footprint.sources.items():
            assert path == "ipccCharacterizationFactors" or any(p.startswith(path) for p in given), (
                footprint.key,
                path,
            )
            assert source.source or source.illustrative, (footprint.key, path)
            assert source.illustrative == (source.reason is not None), (footprint.key, path)
    for release in DATA.releases:
        assert release.sources["date"].source or release.sources["date"].illustrative


def test_calculations_give_their_figures():
    checked = 0
    for footprint in DATA.footprints:
        given = dict(figures(dict(footprint.input)))
        for path, source in footprint.sources.items():
            for key in source.official_figures:
                assert key in DATA.official_figures, (footprint.key, path)
            if source.calculation is None:
                continue
            figure = Decimal(given[path])
            exact = evaluate(source.calculation)
            assert exact.quantize(figure, ROUND_HALF_EVEN) == figure, (footprint.key, path, exact, figure)
            checked += 1
            for key in source.official_figures:
                assert DATA.official_figures[key].value in source.calculation, (footprint.key, path, key)
    assert checked > 50


def test_figures_without_a_calculation_are_their_official_figures():
    for footprint in DATA.footprints:
        given = dict(figures(dict(footprint.input)))
        for path, source in footprint.sources.items():
            if source.official_figures and source.calculation is None and path in given:
                assert [DATA.official_figures[key].value for key in source.official_figures] == [given[path]]


def test_official_figures_are_those_of_the_tables(data_dir):
    used = {
        key for footprint in DATA.footprints for source in footprint.sources.values() for key in source.official_figures
    }
    assert used == set(DATA.official_figures)
    for name in sorted({figure.file for figure in DATA.official_figures.values()}):
        path = data_dir / name
        if not path.exists():
            pytest.skip(f"{name} is not in the data folder")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = {next(iter(row.values())): row for row in reader}
        for figure in DATA.official_figures.values():
            if figure.file == name:
                assert rows[figure.row][figure.column] == figure.value, figure


def test_the_two_chinese_series_are_never_mixed():
    files = {figure.file for figure in DATA.official_figures.values()}
    assert files == {"uk_factors/2025.csv", "china/cn_power_cfp_2023_2024.csv"}


# ---- nothing that the exchange would refuse or find fault with ----


def test_nothing_is_refused():
    for footprint in DATA.footprints:
        text = footprint.input
        assert Decimal(text["declaredUnitAmount"]) > 0
        assert text["referencePeriodStart"] < text["referencePeriodEnd"]
        assert Decimal(text.get("exemptedEmissionsPercent", "0")) >= 0
        for path, value in figures(dict(text)):
            if path.endswith("DQR"):
                assert 1 <= Decimal(value) <= 5
            if path.endswith(("PrimaryDataShare", "primaryDataShare")):
                assert 0 <= Decimal(value) <= 100
            name = path.rsplit(".", 1)[-1]
            if ".components." in path:
                if name in NEGATIVE_OR_ZERO or (name == "biogenicCO2Uptake" and path.startswith("declared")):
                    assert Decimal(value) <= 0, (footprint.key, path)
                elif name not in ("biogenicCO2Uptake", "unspecified"):
                    assert Decimal(value) >= 0, (footprint.key, path)
        for line in footprint.lines:
            assert (Decimal(line["amount"]) < 0) == line.get("credit", False), footprint.key
        if "modelled" in text:
            stages = [stage["stage"] for stage in text["modelled"]["direct"]]
            assert len(stages) == len(set(stages))


def test_sums_masses_and_validity_give_no_finding():
    for footprint in DATA.footprints:
        text = footprint.input
        if text["declaredUnitOfMeasurement"] == "KILOGRAM":
            assert Decimal(text["productMassPerDeclaredUnit"]) == Decimal(text["declaredUnitAmount"])
        assert Decimal(text.get("exemptedEmissionsPercent", "0")) <= 3
        start, end = validity(footprint)
        assert footprint.release or end <= start.replace(year=start.year + 3)
        for path, value in figures(dict(text)):
            assert not (path.lower().endswith("primarydatashare") and Decimal(value) <= 1), footprint.key
        if "declared" in text:
            stated = text["declared"]
            total = excluding(stated["components"])
            assert total == Decimal(stated["pcfExcludingBiogenicUptake"]), footprint.key
            assert total + uptake(stated["components"]) == Decimal(stated["pcfIncludingBiogenicUptake"])


def test_transport_is_counted_once():
    """What is bought comes `delivered` or with a transport line; what has outbound transport never with both."""
    for footprint in DATA.footprints:
        bought = [line for line in footprint.lines if line["stage"] == "RAW_MATERIAL_ACQUISITION"]
        brings = any(line["unit"] == "TON_KILOMETER" for line in bought)
        goods = [line for line in bought if UNITS[line["unit"]][0] in ("mass", "volume", "piece")]
        delivered = [line for line in goods if line.get("delivered")]
        assert brings or delivered or not goods, footprint.key
        assert not (brings and delivered and delivered == goods), footprint.key
        for line in footprint.lines:
            supplier = standing().get(named(line)[0])
            outbound = supplier is not None and (
                any(other["stage"] == "DISTRIBUTION" for other in supplier.lines)
                or "outboundLogisticsGhgEmissions" in supplier.input.get("declared", {})
            )
            if outbound:
                assert line.get("delivered"), (footprint.key, line["product"])
                assert not brings, (footprint.key, line["product"])
            elif line.get("delivered"):  # from the neighbouring hall: nothing to add
                assert supplier is not None
                assert PRODUCTS[supplier.product].owner == PRODUCTS[footprint.product].owner
