"""Idempotency keys: the same request again gets the first answer and writes nothing; another one is a Conflict.

Two servers share one database here, so that a key is one key on the whole exchange.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from exchange.config import Settings
from tests.api import inputs
from tests.api.exchange_server import ApiClient, ExchangeServer, new_key, serving
from tests.api.graph_dump import check_whole, dump

FIELDS = {
    "createProduct": "product { id name productIds }",
    "publishFootprint": "footprint { id pfId publishedAt }",
    "publishFootprints": "footprints { id pfId publishedAt }",
    "createRelease": "release { id label }",
    "grantAccess": "grant { id level from until }",
    "foundAlliance": "alliance { id name }",
    "inviteToAlliance": "invitation { id invitedAt }",
}


@dataclass
class Two:
    """Two servers on one database, and two organizations on both."""

    first: ExchangeServer
    second: ExchangeServer
    product: str

    def at_second(self, key: str) -> ApiClient:
        return ApiClient(self.second.http, self.first.clients[key].token, self.first.clients[key].organization_id)


@pytest.fixture(scope="module")
def two(settings: Settings) -> Iterator[Two]:
    with serving(settings) as first, serving(settings) as second:
        maker, _ = first.add_organization("maker"), first.add_organization("other")
        given = {"idempotencyKey": new_key(), "productIds": ["urn:pact:maker.example:product-id:1"], "name": "One"}
        yield Two(first, second, maker.done("createProduct", given, "product { id }")["product"]["id"])


def declared(product: str, total: str = "2.50") -> dict[str, Any]:
    return inputs.footprint(product, inputs.declared(total))


def request(two: Two, mutation: str, number: str) -> dict[str, Any]:
    """A new request; `number` goes into what it writes."""
    public = two.first.clients["other"].organization_id
    bodies: dict[str, dict[str, Any]] = {
        "foundAlliance": {"name": f"Alliance {number} {new_key()}"},
        "inviteToAlliance": {"alliance": alliance_of(two, mutation), "organization": public},
        "createProduct": {"productIds": [f"urn:uuid:{new_key()}"], "name": f"Product {number}"},
        "publishFootprint": {"footprint": declared(two.product, number)},
        "publishFootprints": {"footprints": [declared(two.product, number), declared(two.product, "7")]},
        "createRelease": {"dataset": "Factors", "label": new_key(), "date": f"20{len(number):02}-01-01"},
        "grantAccess": {
            "product": two.product,
            "to": {"organization": public},
            "level": "TOTAL",
            "until": f"20{90 - len(number)}-01-01T00:00:00Z",
        },
    }
    return {"idempotencyKey": new_key(), **bodies[mutation]}


def alliance_of(two: Two, mutation: str) -> str:
    """A new one of the maker's, where an invitation to one is asked for."""
    if mutation != "inviteToAlliance":
        return ""
    given = {"idempotencyKey": new_key(), "name": new_key()}
    alliance: str = two.first.clients["maker"].done("foundAlliance", given, "alliance { id }")["alliance"]["id"]
    return alliance


def edited(given: dict[str, Any], edit: Callable[[Any], None]) -> dict[str, Any]:
    changed = copy.deepcopy(given)
    edit(changed)
    return changed


@pytest.mark.parametrize("mutation", FIELDS)
def test_the_same_request_again_gets_the_first_answer_and_writes_nothing(two: Two, mutation: str) -> None:
    given, fields = request(two, mutation, "2.5"), FIELDS[mutation]
    maker = two.first.clients["maker"]
    first = maker.done(mutation, given, fields)
    before = dump(two.first)
    for client in (maker, two.at_second("maker"), maker):
        assert client.done(mutation, given, fields) == first
    upper = {**given, "idempotencyKey": given["idempotencyKey"].upper()}
    assert two.at_second("maker").done(mutation, upper, fields) == first
    shuffled = json.loads(json.dumps(given, sort_keys=True))
    assert maker.done(mutation, shuffled, fields) == first
    assert dump(two.first) == before


@pytest.mark.parametrize("mutation", FIELDS)
def test_another_request_with_the_same_key_is_a_conflict(two: Two, mutation: str) -> None:
    given, fields = request(two, mutation, "2.5"), FIELDS[mutation]
    two.first.clients["maker"].done(mutation, given, fields)
    other = request(two, mutation, "2.51") | {"idempotencyKey": given["idempotencyKey"]}
    before = dump(two.first)
    for client in (two.first.clients["maker"], two.at_second("maker")):
        found = client.mutate(mutation, other, fields)
        assert (found["__typename"], found["path"]) == ("Conflict", ["input", "idempotencyKey"]), found
        assert "new UUID" in found["message"]
    assert dump(two.first) == before


def test_one_key_is_one_request_whatever_the_mutation(two: Two) -> None:
    maker = two.first.clients["maker"]
    given = request(two, "publishFootprint", "2.5")
    maker.done("publishFootprint", given, "footprint { id }")
    before = dump(two.first)
    for mutation in ("createProduct", "createRelease", "grantAccess", "publishFootprints"):
        other = request(two, mutation, "2.5") | {"idempotencyKey": given["idempotencyKey"]}
        assert maker.mutate(mutation, other, "__typename")["__typename"] == "Conflict"
    assert dump(two.first) == before


DIGITS = "1.0000000000000000000000000000000000001"
BODIES: dict[str, tuple[Callable[[Any], None], bool]] = {
    "another spelling of one number": (lambda f: f["declared"].update(pcfExcludingBiogenicUptake="2.500"), True),
    "another spelling of one instant": (lambda f: f.update(referencePeriodEnd="2026-01-01T01:00:00+01:00"), True),
    "null for what is absent": (lambda f: f.update(comment=None, validityPeriodEnd=None), True),
    "a default that is said": (lambda f: f.update(exemptedEmissionsPercent="0.0", precedingPfIds=[]), True),
    "another number": (lambda f: f["declared"].update(pcfExcludingBiogenicUptake="2.5001"), False),
    "another last digit of 38": (lambda f: f.update(productMassPerDeclaredUnit=DIGITS), False),
    "another comment": (lambda f: f.update(comment="another"), False),
    "an empty comment": (lambda f: f.update(comment=""), False),
    "another period": (lambda f: f.update(referencePeriodEnd="2026-01-01T00:00:00.000001Z"), False),
}


@pytest.mark.parametrize("case", BODIES)
def test_which_requests_are_the_same(two: Two, case: str) -> None:
    edit, same = BODIES[case]
    given = request(two, "publishFootprint", "2.5")
    maker = two.first.clients["maker"]
    first = maker.done("publishFootprint", given, FIELDS["publishFootprint"])
    again = maker.mutate("publishFootprint", edited(given, lambda g: edit(g["footprint"])), FIELDS["publishFootprint"])
    assert again == first if same else again["__typename"] == "Conflict", again


@pytest.mark.parametrize("mutation", FIELDS)
def test_several_at_once_with_one_key_write_once(two: Two, mutation: str) -> None:
    fields = FIELDS[mutation]
    clients = [two.first.clients["maker"], two.at_second("maker")]
    for _ in range(3):
        given, head = request(two, mutation, "2.5"), two.first.ledger_head()
        with ThreadPoolExecutor(6) as pool:
            sent = [pool.submit(clients[n % 2].done, mutation, given, fields) for n in range(6)]
            answers = [each.result() for each in sent]
        assert all(answer == answers[0] for answer in answers)
        # An alliance is founded and joined at once: two changes.
        changes = 2 if mutation == "foundAlliance" else len(given.get("footprints", [0]))
        assert two.first.ledger_head() == head + changes


def test_different_requests_at_once_with_one_key_write_once(two: Two) -> None:
    clients = [two.first.clients["maker"], two.at_second("maker")]
    for _ in range(3):
        key, head = new_key(), two.first.ledger_head()
        given = [request(two, "createProduct", str(n)) | {"idempotencyKey": key} for n in range(6)]
        with ThreadPoolExecutor(6) as pool:
            sent = [pool.submit(clients[n % 2].mutate, "createProduct", given[n], "product { id }") for n in range(6)]
            said = sorted(each.result()["__typename"] for each in sent)
        assert said == ["Conflict"] * 5 + ["CreateProductPayload"]
        assert two.first.ledger_head() == head + 1


def test_organizations_choose_their_keys_independently(two: Two) -> None:
    maker, other = two.first.clients["maker"], two.first.clients["other"]
    given = {"idempotencyKey": new_key(), "productIds": [f"urn:uuid:{new_key()}"], "name": "Mine"}
    first = maker.done("createProduct", given, "product { id }")
    theirs = other.done("createProduct", given | {"productIds": [f"urn:uuid:{new_key()}"]}, "product { id }")
    assert theirs != first
    same_body = other.mutate("createProduct", given | {"idempotencyKey": new_key()}, "product { id }")
    assert same_body["path"] == ["input", "productIds", "0"]
    assert maker.done("createProduct", given, "product { id }") == first


def test_a_refused_request_does_not_use_up_its_key(two: Two) -> None:
    maker = two.first.clients["maker"]
    given = request(two, "publishFootprint", "2.5")
    wrong = edited(given, lambda g: g["footprint"].update(declaredUnitAmount="0"))
    assert maker.mutate("publishFootprint", wrong, "__typename")["__typename"] == "InvalidInput"
    late = edited(given, lambda g: g["footprint"].update(precedingPfIds=[new_key()]))
    assert maker.mutate("publishFootprint", late, "__typename")["__typename"] == "InvalidInput"
    maker.done("publishFootprint", given, "footprint { id }")


def test_the_first_answer_stands_when_what_it_rested_on_has_changed(two: Two) -> None:
    """A correction sent again finds its predecessor deprecated, by itself: that is no Conflict."""
    maker = two.first.clients["maker"]
    old = maker.done("publishFootprint", request(two, "publishFootprint", "2.5"), "footprint { pfId }")["footprint"]
    given = request(two, "publishFootprint", "3")
    given["footprint"] |= {"precedingPfIds": [old["pfId"]], "pfId": new_key()}
    first = maker.done("publishFootprint", given, "footprint { id }")
    assert two.at_second("maker").done("publishFootprint", given, "footprint { id }") == first
    head = two.first.ledger_head()
    release = {"idempotencyKey": new_key(), "dataset": "Once", "label": "1", "date": "2026-01-01"}
    made = maker.done("createRelease", release, "release { id }")
    assert maker.done("createRelease", release, "release { id }") == made
    assert two.first.ledger_head() == head + 1


def test_nothing_is_left_half_written(two: Two) -> None:
    two.first.run(lambda exchange: check_whole(exchange.store))
