"""Alliances and their members: what of them is stored, and reading it.

A Membership node is an invitation and what became of it; everything is decided by it. The relationship MEMBER_OF with
its `from` and `until` says the same to whoever looks at the graph, from when the invitation is accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exchange.graph.bolt import Bolt
from exchange.graph.keys import name_key, search_name
from exchange.graph.reading import Listing, by_key, chunks, read_page
from exchange.graph.records import alliance_of, membership_of
from exchange.model.alliance import Alliance, Membership
from exchange.model.footprint import NEVER_US
from exchange.model.paging import Page, PageOf

FOUND = """
UNWIND $rows AS r MATCH (o:Organization {id: r.founderId}) CREATE (a:Alliance) SET a = r
CREATE (o)-[:FOUNDED]->(a) RETURN count(a)
"""
INVITE = """
UNWIND $rows AS r MATCH (o:Organization {id: r.organizationId}) MATCH (a:Alliance {id: r.allianceId})
CREATE (m:Membership) SET m = r CREATE (m)-[:OF_ORGANIZATION]->(o) CREATE (m)-[:IN_ALLIANCE]->(a) RETURN count(m)
"""
JOIN = """
UNWIND $rows AS r MATCH (m:Membership {id: r.id}) SET m.joinedUs = r.atUs, m.sequence = r.sequence RETURN count(m)
"""
MEMBER = f"""
UNWIND $rows AS r MATCH (m:Membership {{id: r.id}})-[:IN_ALLIANCE]->(a:Alliance)
MATCH (m)-[:OF_ORGANIZATION]->(o:Organization)
CREATE (o)-[:MEMBER_OF {{membership: m.id, from: m.joinedUs, until: {NEVER_US}}}]->(a) RETURN count(m)
"""
END = """
UNWIND $rows AS r MATCH (m:Membership {id: r.id}) SET m.endedAtUs = r.atUs, m.endedSequence = r.sequence
RETURN count(m)
"""
END_MEMBER = """
UNWIND $rows AS r MATCH (:Membership {id: r.id})-[:OF_ORGANIZATION]->(:Organization)-[x:MEMBER_OF]->(:Alliance)
WHERE x.membership = r.id SET x.until = r.atUs
"""
_CALLED = "MATCH (a:Alliance {nameKey: $key}) RETURN count(a)"
_OF_ORGANIZATION = """
MATCH (m:Membership {organizationId: $id}) WHERE m.endedAtUs = $never
RETURN properties(m) ORDER BY m.invitedSequence, m.id
"""
_IN_ALLIANCES = "UNWIND $ids AS i MATCH (m:Membership {allianceId: i}) RETURN properties(m)"
_ALL = "MATCH (m:Membership) WHERE m.sequence <= $head RETURN properties(m)"


async def get_alliances(bolt: Bolt, ids: Sequence[str]) -> list[Alliance | None]:
    return await by_key(bolt, "Alliance", "id", ids, alliance_of)


async def list_alliances(bolt: Bolt, page: Page) -> PageOf[Alliance]:
    return await read_page(bolt, Listing("MATCH (n:Alliance)", "sortName"), page, alliance_of)


async def alliance_is_called(bolt: Bolt, name: str) -> bool:
    return bool((await bolt.read(_CALLED, key=name_key(search_name(name))))[0][0])


async def get_memberships(bolt: Bolt, ids: Sequence[str]) -> list[Membership | None]:
    return await by_key(bolt, "Membership", "id", ids, membership_of)


async def memberships_of(bolt: Bolt, organization_id: str) -> list[Membership]:
    rows = await bolt.read(_OF_ORGANIZATION, id=organization_id, never=NEVER_US)
    return [membership_of(row[0]) for row in rows]


async def memberships_in(bolt: Bolt, alliance_ids: Collection[str]) -> list[Membership]:
    found: list[Membership] = []
    for chunk in chunks(alliance_ids):
        found += [membership_of(row[0]) for row in await bolt.read(_IN_ALLIANCES, ids=chunk)]
    return sorted(found, key=lambda each: (each.sequence, each.invited_sequence, each.id))


async def read_memberships(bolt: Bolt, head: int) -> list[Membership]:
    rows = await bolt.read(_ALL, head=head)
    return sorted((membership_of(row[0]) for row in rows), key=lambda each: each.sequence)
