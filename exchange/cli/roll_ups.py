"""`exchange rollup`: a product's cradle to gate, for people as a page and for programs as JSON with the API's names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from exchange.cli import roll_up_fields as fields
from exchange.cli import running
from exchange.cli.console import JSON_OPTION, console, print_json, table
from exchange.cli.finding import ProductArgument, find_product
from exchange.cli.roll_up_fields import Named, roll_up_fields
from exchange.errors import RollUpRefused
from exchange.model.carbon import COLUMNS, MEMO
from exchange.model.footprint import NEVER_DAY, Price
from exchange.operations.answers.values import RefusedAnswer, RollUpAnswer, TreeNodeAnswer
from exchange.operations.exchange import Exchange
from exchange.operations.reading.session import Session

CONTRIBUTIONS_SHOWN = 10  # not more than the JSON has, whose names are looked up
TREE_DEPTH, TREE_CUTOFF_PERCENT, TREE_NODES = 4, 1.0, 60


@dataclass(frozen=True, slots=True)
class Page:
    answer: RollUpAnswer
    names: dict[int, Named]
    price: Price | None  # of a product declared in money

    def name(self, key: int | None) -> str:
        return escape(self.names[key].product) if key is not None and key in self.names else "(not visible)"


def rollup(
    product: ProductArgument,
    as_of: running.AsOfOption = None,
    known_at: running.KnownAtOption = None,
    organization: running.AsOption = None,
    tree: Annotated[bool, typer.Option("--tree", help="Show the supply chain as a tree, too.")] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Compute what one declared unit of a product carries from cradle to gate.

    Example: exchange rollup "Electric car Zephyr" --as-of 2026-06-30 --as swiftwind.example --tree
    """
    known_at_us = running.known_at_us(known_at)

    async def command(exchange: Exchange) -> None:
        viewer = await running.viewer_of(exchange, organization)
        session = await exchange.session(viewer)
        found = await find_product(session, product)
        page = await roll_up_page(session, found.product.key, running.as_of_day(as_of), known_at_us, tree=tree)
        if as_json:
            print_json(roll_up_fields(page.answer, page.names, tree=tree))
        else:
            show_roll_up(console(), page, tree=tree)

    running.run(command)


async def roll_up_page(
    session: Session, key: int, as_of_day: int | None, known_at_us: int | None, *, tree: bool = False
) -> Page:
    """The answer with every name that is printed. Raises RollUpRefused where the product has none."""
    [answer] = await session.roll_up([key], as_of_day, known_at_us)
    if isinstance(answer, RefusedAnswer):
        members = await session.products_by_key(answer.member_keys)
        loop = " → ".join(member.product.name for member in members if member)
        raise RollUpRefused(answer.message + (f" The loop: {loop}." if loop else ""), refusal=answer.code)
    keys = {key, *(c.product_key for c in answer.contributions(fields.CONTRIBUTIONS))}
    keys |= {k for gap in answer.gaps for k in (gap.consumer_key, gap.product_key) if k is not None}
    keys |= {k for use in answer.fallbacks for k in (use.consumer_key, use.product_key)}
    if tree:
        keys |= _keys_of(answer.tree(TREE_DEPTH, TREE_CUTOFF_PERCENT, TREE_NODES).root)
        keys |= _keys_of(answer.tree(fields.TREE_DEPTH, fields.TREE_CUTOFF_PERCENT, fields.TREE_NODES).root)
    products = [found.product for found in await session.products_by_key(sorted(keys)) if found]
    owners = await session.organizations(sorted({found.owner_id for found in products}))
    names = {owner.id: owner.name for owner in owners if owner}
    [standing] = await session.standing_footprints([key], as_of_day, known_at_us)
    named = {one.key: Named(one.id, one.name, names.get(one.owner_id, "")) for one in products}
    return Page(answer, named, standing.price if standing else None)


def _keys_of(node: TreeNodeAnswer) -> set[int]:
    return {node.product_key}.union(*(_keys_of(child) for child in node.children))


def show_roll_up(out: Console, page: Page, *, tree: bool = False) -> None:
    """The whole page, most important first."""
    answer, key = page.answer, page.answer.product_key
    price = page.price
    unit = f"{price.currency} of {price.year}" if price else answer.declared_unit.lower().replace("_", " ")
    unit = f"{plain(answer.declared_unit_amount)} {unit}"
    named = page.names[key]
    out.print(f"[bold]{page.name(key)}[/]  {escape(named.owner)}  as of {day(answer.as_of_day)}")
    out.print(f"[bold green]{plain(answer.excluding_kg_co2e)} kg CO2e[/] per {unit}, cradle to gate")
    if answer.including_kg_co2e != answer.excluding_kg_co2e:
        out.print(f"  {plain(answer.including_kg_co2e)} kg CO2e including biogenic uptake")
    out.print(
        f"  certified between {plain(answer.lower_kg_co2e)} and {plain(answer.upper_kg_co2e)} (numerical error only)"
    )
    ratings = answer.data_quality
    out.print(
        f"  primary data {percent(answer.primary_data_share_percent)}; data quality (1 best, 5 worst): technology "
        f"{ratings.technological:.2f}, time {ratings.temporal:.2f}, geography {ratings.geographical:.2f}"
    )
    until = answer.valid_until_day()
    out.print(f"  valid until {'further notice' if until is None or until >= NEVER_DAY else day(until)}")
    _show_components(out, answer)
    _show_gaps(out, page)
    _show_contributions(out, page)
    if tree:
        _show_tree(out, page)
    for finding in answer.findings:
        out.print(f"{finding.severity.lower()}: {escape(finding.message)}")
    out.print(f"[dim]{answer.digest()}[/]")


def _show_components(out: Console, answer: RollUpAnswer) -> None:
    rows = table("component", "kg CO2e", right=("kg CO2e",))
    for name, amount in zip(COLUMNS, answer.components, strict=True):
        if amount:
            rows.add_row(name + (" (inside fossil)" if name in MEMO else ""), plain(amount))
    if rows.row_count:
        out.print()
        out.print(rows)


def _show_gaps(out: Console, page: Page) -> None:
    answer = page.answer
    if answer.gaps:
        rows = table("missing: into", "line", "why", title="Gaps: the total is too low by what is missing here")
        for gap in answer.gaps:
            rows.add_row(page.name(gap.consumer_key), str(gap.line), f"{gap.code}: {gap.message}")
        out.print()
        out.print(rows)
    elif answer.has_gaps:
        out.print("This product has gaps, which only its owner sees: the total is too low by them.")
    if answer.fallbacks:
        rows = table("into", "line", "served by", "instead, because", title="Fallbacks that serve")
        for use in answer.fallbacks:
            rows.add_row(page.name(use.consumer_key), str(use.line), page.name(use.product_key), str(use.reason))
        out.print()
        out.print(rows)


def _show_contributions(out: Console, page: Page) -> None:
    shown = page.answer.contributions(CONTRIBUTIONS_SHOWN)
    rows = table("from", "owner", "kg CO2e", "share", "", right=("kg CO2e", "share"), title="Where it comes from")
    for one in shown:
        owner = escape(page.names[one.product_key].owner) if one.product_key in page.names else ""
        note = "" if one.broken_down else "not broken down"
        rows.add_row(
            page.name(one.product_key), owner, plain(one.own_kg_co2e), percent(one.share_percent), f"[dim]{note}[/]"
        )
    out.print()
    out.print(rows)


def _show_tree(out: Console, page: Page) -> None:
    answer = page.answer.tree(TREE_DEPTH, TREE_CUTOFF_PERCENT, TREE_NODES)

    def add(branch: Tree, node: TreeNodeAnswer) -> None:
        for child in node.children:
            words = f"{page.name(child.product_key)}  {plain(child.total_kg_co2e)} kg  {percent(child.share_percent)}"
            add(branch.add(words), child)

    root = Tree(f"{page.name(answer.root.product_key)}  {plain(answer.root.total_kg_co2e)} kg")
    add(root, answer.root)
    out.print()
    out.print(root)
    hidden = f"; {answer.hidden_nodes} smaller branches are not shown" if answer.hidden_nodes else ""
    out.print(f"[dim]Own parts shown explain {percent(answer.coverage_percent)}{hidden}.[/]")


def plain(number: Decimal) -> str:
    """Digits without an exponent and without zeros at the end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(number: Decimal) -> str:
    return f"{number:.1f} %"


def day(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
