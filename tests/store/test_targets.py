"""EXCHANGE_GRAPH_URI: each of its forms, and a clear word about everything else."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

import pytest

from exchange.errors import ConfigurationInvalid, ExchangeError, StoreUnavailable
from exchange.graph import Store, Target, parse_target
from exchange.graph.endpoint import Endpoint
from tests.store.neo4j_server import NEO4J_5

HERE = Path("data")


@pytest.mark.parametrize("uri", [None, ""])
def test_nothing_means_the_default_directory(uri):
    assert parse_target(uri, default_directory=HERE) == Target(HERE)


def test_a_directory_is_taken_as_it_is_written():
    target = parse_target("embedded:/var/lib/the exchange", default_directory=HERE, attach=True)
    assert target == Target(Path("/var/lib/the exchange"), attach=True)
    assert str(target) == "embedded:/var/lib/the exchange"


@pytest.mark.parametrize("scheme", ["bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"])
def test_every_scheme_of_a_server_is_understood(scheme):
    target = parse_target(f"{scheme}://graph.example:7687", password="secret", default_directory=HERE)
    assert target == Target(endpoint=Endpoint(f"{scheme}://graph.example:7687", "neo4j", "secret"))
    assert str(target) == f"{scheme}://graph.example:7687"
    assert "secret" not in repr(target)


@pytest.mark.parametrize(
    ("uri", "password", "says"),
    [
        ("embedded:", None, "embedded:PATH"),
        ("http://localhost:7474", "x", "bolt://"),
        ("localhost:7687", "x", "bolt://"),
        ("bolt://localhost", None, "EXCHANGE_GRAPH_PASSWORD"),
        ("bolt://", "x", "host"),
        ("bolt://me:secret@localhost", "x", "EXCHANGE_GRAPH_USER"),
        ("neo4j://localhost/graph", "x", "host and port only"),
    ],
)
def test_what_is_not_understood_says_what_to_write(uri, password, says):
    with pytest.raises(ConfigurationInvalid, match=says) as caught:
        parse_target(uri, password=password, default_directory=HERE)
    assert "secret" not in str(caught.value)


async def test_an_encrypted_server_is_reached(neo4j):
    server = neo4j(NEO4J_5)
    store = await Store.open(parse_target(server.encrypted, password=server.password, default_directory=HERE))
    await store.ready()
    assert (await store.describe()).uri == server.encrypted
    await store.close()


def test_an_unknown_certificate_is_refused(neo4j):
    uri = neo4j(NEO4J_5).encrypted.replace("bolt+ssc", "bolt+s")
    target = parse_target(uri, password=neo4j(NEO4J_5).password, default_directory=HERE)

    async def refused() -> type[BaseException]:
        store = await Store.open(target)
        try:
            with pytest.raises(ExchangeError, match="graph database") as caught:
                await store.ready()
            return caught.type
        finally:
            await store.close()

    # asyncio sometimes leaves a connection whose handshake failed to the garbage collector: let it be collected here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        assert asyncio.run(refused()) is StoreUnavailable
        gc.collect()
