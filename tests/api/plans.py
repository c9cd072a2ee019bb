"""Worlds of tests/access/pairs.py, published through the API: every product, footprint and grant by its owner.

All is written at one instant of the server's clock: when something was published is shown, and would differ otherwise.
Every organization that either world of a pair knows is in both, as signed-in callers see them all.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exchange.model.carbon import COLUMNS, STATED
from exchange.model.parties import OPERATOR, Scope, Viewer
from exchange.operations.changing.organizations import add_organization
from exchange.operations.exchange import Exchange
from exchange.schema.execution import Executor, Request
from exchange.schema.ids import global_id
from tests.access.pairs import ALLIANCES, Plan, Planned, Row
from tests.api.exchange_server import ExchangeServer, new_key
from tests.api.inputs import footprint

NAMESPACE = uuid.UUID("8a4b0a1e-0f5c-4c52-9d0d-0d6f2f3e7c11")  # of pfIds, so that they are the same in both worlds

EXECUTORS: dict[str, Executor] = {}  # one for each server: it keeps the queries that it has read


@dataclass
class PublishedPlan:
    """A plan on a server. tag: keeps its organizations apart from those of other plans. by_scores: what others than
    the viewer know the spread of, they state by scores."""

    server: ExchangeServer
    plan: Plan
    tag: str
    known: dict[str, str]  # ids of the organizations on the server, by name
    by_scores: bool = False
    ids: dict[str, str] = field(default_factory=dict)  # the same by the plan's names
    products: dict[str, str] = field(default_factory=dict)
    alliances: dict[str, str] = field(default_factory=dict)
    executor: Executor = field(init=False)

    def urn(self, name: str) -> str:
        """Of the one kind that anybody may register: the owner of a product is not in its name."""
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self.tag} {name}')}"

    def organization(self, name: str) -> str:
        return name if name == "viewer" else f"{name}x{self.tag}"

    def publish(self, organizations: list[str]) -> None:
        """Writes the plan. What nobody is shown in an order of its own is written at once, the rest in order."""
        self.server.run(lambda exchange: self._publish(exchange, organizations))

    async def _publish(self, exchange: Exchange, organizations: list[str]) -> None:
        self.executor = EXECUTORS.setdefault(self.server.url, Executor(exchange))
        for name in organizations:
            self.ids[name] = await self._add(exchange, self.organization(name))
        for name, planned in self.plan.products.items():
            given: dict[str, Any] = {
                "idempotencyKey": new_key(),
                "productIds": [self.urn(name)],
                "name": f"{name} {self.tag}",
            }
            made = await self._ask(planned.owner, "createProduct", given, "product { id }")
            self.products[name] = made["product"]["id"]
        # The viewer's own in order: its audit trail shows it.
        mine = {name: one for name, one in self.plan.products.items() if one.owner == self.plan.viewer}
        for name, planned in mine.items():
            await self._publish_footprints(name, planned)
        others = {name: one for name, one in self.plan.products.items() if name not in mine}
        await asyncio.gather(*(self._publish_footprints(name, one) for name, one in others.items()))
        await self._ally()
        grants = [each for each in dict.fromkeys(self.plan.grants) if self.owner(each[0]) != each[1]]
        viewers = [each for each in grants if self.owner(each[0]) == self.plan.viewer]
        for product, to, level, onward in viewers:
            await self._grant(product, to, level, onward)
        await asyncio.gather(*(self._grant(*each) for each in grants if each not in viewers))

    def owner(self, granted: str) -> str:
        """Who gives a grant: of a product, or "of" everything."""
        return granted.removeprefix("of ") if granted.startswith("of ") else self.plan.products[granted].owner

    async def _ally(self) -> None:
        """Alliances in an order of their own: who is in them is shown in it."""
        for alliance in ALLIANCES:
            given = {"idempotencyKey": new_key(), "name": f"{alliance} {self.tag}"}
            made = await self._ask("convener", "foundAlliance", given, "alliance { id }")
            self.alliances[alliance] = made["alliance"]["id"]
        for alliance, organization, state in dict.fromkeys(self.plan.members):
            called = global_id("Organization", self.ids[organization])
            given = {"idempotencyKey": new_key(), "alliance": self.alliances[alliance], "organization": called}
            invited = await self._ask("convener", "inviteToAlliance", given, "invitation { id }")
            if state != "invited":
                accepted = {"invitation": invited["invitation"]["id"]}
                await self._ask(organization, "acceptInvitation", accepted, "membership { id }")
            if state == "left":
                await self._ask(
                    organization, "leaveAlliance", {"alliance": self.alliances[alliance]}, "alliance { id }"
                )

    async def _ask(self, organization: str, mutation: str, given: dict[str, Any], fields: str) -> Any:
        """A mutation that must succeed, by an organization's token, but past HTTP: tokens take their time to make."""
        viewer = Viewer(self.ids[organization], frozenset({Scope.READ, Scope.PUBLISH}), client_id="publisher")
        name = mutation[0].upper() + mutation[1:]
        text = f"""mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{
            __typename ... on {name}Payload {{ {fields} }} ... on UserError {{ message path }} }} }}"""
        found = (await self.executor.answer(Request(text, {"input": given}), viewer, "request")).body
        assert found["data"][mutation]["__typename"] == f"{name}Payload", found
        return found["data"][mutation]

    async def _add(self, exchange: Exchange, name: str) -> str:
        if name not in self.known:
            made = await add_organization(exchange, OPERATOR, name=f"{name.title()}Co", domains=[f"{name}.example"])
            self.known[name] = made.id
        return self.known[name]

    async def _publish_footprints(self, name: str, planned: Planned) -> None:
        preceding: list[str] = []
        for number in range(planned.older):
            old = Planned(planned.owner, total={"fossilGhgEmissions": Decimal(number + 1)})
            preceding = [await self._publish_one(name, old, preceding, number)]
        await self._publish_one(name, planned, preceding, planned.older)

    async def _publish_one(self, name: str, planned: Planned, preceding: list[str], number: int) -> str:
        pf_id = str(uuid.uuid5(NAMESPACE, f"{self.tag} {name} {number}"))
        more = {
            "pfId": pf_id,
            "precedingPfIds": preceding,
            "productMassPerDeclaredUnit": planned.mass,
            "validityPeriodStart": "2026-01-01T00:00:00Z",
            "validityPeriodEnd": f"{planned.ends}T00:00:00Z",
            "ipccCharacterizationFactors": list(planned.ipcc),
            "exemptedEmissionsPercent": planned.exempted,
            "dataQuality": rating(planned.rating),
        }
        result = self._declared(planned) if planned.total is not None else self._modelled(planned)
        given = footprint(self.products[name], result, **more)
        request = {"idempotencyKey": new_key(), "footprint": given}
        await self._ask(planned.owner, "publishFootprint", request, "footprint { id }")
        return pf_id

    def _modelled(self, planned: Planned) -> dict[str, Any]:
        stages = {"MANUFACTURING": planned.direct}
        stages |= {stage: {"fossilGhgEmissions": amount} for stage, amount in planned.stages.items()}
        direct = [{"stage": stage, "components": texts(parts)} for stage, parts in stages.items()]
        scored = self.by_scores and planned.owner != self.plan.viewer
        lines = [self._line(one, scored) for one in planned.lines]
        result = {"direct": direct, "directPrimaryDataShare": planned.pds, "lines": lines}
        named = {f"direct{name[0].upper()}{name[1:]}": value for name, value in spread(planned.gsd, scored).items()}
        return {"modelled": result | named}

    def _declared(self, planned: Planned) -> dict[str, Any]:
        scored = self.by_scores and planned.owner != self.plan.viewer
        return {"declared": declared(planned) | spread(planned.gsd, scored)}

    def _line(self, one: Row, scored: bool) -> dict[str, Any]:
        made: dict[str, Any] = {
            "product": {"productId": self.urn(one["supplier"])},
            "amount": str(one["amount"]),
            "unit": one["unit"],
            "stage": one.get("stage", "RAW_MATERIAL_ACQUISITION"),
            "amountIsPrimary": one.get("primary", False),
            "delivered": one.get("delivered", False),
            "packaging": one.get("packaging", False),
        }
        if one.get("rating"):
            made["dataQuality"] = rating(one["rating"])
        made |= spread(one.get("gsd"), scored)
        if one.get("fallback"):
            name, amount, unit, *gsd = one["fallback"]
            made["fallback"] = {"product": {"productId": self.urn(name)}, "amount": str(amount), "unit": unit}
            made["fallback"] |= spread(gsd[0] if gsd else None, scored)
        return made

    async def _grant(self, product: str, to: str | None, level: str, onward: bool) -> None:
        grantee: dict[str, Any] = {"public": True}
        if to is not None:
            allied = to in ALLIANCES
            grantee = {"alliance": self.alliances[to]} if allied else {"organization": self._id(to)}
        of_many = product.startswith("of ")
        given = {
            "idempotencyKey": new_key(),
            **({"everything": True} if of_many else {"product": self.products[product]}),
            "to": grantee,
            "level": level,
            "onward": onward,
        }
        await self._ask(self.owner(product), "grantAccess", given, "grant { id }")

    def _id(self, organization: str) -> str:
        return global_id("Organization", self.ids[organization])


def declared(planned: Planned) -> dict[str, Any]:
    assert planned.total is not None
    whole = sum((planned.total.get(component, Decimal(0)) for component in COLUMNS[:8]), Decimal(0))
    result = {
        "pcfExcludingBiogenicUptake": plain(whole),
        "pcfIncludingBiogenicUptake": plain(whole),
        "components": texts({name: amount for name, amount in planned.total.items() if name in STATED}),
        "primaryDataShare": planned.pds,
    }
    if planned.outbound is not None:
        result["outboundLogisticsGhgEmissions"] = plain(planned.outbound)
    return result


def spread(gsd: Any, scored: bool) -> dict[str, Any]:
    """A spread as stated, or by scores from which the same one follows."""
    if gsd is None or not scored:
        return {} if gsd is None else {"geometricStandardDeviation": gsd}
    best = {"reliability": 1, "completeness": 1, "temporalCorrelation": 1, "geographicalCorrelation": 1}
    return {"pedigree": {"basicGeometricStandardDeviation": gsd, **best, "furtherTechnologicalCorrelation": 1}}


def texts(parts: dict[str, Decimal]) -> dict[str, str]:
    return {"fossilGhgEmissions": "0", **{name: plain(amount) for name, amount in parts.items()}}


def plain(amount: Decimal) -> str:
    return format(amount, "f")


def rating(one: str) -> dict[str, str]:
    return {"technologicalDQR": one, "temporalDQR": one, "geographicalDQR": one}
