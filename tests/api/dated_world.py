"""A server whose clock the test moves forward, and its products by name: publish, grant and ask in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from exchange.config import Settings
from exchange.model.parties import Scope
from exchange.schema.ids import named_by
from tests.api import inputs
from tests.api.exchange_server import ExchangeServer, close_to, new_key, serving
from tests.api.graph_dump import check_whole

BOTH = frozenset({Scope.READ, Scope.PUBLISH})
TOKEN_LIFE = timedelta(minutes=10)
Line = dict[str, Any]


class Clock:
    """The exchange's clock: what the test says, and a millisecond more each time it is read."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += timedelta(milliseconds=1)
        return int(self.now.timestamp()) * 1_000_000 + self.now.microsecond


@dataclass
class World:
    """A server, its clock, and products by name: each of organization `one`, or of the one before a slash."""

    server: ExchangeServer
    clock: Clock
    ids: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, datetime] = field(default_factory=dict)

    def client(self, key: str) -> Any:
        """Signed in by the exchange's clock."""
        client = self.server.clients[key]
        if self.clock.now - self.signed_in.get(key, datetime.min.replace(tzinfo=UTC)) > TOKEN_LIFE:
            named = named_by(client.organization_id or "")
            assert named is not None
            client.token = self.server.token(named[1], BOTH)
            self.signed_in[key] = self.clock.now
        return client

    def owner(self, product: str) -> Any:
        return self.client(product.split("/")[0] if "/" in product else "one")

    def product(self, name: str, urn: str | None = None) -> str:
        if name not in self.ids:
            given = {"idempotencyKey": new_key(), "productIds": [urn or f"urn:uuid:{new_key()}"], "name": name}
            self.ids[name] = self.owner(name).done("createProduct", given, "product { id }")["product"]["id"]
        return self.ids[name]

    def footprint(self, name: str, result: dict[str, Any], **more: Any) -> dict[str, Any]:
        return inputs.footprint(self.product(name), result, **more)

    def declared(self, name: str, total: str, **more: Any) -> dict[str, Any]:
        return self.footprint(name, inputs.declared(total), **more)

    def modelled(self, name: str, *lines: Line, **more: Any) -> dict[str, Any]:
        return self.footprint(name, inputs.modelled(*lines), **more)

    def line(self, name: str, amount: str, **more: Any) -> Line:
        return {"product": {"id": self.product(name)}, "amount": amount, "unit": "KILOGRAM", **more}

    def send(self, *footprints: dict[str, Any], by: str = "one") -> dict[str, Any]:
        fields = "footprints { id pfId publishedAt }"
        given = {"idempotencyKey": new_key(), "footprints": list(footprints)}
        found: dict[str, Any] = self.client(by).mutate("publishFootprints", given, fields)
        return found

    def publish(self, footprint: dict[str, Any], *, by: str = "one") -> dict[str, Any]:
        found = self.send(footprint, by=by)
        assert found["__typename"] == "PublishFootprintsPayload", found
        published: dict[str, Any] = found["footprints"][0]
        return published

    def deprecate(self, footprint: str) -> list[str]:
        """The codes of what its owner is told."""
        given, fields = {"footprint": footprint, "reason": "Wrong."}, "footprint { id } findings { code severity path }"
        found = self.client("one").done("deprecateFootprint", given, fields)["findings"]
        assert all((one["severity"], one["path"]) == ("WARNING", ["product"]) for one in found)
        return [one["code"] for one in found]

    def grant(self, name: str, to: str, **more: Any) -> dict[str, Any]:
        public = to == "public"
        grantee = {"public": True} if public else {"organization": self.server.clients[to].organization_id}
        given = {"product": self.product(name), "to": grantee, "level": "TOTAL", "idempotencyKey": new_key(), **more}
        found: dict[str, Any] = self.owner(name).mutate("grantAccess", given, "grant { id from }")
        return found

    def answer(self, name: str, as_of: str | None = None, known_at: str | None = None) -> dict[str, Any]:
        variables = {"id": self.product(name), "asOf": as_of, "knownAt": known_at}
        found: dict[str, Any] = self.owner(name).query(QUESTION, variables)["product"]
        return found

    def check(
        self, name: str, expected: str, as_of: str | None = None, known_at: str | None = None, gap: str | None = None
    ) -> None:
        """The roll-up at these dates, or the code of its refusal; and that the footprint shown is the one it took."""
        found = self.answer(name, as_of, known_at)
        result = found["cradleToGate"]
        if result["__typename"] == "RollUpRefused":
            assert (result["code"], found["footprint"]) == (expected, None)
            return
        close_to(result["pcfExcludingBiogenicUptake"], expected)
        assert [each["code"] for each in result["gaps"]] == ([] if gap is None else [gap])
        shown = found["footprint"]
        if shown["declared"]:
            close_to(shown["declared"]["pcfExcludingBiogenicUptake"], expected)

    def check_refused(self, found: dict[str, Any], kind: str, path: str) -> None:
        assert (found["__typename"], ".".join(found["path"])) == (kind, path), found


QUESTION = """
query ($id: ID!, $asOf: Date, $knownAt: DateTime) {
  product(id: $id) {
    footprint(asOf: $asOf, knownAt: $knownAt) { id declared { pcfExcludingBiogenicUptake } }
    cradleToGate(asOf: $asOf, knownAt: $knownAt) {
      __typename
      ... on RollUp { pcfExcludingBiogenicUptake gaps { code line } }
      ... on RollUpRefused { code }
    }
  }
}
"""


@contextlib.contextmanager
def dated_world(settings: Settings, now: datetime) -> Iterator[World]:
    """A world of the organizations `one` and `two` that begins now, and is whole when it ends."""
    clock = Clock(now)
    with serving(settings, clock=clock) as server:
        server.add_organization("one")
        server.add_organization("two")
        yield World(server, clock)
        server.run(lambda exchange: check_whole(exchange.store))
