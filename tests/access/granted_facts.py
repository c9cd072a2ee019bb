"""What a viewer was granted to know of a world, said once more and apart from the code: the premise of two worlds.

Written after the table of levels in docs/permissions.md. Totals, intervals and quality are what the arithmetic gives
for a product asked about alone; which of them are facts is decided here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from exchange.access import permits_at
from exchange.model.footprint import NEVER_DAY, NEVER_US, Footprint, Line, Lines
from exchange.model.grant import AccessLevel, Grant
from exchange.model.resolved import GAP_CODES, ResolvedLines
from exchange.rollup import Solution, choose, roll_up
from tests.access.worlds import EARLIER_US, GrantedWorld
from tests.rollup.check import NOW

NONE, TOTAL, BREAKDOWN, INPUTS, OWNER = AccessLevel
EARLIER = replace(NOW, known_at_us=EARLIER_US)
EPOCH = dt.date(1970, 1, 1)


def levels(world: GrantedWorld, viewer: str | None) -> dict[str, AccessLevel]:
    """The viewer's level on every product, by name."""
    names = [name for name in world.keys if name not in world.unregistered]
    found = {name: _level(world, name, viewer) for name in names}
    onward = {
        named
        for name in names
        if found[name] == INPUTS
        for named in _named(world, name)
        if any(g.onward and world.product(name).owner_id in _reached(world, g) for g in _grants(world, named))
    }
    return {name: max(level, TOTAL if name in onward else NONE) for name, level in found.items()}


def _level(world: GrantedWorld, name: str, viewer: str | None) -> AccessLevel:
    if viewer == "operator" or world.product(name).owner_id == viewer:
        return OWNER
    public, held = [TOTAL for g in _grants(world, name) if _is_public(g)], []
    if viewer is not None:
        held = [g.level for g in _grants(world, name) if viewer in _reached(world, g)]
    return max([*public, *held], default=NONE)


def _is_public(grant: Grant) -> bool:
    return grant.organization_id is None and grant.alliance_id is None


def _reached(world: GrantedWorld, grant: Grant) -> set[str | None]:
    """Whom a grant names, or who is in the alliance that it names; nobody for a consent to statistics."""
    if grant.level == NONE:
        return set()
    return {grant.organization_id} - {None} if grant.alliance_id is None else set(_members(world, grant.alliance_id))


def _members(world: GrantedWorld, alliance: str) -> list[str]:
    """Who joined it by now and has not left since."""
    return [
        each.organization_id
        for each in world.memberships
        if each.alliance_id == alliance and each.joined_us <= NOW.known_at_us and each.ended_at_us == NEVER_US
    ]


def _grants(world: GrantedWorld, name: str) -> list[Grant]:
    """In force, on the product or on many of its owner's."""
    product = world.product(name)
    return [
        g
        for g in world.grants
        if g.in_force(NOW.known_at_us)
        and (
            g.product_key == product.key
            if g.owner_id is None
            else g.owner_id == product.owner_id and g.classification in (None, *product.classifications)
        )
    ]


def _alliances(world: GrantedWorld, viewer: str | None) -> list[str]:
    """What the viewer may know of who is in an alliance: of those that it is in, and its own invitations."""
    found = []
    for alliance in sorted({each.alliance_id for each in world.memberships}):
        seen = viewer == "operator" or viewer in _members(world, alliance)
        found += [
            f"{alliance}: {each.organization_id} from {each.joined_us}"
            for each in world.memberships
            if each.alliance_id == alliance and each.ended_at_us == NEVER_US
            if seen or each.organization_id == viewer
        ]
    return found


def _named(world: GrantedWorld, name: str) -> set[str]:
    standing = choose(world.snapshot().nodes[world.keys[name]], NOW, world.successors).footprint
    urns = [] if standing is None else [urn.removeprefix("urn:x:") for urn in standing.lines.names]
    return {urn for urn in urns if urn in world.keys and urn not in world.unregistered}


def granted_facts(world: GrantedWorld, viewer: str | None) -> str:
    """Everything that was granted, as text to compare."""
    facts = [f"{name}: {fact}" for name, facts in facts_of(world, viewer).items() for fact in facts]
    of_many = [str(grant) for grant in world.grants if grant.owner_id is not None and grant.owner_id == viewer]
    return "\n".join([*facts, *of_many, *_alliances(world, viewer)])


def facts_of(world: GrantedWorld, viewer: str | None) -> dict[str, list[str]]:
    shown = levels(world, viewer)
    return {name: _of_product(world, name, shown, viewer) for name in world.keys if shown.get(name, NONE) >= TOTAL}


def _of_product(world: GrantedWorld, name: str, shown: dict[str, AccessLevel], viewer: str | None) -> list[str]:
    level, product = shown[name], world.product(name)
    found = [f"{level.name} of {product.owner_id}, {product.product_ids} {product.name}"]
    # Anybody may ask without a token; and whom a grant reaches is shown whether it is onward.
    reaching = [g for g in _grants(world, name) if viewer is not None and viewer in _reached(world, g)]
    found.append(f"public {any(map(_is_public, _grants(world, name)))} onward {any(g.onward for g in reaching)}")
    if level == OWNER:
        found += [str(replace(grant, product_key=0)) for grant in world.grants if grant.product_key == product.key]
    for version in world.footprints[name]:
        found += _of_version(world, name, version, shown)
    for dates in (NOW, EARLIER):
        solution = roll_up(world.snapshot(), [product.key], dates, permits_at(dates))
        found += _of_result(world, name, solution, shown)
    return found


def _of_version(world: GrantedWorld, name: str, version: Footprint, shown: dict[str, AccessLevel]) -> list[str]:
    """The envelope, and of a modelled one what its lines allow on the days that it stands for."""
    hidden: dict[str, Any] = {"modelled": None, "key": 0, "product_key": 0, "sequence": 0, "deprecated_sequence": 0}
    if shown[name] == OWNER:
        lines = Lines.of([_line(line, line.number) for line in version.lines])
        return [
            str(replace(version, **{**hidden, "modelled": replace(version.modelled, lines=lines)}))
            if version.modelled
            else str(replace(version, **hidden))
        ]
    month: dict[str, Any] = {
        "valid_from_day": _month(version.valid_from_day),
        "valid_until_day": _month(version.valid_until_day),
    }
    if version.declared is None:
        hidden |= {"exempted_emissions_percent": 0, "data_quality": None}
    else:
        hidden["declared"] = replace(version.declared, pedigree=None)
    found = [str(replace(version, **hidden, **month, comment=None, boundary_processes_description=None))]
    key = world.keys[name]
    day = min(max(NOW.as_of_day, version.valid_from_day), version.valid_until_day - 1)
    dates = replace(NOW, as_of_day=day)
    solution = roll_up(world.snapshot(), [key], dates, permits_at(dates), chosen={key: version})
    if version.declared is None and solution.refusal(key) is None:
        found.append(f"exempted {solution.total(key).exempted_emissions_percent}")
    return found + _of_recipe(world, version, solution.resolved(key), shown)


def _of_recipe(
    world: GrantedWorld, version: Footprint, resolved: ResolvedLines | None, shown: dict[str, AccessLevel]
) -> list[str]:
    name = world.names()[version.product_key]
    if resolved is None or shown[name] < BREAKDOWN or version.modelled is None:
        return []
    seen = _seen_lines(world, resolved, shown)
    found = []
    if len(seen) == len(version.lines):
        direct = replace(version.modelled, lines=Lines(), direct_pedigree=None)
        found.append(f"direct {direct} {version.data_quality}")
    if shown[name] >= INPUTS:
        found += [str(_unscored(_line(version.lines.line(at), number))) for number, at in enumerate(seen, 1)]
    return found


def _unscored(line: Line) -> Line:
    """Without its publisher's scores, of which the spread that follows is left."""
    return replace(line, pedigree=None, fallback=line.fallback and replace(line.fallback, pedigree=None))


def _line(line: Line, number: int) -> Line:
    """As its publisher wrote it, numbered as the viewer sees it."""
    fallback = line.fallback and replace(line.fallback, product_key=None)
    return replace(line, number=number, product_key=None, fallback=fallback)


def _seen_lines(world: GrantedWorld, resolved: ResolvedLines, shown: dict[str, AccessLevel]) -> list[int]:
    names = world.names()

    def visible(key: int) -> bool:
        return key >= 0 and shown.get(names[key], NONE) >= TOTAL

    return [
        at
        for at in range(len(resolved.serving))
        if resolved.reason[at] < 0
        and visible(int(resolved.serving[at]))
        and (not resolved.has_fallback[at] or visible(int(resolved.fallback_named[at])))
    ]


def _of_result(world: GrantedWorld, name: str, solution: Solution, shown: dict[str, AccessLevel]) -> list[str]:
    key, names = world.keys[name], world.names()
    refusal = solution.refusal(key)
    if refusal is not None:
        seen = [names[member] for member in refusal.members if shown[names[member]] >= TOTAL]
        return [f"{refusal.code} {seen} {len(refusal.members) if shown[name] == OWNER else ''}"]
    owner, until = shown[name] == OWNER, solution.valid_until_day(key)
    resolved = solution.resolved(key)
    found = [
        f"stands {world_version(world, name, solution)}",
        str(solution.total(key)),
        str(solution.uncertainty(key)),
        f"until {until if owner or until is None else _month(until)}",
        f"gaps {resolved is not None and bool(resolved.gaps.any())}",
    ]
    if resolved is None:
        return found
    if owner:
        found += [str(_resolution(names, resolved, at, shown)) for at in range(len(resolved.serving))]
    if owner or (shown[name] >= BREAKDOWN and len(_seen_lines(world, resolved, shown)) == len(resolved.serving)):
        found.append(f"stages {solution.direct(key)} {solution.by_stage(key)}")
    return found


def _resolution(names: dict[int, str], resolved: ResolvedLines, at: int, shown: dict[str, AccessLevel]):
    """What an owner may know of one of its lines: which visible product serves, or why none does."""
    product = names.get(int(resolved.serving[at] if resolved.serving[at] >= 0 else resolved.named[at]))
    reason = None if resolved.reason[at] < 0 else GAP_CODES[resolved.reason[at]].value
    visible = product is not None and shown[product] >= TOTAL
    return at, product if visible else None, reason, bool(resolved.by_fallback[at]), bool(resolved.gaps[at])


def world_version(world: GrantedWorld, name: str, solution: Solution) -> str:
    return solution.standing(world.keys[name]).footprint_id


def _month(day: int) -> int:
    if day == NEVER_DAY:
        return day
    return (EPOCH + dt.timedelta(days=day)).replace(day=1).toordinal() - EPOCH.toordinal()


__all__ = ["facts_of", "granted_facts", "levels"]
