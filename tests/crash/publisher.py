"""Publishes without pause, as several clients of one organization: run as a process of its own beside a server.

    python -m tests.crash.publisher URL TOKEN SEED PRODUCT…

Prints one JSON line for each request before it is sent ({"sent": …}), and one for each that was acknowledged
({"key": …, "ids": …}). Ends when the server does not answer any more, or when its standard input ends.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from tests.api import inputs

CLIENTS = 6
SUPPLIERS = 3  # the first products: they go into the others
MUTATION = """
mutation ($input: PublishFootprintsInput!) { publishFootprints(input: $input) { __typename
  ... on PublishFootprintsPayload { footprints { id } } } }"""


def request(chance: random.Random, products: Sequence[str]) -> dict[str, Any]:
    """One to four footprints of lines to products, and to a name that nobody registered."""

    def footprint() -> dict[str, Any]:
        lines = [
            {
                "product": {"id": chance.choice(products[:SUPPLIERS])},
                "amount": f"0.{chance.randrange(1, 1000)}",
                "unit": "GRAM",
            }
            for _ in range(chance.randrange(4))
        ]
        name = f"urn:uuid:{uuid.UUID(int=chance.getrandbits(128))}"
        lines.append({"product": {"productId": name}, "amount": "1", "unit": "KILOGRAM"})
        return inputs.footprint(chance.choice(products[SUPPLIERS:]), inputs.modelled(*lines))

    key = str(uuid.UUID(int=chance.getrandbits(128)))
    return {"idempotencyKey": key, "footprints": [footprint() for _ in range(chance.randrange(1, 5))]}


def publish(url: str, token: str, seed: str, products: Sequence[str], stop: threading.Event) -> None:
    chance, say = random.Random(seed), sys.stdout.write
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=180) as http:
        while not stop.is_set():
            given = request(chance, products)
            say(json.dumps({"sent": given}) + "\n")
            sys.stdout.flush()
            found = None
            while found is None and not stop.wait(0.005):
                try:
                    body = http.post("/graphql", json={"query": MUTATION, "variables": {"input": given}}).json()
                except (httpx.HTTPError, ValueError):
                    return  # the server has gone
                if "errors" in body:  # as a client should: the same again, after a while
                    assert all(error["extensions"]["retryable"] for error in body["errors"]), body
                    stop.wait(0.1)
                else:
                    found = body["data"]["publishFootprints"]
            if found is not None:
                assert found["__typename"] == "PublishFootprintsPayload", found
                ids = [each["id"] for each in found["footprints"]]
                say(json.dumps({"key": given["idempotencyKey"], "ids": ids}) + "\n")
                sys.stdout.flush()


def main(url: str, token: str, seed: str, *products: str) -> None:
    stop = threading.Event()
    clients = [
        threading.Thread(target=publish, args=(url, token, f"{seed}-{n}", products, stop), daemon=True)
        for n in range(CLIENTS)
    ]
    for client in clients:
        client.start()

    def stop_at_end_of_input() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    for client in clients:
        client.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
