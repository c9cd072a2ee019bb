"""Bad input over HTTP: each refused with its code and its path, in words that help, and nothing in the store changed.

The cases are in bad_inputs.py: what is changed in an input that is good, and what is said of it.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.api.bad_inputs import CASES, GOOD
from tests.api.bad_values import INVALID, KEYLESS, Case
from tests.api.exchange_server import ExchangeServer, new_key
from tests.api.refusing_world import World, document, make_world, send


@pytest.fixture(scope="module")
def world(server: ExchangeServer) -> World:
    return make_world(server)


def edited(good: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    given = copy.deepcopy(good)
    for path, value in edits.items():
        *steps, last = path.split(".")
        at: Any = given
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value
    return given


def check_invalid_value(body: dict[str, Any], path: str) -> None:
    """An error that names the field's place, or the place of the object that lacks it or must not have it."""
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INVALID_INPUT"}
    above, _, field = ("." + path).rpartition(".")
    prefix = r"Variable '\$input' has invalid value"
    places = [re.escape(f" at {bracketed('.' + path)}") + r"[\[.:]", f"{re.escape(at(above))}: .*field '{field}'"]
    pattern = re.compile(prefix + f"({'|'.join(places)})")
    assert any(pattern.match(error["message"]) for error in body["errors"]), pattern.pattern
    assert all(len(error["message"]) < 2_000 for error in body["errors"]), "an error is read by people"


def at(path: str) -> str:
    return f" at {bracketed(path)}" if path else ""


def bracketed(path: str) -> str:
    """A path as the schema's own errors write it."""
    return re.sub(r"\.(\d+)", r"[\1]", path)


def check_refused(body: dict[str, Any], mutation: str, said: str, path: str) -> None:
    assert "errors" not in body, body["errors"]
    found = body["data"][mutation]
    steps = ["input", *path.split(".")]
    assert len(found["message"]) > 10
    if not said.isupper():
        assert (found["__typename"], found["path"]) == (said, steps), found
        return
    assert (found["__typename"], found["code"]) == ("InvalidInput", "INVALID_INPUT"), found
    problems = {(problem["code"], tuple(problem["path"])) for problem in found["problems"]}
    assert (said, tuple(steps)) in problems, problems
    assert all(len(problem["message"]) > 10 for problem in found["problems"])
    assert found["path"] == found["problems"][0]["path"]
    place, first = bracketed("." + ".".join(found["path"])).removeprefix("."), found["problems"][0]["message"]
    assert found["message"].startswith(f"{place}: {first}"), "understood without the path"


def groups() -> dict[str, list[Case]]:
    """Cases by the field that is changed first."""
    found: dict[str, list[Case]] = {}
    for case in CASES:
        found.setdefault(f"{GOOD[case[0]][0]} {next(iter(case[1]))}", []).append(case)
    return found


GROUPS = groups()


@pytest.mark.parametrize("field", GROUPS)
def test_bad_input_is_refused_with_its_path_and_changes_nothing(world: World, field: str) -> None:
    missed = [f"{ascii(case[1])[:200]} {case[2:]}: {said}" for case in GROUPS[field] if (said := check(world, case))]
    world.check_unchanged()
    if missed:
        pytest.fail("\n\n".join(missed), pytrace=False)


def check(world: World, case: Case) -> str:
    """What is wrong with the refusal, or nothing."""
    what, edits, said, path = case
    mutation, good = GOOD[what]
    given = world.resolved(edited(good, edits))
    if mutation not in KEYLESS and "idempotencyKey" not in edits:
        given["idempotencyKey"] = new_key()
    answer = send(world.maker, mutation, given)
    try:
        assert answer.status_code == 200
        if said == INVALID:
            check_invalid_value(answer.json(), path)
        else:
            check_refused(answer.json(), mutation, said, path)
        assert world.server.wrote_nothing_since(world.head), "something was written"
    except AssertionError as error:
        return f"{str(error).partition(chr(10))[0]} in {answer.text[:500]}"
    return ""


@pytest.mark.parametrize("what", GOOD)
def test_who_may_not_publish_changes_nothing(world: World, what: str) -> None:
    mutation, good = GOOD[what]
    given = world.resolved(good)
    if mutation not in KEYLESS:
        given["idempotencyKey"] = new_key()
    reader = send(world.server.clients["reader"], mutation, given).json()
    found = reader["data"][mutation]
    assert (found["__typename"], "PUBLISH" in found["message"]) == ("AccessDenied", True)
    body = {"query": document(mutation), "variables": {"input": given}}
    nobody = world.server.http.post("/graphql", json=body)
    assert nobody.json()["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    forged = world.server.http.post("/graphql", json=body, headers={"Authorization": "Bearer x.y.z"})
    assert (forged.status_code, forged.json()["errors"][0]["extensions"]["code"]) == (401, "NOT_SIGNED_IN")
    world.check_unchanged()
