"""The operator reads everything, and owns nothing: seeing all products does not make them its own to write to."""

from __future__ import annotations

from exchange.model.ledger import ChangeKind
from exchange.model.parties import Scope
from tests.api import example
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, publish_all


def test_an_administering_client_sees_as_owner_but_writes_nothing_of_others(server: ExchangeServer) -> None:
    publish_all(server)
    operator = server.add_organization("operator", scopes=frozenset(Scope))
    text = "query ($id: ID!) { product(id: $id) { access cradleToGate { ... on RollUp { ledgerSequence } } } }"
    shown = operator.query(text, {"id": server.products["power"]})["product"]
    assert shown["access"] == "OWNER"
    assert shown["cradleToGate"]["ledgerSequence"] == str(server.ledger_head())
    before = server.ledger_head()
    _, footprint = example.footprints()[0]
    power = server.products["power"]
    own = server.client("grid").query(
        "query ($id: ID!) { product(id: $id) { footprints { nodes { id } } grants { nodes { id } } } }", {"id": power}
    )["product"]
    writes = {
        "publishFootprint": {"idempotencyKey": new_key(), "footprint": {"product": power, **footprint}},
        "deprecateFootprint": {"footprint": own["footprints"]["nodes"][0]["id"], "reason": "no"},
        "grantAccess": {"idempotencyKey": new_key(), "product": power, "to": {"public": True}, "level": "TOTAL"},
        "revokeAccess": {"grant": own["grants"]["nodes"][0]["id"]},
    }
    for mutation, given in writes.items():
        assert denied(operator, mutation, given) == "AccessDenied", mutation
    head = server.ledger_head()
    kinds = [change.kind for change in server.run(lambda exchange: exchange.store.changes(before, head))]
    assert kinds == [ChangeKind.WRITE_DENIED] * len(writes)  # what it tried is kept, and nothing else


def denied(client: ApiClient, mutation: str, given: dict[str, object]) -> str:
    return str(client.mutate(mutation, given, "__typename")["__typename"])
