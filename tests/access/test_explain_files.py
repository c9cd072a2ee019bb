"""Every viewer's explain file verifies, has the digest of its answer, and names nothing that it may not see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.errors import InvalidInput
from exchange.model.parties import Viewer
from exchange.operations.answers.values import RollUpAnswer
from exchange.operations.reading import explain_files
from exchange.operations.reading.explain_files import write_explain_file
from exchange.rollup import ExplainFile, read_explain_file, verify
from tests.access.granted_facts import levels
from tests.access.pairs import Plan, random_plan
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.example import example_world

NAMES = re.compile(r"\b(?:p\d+|nobody\d+)\b")


def files(world: GrantedWorld, viewer: Viewer, names: list[str]) -> dict[str, tuple[RollUpAnswer, ExplainFile]]:
    """Of every one of these products that has an answer."""

    async def asked() -> dict[str, tuple[RollUpAnswer, ExplainFile]]:
        session = session_of(world, viewer)
        answers = await session.roll_up([world.keys[name] for name in names], None, None)
        return {
            name: (answer, await write_explain_file(session, answer))
            for name, answer in zip(names, answers, strict=True)
            if isinstance(answer, RollUpAnswer)
        }

    return asyncio.run(asked())


def check_files(plan: Plan) -> int:
    world, shown = plan.world(), plan.levels()
    visible = sorted(name for name, level in shown.items() if level)
    found = files(world, viewer_of(plan.viewer), visible)
    for name, (answer, file) in found.items():
        verdict = verify(read_explain_file(file.text.encode()), answer.digest())
        assert verdict.equal, (name, verdict.differences)
        assert file.digest == answer.digest()
        assert set(NAMES.findall(file.text)) <= set(visible)
        if plan.viewer not in {world.product(each).owner_id for each in NAMES.findall(file.text)}:
            assert str(plan.viewer) not in file.text  # not whose view it is
    return len(found)


@settings(max_examples=40)
@given(random=st.randoms(use_true_random=False), products=st.integers(4, 25))
def test_every_file_verifies_and_names_only_what_its_viewer_sees(random, products) -> None:
    check_files(random_plan(random, products=products))


def test_the_law_is_of_something() -> None:
    """Viewers of these plans see many products, most of them with lines."""
    assert sum(check_files(random_plan(Random(seed), products=20)) for seed in range(10)) > 50


@pytest.mark.parametrize("organization", ["operator", "factors", None])
def test_the_example_for_who_sees_all_and_who_sees_little(organization: str | None) -> None:
    world = granted_example()
    names = [name for name, level in levels(world, organization).items() if level]
    for answer, file in files(world, viewer_of(organization), names).values():
        assert verify(read_explain_file(file.text.encode()), answer.digest()).equal


def granted_example() -> GrantedWorld:
    made, world = example_world(), GrantedWorld()
    world.__dict__.update({name: value for name, value in vars(made).items() if name not in {"grants", "kept"}})
    world.grant("transport", None)
    return world


def test_a_file_that_would_be_too_large_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(explain_files, "FILE_BYTES_MAX", 1000)
    with pytest.raises(InvalidInput, match="more than 1,000 bytes: 1 products and lines"):
        files(granted_example(), viewer_of(None), ["transport"])


# --- weaker rules, each of which must be found out --------------------------------------------------------------------


def digest_of_rounded_factors(monkeypatch) -> None:
    """Factors as binary numbers, not as decimals."""
    monkeypatch.setattr("exchange.rollup.digest.text", lambda number: format(float(number), "f"))


def names_of_whole_chain(monkeypatch) -> None:
    """What is shown of a leaf names what is behind it."""
    honest = explain_files._called

    async def weak(session, keys):
        found = await honest(session, keys)
        behind = " ".join(product.name for product in session.store.products)
        return {key: replace(called, name=f"{called.name} of {behind}") for key, called in found.items()}

    monkeypatch.setattr(explain_files, "_called", weak)


def whose_it_is(monkeypatch) -> None:
    """The file says for whom it was made."""
    honest = explain_files._called

    async def weak(session, keys):
        mine = session.viewer.organization_id
        return {
            key: replace(called, owner=f"{called.owner} {mine}")
            for key, called in (await honest(session, keys)).items()
        }

    monkeypatch.setattr(explain_files, "_called", weak)


@pytest.mark.parametrize("weaken", [digest_of_rounded_factors, names_of_whole_chain, whose_it_is])
def test_a_weaker_rule_is_found_out(weaken: Callable[..., None], monkeypatch) -> None:
    weaken(monkeypatch)
    for seed in range(20):
        plan = random_plan(Random(seed), products=12)
        try:
            check_files(plan)
        except (AssertionError, InvalidInput):
            return
    pytest.fail("nothing found it out")
