"""Footprint versions as their viewer sees them: envelope at TOTAL, direct emissions at BREAKDOWN, lines at INPUTS.

Whether lines and direct emissions may be shown depends on what each line resolves to, so a version that is not the
viewer's own is resolved on the dates at which it is asked about (today where it does not hold then).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np

from exchange.access import line_is_shown
from exchange.model.closure import Dates
from exchange.model.conformity import Verification
from exchange.model.footprint import NEVER_DAY, NEVER_US, Footprint, FootprintKind, Line, SystemBoundary
from exchange.model.grant import AccessLevel
from exchange.model.resolved import Bools, ResolvedLines
from exchange.operations.answers.values import (
    DeclaredAnswer,
    FallbackLineAnswer,
    FootprintAnswer,
    LineAnswer,
    ModelledAnswer,
)
from exchange.operations.reading.roll_ups import solve_for
from exchange.operations.reading.sight import Sight
from exchange.operations.requests.checks import first_of_month
from exchange.rollup import choose, valid_until_day


async def by_footprint(sight: Sight, footprints: Sequence[Footprint | None]) -> list[FootprintAnswer | None]:
    """One entry per footprint, in order; None where its product is not visible."""
    keys = [footprint.product_key for footprint in footprints if footprint]
    visible = {answer.product.key: answer.access for answer in await sight.products_by_key(keys) if answer}
    dates = sight.dates()
    return [
        await _answer(sight, footprint, visible[footprint.product_key], dates)
        if footprint and footprint.product_key in visible and footprint.sequence <= sight.head.sequence
        else None
        for footprint in footprints
    ]


async def standing(sight: Sight, keys: Sequence[int], dates: Dates) -> list[FootprintAnswer | None]:
    """The version that stands for each visible product at these dates."""
    return (await standing_within(sight, keys, dates, [SystemBoundary.CRADLE_TO_GATE]))[SystemBoundary.CRADLE_TO_GATE]


async def standing_within(
    sight: Sight, keys: Sequence[int], dates: Dates, boundaries: Collection[SystemBoundary]
) -> dict[SystemBoundary, list[FootprintAnswer | None]]:
    """The same within each of several boundaries, in one reading."""
    answers = await sight.products_by_key(keys)
    nodes = await sight.store.read_nodes({answer.product.key for answer in answers if answer})
    releases = {f.release_id for node in nodes.values() for f in node.footprints if f.release_id}
    successors = await sight.store.read_successors(sorted(releases)) if releases else {}
    found: dict[SystemBoundary, list[FootprintAnswer | None]] = {boundary: [] for boundary in boundaries}
    for boundary, answer in product(boundaries, answers):
        node = nodes.get(answer.product.key) if answer else None
        chosen = choose(node, dates, successors, boundary).footprint if node else None
        shown = await _answer(sight, chosen, answer.access, dates) if chosen and answer else None
        found[boundary].append(shown)
    return found


async def exempted_percent(sight: Sight, footprint_id: str) -> Decimal:
    """The exempted share of the whole result of a version that is not the viewer's own (the owner's own statement is
    the owner's)."""
    footprint = (await sight.store.get_footprints([footprint_id]))[0]
    assert footprint is not None  # it was shown a moment ago, and footprints are never deleted
    dates, key = _dates_within(sight, footprint), footprint.product_key
    async with sight.share.turn():
        solved = await solve_for(sight, [key], dates, chosen={key: footprint})
        if solved.solution.refusal(key) is not None:
            return Decimal(0)
        return await sight.share.compute(lambda: solved.total(key).exempted_emissions_percent)


def _dates_within(sight: Sight, footprint: Footprint) -> Dates:
    """Today, or the nearest day on which the version holds."""
    today = sight.dates()
    day = min(max(today.as_of_day, footprint.valid_from_day), footprint.valid_until_day - 1)
    return Dates(day, today.known_at_us, today.head)


async def _answer(sight: Sight, footprint: Footprint, access: AccessLevel, dates: Dates) -> FootprintAnswer:
    owner = access == AccessLevel.OWNER
    lines, direct_shown = await _lines(sight, footprint, access, dates)
    if access == AccessLevel.INPUTS:
        sight.inputs_read[footprint.product_key] = None
    modelled, declared = footprint.modelled, footprint.declared
    # A modelled footprint's own statement covers its direct emissions, and is shown with them.
    quality_shown = owner or declared is not None or direct_shown
    until = await _valid_until(sight, footprint, dates)
    deprecated = footprint.deprecated_sequence <= sight.head.sequence
    return FootprintAnswer(
        id=footprint.id,
        pf_id=footprint.pf_id,
        preceding_pf_ids=footprint.preceding_pf_ids,
        product_key=footprint.product_key,
        kind=footprint.kind,
        status=footprint.status,
        boundary=footprint.boundary,
        published_at_us=footprint.published_at_us,
        deprecated_at_us=footprint.deprecated_at_us if deprecated and footprint.deprecated_at_us != NEVER_US else None,
        reference_period_start_us=footprint.reference_period_start_us,
        reference_period_end_us=footprint.reference_period_end_us,
        valid_from_day=footprint.valid_from_day if owner else first_of_month(footprint.valid_from_day),
        valid_until_day=None if until == NEVER_DAY else until if owner else first_of_month(until),
        declared_unit_amount=footprint.declared_unit_amount,
        declared_unit=footprint.declared_unit,
        price=footprint.price,
        mass_kg_per_declared_unit=footprint.mass_kg_per_declared_unit,
        geography_country=footprint.geography_country,
        geography_country_subdivision=footprint.geography_country_subdivision,
        geography_region_or_subregion=footprint.geography_region_or_subregion,
        ipcc_characterization_factors=footprint.ipcc_characterization_factors,
        cross_sectoral_standards=footprint.cross_sectoral_standards,
        product_rules=footprint.product_rules,
        verification=_verification(footprint.verification, access),
        exempted_emissions_percent=footprint.exempted_emissions_percent if owner or declared else None,
        data_quality=footprint.data_quality if quality_shown else None,
        release_id=footprint.release_id,
        comment=footprint.comment if access >= AccessLevel.INPUTS else None,
        declared=DeclaredAnswer(
            declared.excluding_kg_co2e,
            declared.including_kg_co2e,
            declared.primary_data_share_percent,
            declared.pedigree if owner else None,
            declared.geometric_standard_deviation,
            declared.components.unknown(),
        )
        if declared
        else None,
        modelled=ModelledAnswer(
            {stage: components.vector() for stage, components in modelled.direct.items()},
            modelled.direct_primary_data_share_percent,
            modelled.direct_pedigree if owner else None,
        )
        if modelled and direct_shown
        else None,
        lines=lines,
        findings=footprint.findings if owner else (),
    )


def _verification(stated: Verification | None, access: AccessLevel) -> Verification | None:
    """What an owner writes to its readers may tell a recipe, here as in the footprint's comment."""
    return stated if stated is None or access >= AccessLevel.INPUTS else replace(stated, comments=None)


async def _valid_until(sight: Sight, footprint: Footprint, dates: Dates) -> int:
    if footprint.release_id is None or footprint.valid_until_day != NEVER_DAY:
        return footprint.valid_until_day
    successors = await sight.store.read_successors([footprint.release_id])
    return valid_until_day(footprint, dates, successors)


async def _lines(
    sight: Sight, footprint: Footprint, access: AccessLevel, dates: Dates
) -> tuple[tuple[LineAnswer, ...] | None, bool]:
    """The lines that the viewer sees (None below INPUTS), and whether direct emissions are shown."""
    if access == AccessLevel.TOTAL:
        return None, False
    if footprint.kind == FootprintKind.DECLARED:
        return (() if access >= AccessLevel.INPUTS else None), False
    if access == AccessLevel.OWNER:
        return await _own_lines(sight, footprint), True
    day = min(max(dates.as_of_day, footprint.valid_from_day), footprint.valid_until_day - 1)
    dates = Dates(day, dates.known_at_us, dates.head)
    solved = await solve_for(sight, [footprint.product_key], dates, chosen={footprint.product_key: footprint})
    resolved = solved.resolved(footprint.product_key)
    assert resolved is not None  # it is modelled
    shown = line_is_shown(resolved, solved.level_of)
    direct_shown = bool(shown.all())
    if access < AccessLevel.INPUTS:
        return None, direct_shown
    return _shown_lines(footprint, resolved, shown), direct_shown


def _shown_lines(footprint: Footprint, resolved: ResolvedLines, shown: Bools) -> tuple[LineAnswer, ...]:
    answers = []
    for number, position in enumerate(np.flatnonzero(shown).tolist(), start=1):
        fallback = int(resolved.fallback_named[position])
        line = footprint.lines.line(position)
        key = int(resolved.serving[position])
        answers.append(_line(line, number, key, fallback if fallback >= 0 else None, own=False))
    return tuple(answers)


async def _own_lines(sight: Sight, footprint: Footprint) -> tuple[LineAnswer, ...]:
    """All lines; a product is named where the owner may see it, one that was registered later included."""
    lines = list(footprint.lines)
    fallbacks = [line.fallback for line in lines if line.fallback]
    unbound = {line.urn for line in lines if line.product_key is None and line.urn}
    unbound |= {fallback.urn for fallback in fallbacks if fallback.product_key is None and fallback.urn}
    names = await sight.store.read_names(unbound) if unbound else {}
    bound = {line.product_key for line in lines} | {fallback.product_key for fallback in fallbacks}
    keys = sorted({key for key in (*bound, *names.values()) if key is not None})
    visible = {answer.product.key for answer in await sight.products_by_key(keys) if answer}

    def shown(key: int | None, urn: str | None) -> int | None:
        found = key if key is not None else _lookup(names, urn)
        return found if found in visible else None

    return tuple(
        _line(
            line,
            line.number,
            shown(line.product_key, line.urn),
            shown(line.fallback.product_key, line.fallback.urn) if line.fallback else None,
            own=True,
        )
        for line in lines
    )


def _lookup(names: Mapping[str, int], urn: str | None) -> int | None:
    return None if urn is None else names.get(urn)


def _line(line: Line, number: int, product_key: int | None, fallback_key: int | None, *, own: bool) -> LineAnswer:
    """`own`: to the owner, who alone sees the scores that it stated."""
    fallback = line.fallback
    return LineAnswer(
        number=number,
        product_key=product_key,
        urn=line.urn,
        named_id=line.named_id,
        amount=line.amount,
        unit=line.unit,
        price=line.price,
        data_quality=line.data_quality,
        geometric_standard_deviation=line.geometric_standard_deviation,
        stage=line.stage,
        amount_is_primary=line.amount_is_primary,
        delivered=line.delivered,
        packaging=line.packaging,
        credit=line.credit,
        fallback=FallbackLineAnswer(
            fallback_key,
            fallback.urn,
            fallback.named_id,
            fallback.amount,
            fallback.unit,
            fallback.price,
            fallback.pedigree if own else None,
        )
        if fallback
        else None,
        pedigree=line.pedigree if own else None,
    )
