"""A request that is too large is answered so that ordinary clients, which send all of it first, read the answer."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from exchange.schema.http import BODY_BYTES_MAX, DISCARDED_TIMES_MAX
from exchange.schema.transport import ANONYMOUS_SIZE_MAX
from tests.api.exchange_server import ExchangeServer

MORE = DISCARDED_TIMES_MAX * ANONYMOUS_SIZE_MAX


def refused(server: ExchangeServer, size: int, token: str | None) -> tuple[int, str]:
    """What urllib reads of the answer: it sends the whole body, and only then looks."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(f"{server.url}/graphql", b" " * size, headers)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120)
    with error.value:
        return error.value.status or 0, json.load(error.value)["errors"][0]["extensions"]["code"]


def test_who_sends_all_of_it_first_reads_that_it_is_too_large(server: ExchangeServer) -> None:
    maker = server.add_organization("maker")
    assert refused(server, ANONYMOUS_SIZE_MAX + 1, None) == (413, "REQUEST_TOO_LARGE")
    assert refused(server, MORE, None) == (413, "REQUEST_TOO_LARGE")
    assert refused(server, BODY_BYTES_MAX + 1, maker.token) == (413, "REQUEST_TOO_LARGE")


def status(server: ExchangeServer, size: int, sent: bytes, *headers: str) -> str | None:
    """What is answered to a request of a stated size of which only some was sent; None: the rest is waited for."""
    address = urlsplit(server.url)
    head = ["POST /graphql HTTP/1.1", "Host: exchange", "Content-Type: application/json", f"Content-Length: {size}"]
    with socket.create_connection((address.hostname, address.port), timeout=120) as client:
        client.sendall("\r\n".join([*head, *headers, "", ""]).encode() + sent)
        client.settimeout(1)
        try:
            return client.recv(65_536).decode()[:12]
        except TimeoutError:
            return None


def test_no_more_is_read_than_is_needed(server: ExchangeServer) -> None:
    refusal = "HTTP/1.1 413"
    assert status(server, MORE, b"") is None
    assert status(server, MORE, b" " * (MORE - 1)) is None
    assert status(server, MORE, b" " * MORE) == refusal
    assert status(server, MORE + 1, b"") == refusal


def test_who_asks_before_sending_is_told_at_once(server: ExchangeServer) -> None:
    assert status(server, MORE, b"", "Expect: 100-continue") == "HTTP/1.1 413"
