"""What a preview says of a grant's dates and of what it names: the same as the grant itself, and in which words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.errors import InvalidInput, Problem, Problems
from exchange.model.grant import AccessLevel
from exchange.operations.changing.grant_preview import GrantPreviewAnswer, preview_grant
from exchange.operations.requests.checks import Checker
from exchange.operations.requests.inputs import GrantAccessInput
from tests.access.worlds import GrantedWorld, session_of, viewer_of
from tests.rollup.check import NOW

INSTANT = datetime.fromtimestamp(NOW.known_at_us // 1_000_000, UTC)
SOON, LATER = INSTANT + timedelta(days=1), INSTANT + timedelta(days=2)
CLASS = "urn:pact:class.example:c:1"


def preview(**given: Any) -> GrantPreviewAnswer:
    made = GrantedWorld()
    made.own("M", "car")
    made.own("V", "fleet")
    made.declared("car", 1)
    asked: dict[str, Any] = {"product": "product-car", "level": AccessLevel.TOTAL, "organization": "V"} | given
    return asyncio.run(preview_grant(session_of(made, viewer_of("M")), GrantAccessInput("key", **asked)))


def refused(**given: Any) -> Problem:
    with pytest.raises(InvalidInput) as found:
        preview(**given)
    [problem] = found.value.problems
    return problem


def messages(found: GrantPreviewAnswer) -> dict[str, str]:
    return {each.code: each.message for each in found.consequences}


def test_a_grant_that_would_have_ended_is_refused_before_it_is_given() -> None:
    for until in (INSTANT, INSTANT - timedelta(days=1)):
        problem = refused(until=until)
        assert (problem.code, problem.path) == ("REVERSED", ("input", "until"))
        assert "this instant has passed" in problem.message
        assert problem.got == until.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    assert refused(until=INSTANT, from_=INSTANT - timedelta(days=1)).message == refused(until=INSTANT).message
    preview(until=INSTANT + timedelta(seconds=1))


def test_a_grant_has_to_end_after_it_begins() -> None:
    for begins in (SOON, LATER):
        problem = refused(from_=begins, until=SOON)
        assert (problem.code, problem.path) == ("REVERSED", ("input", "until"))
        assert problem.message == "the grant has to end later than it begins"
        assert problem.expected == f"later than {begins.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def test_the_dates_of_a_grant_are_among_what_it_makes_knowable() -> None:
    told = messages(preview(from_=SOON, until=LATER))
    assert f"Begins at {SOON.date()}" in told["BEGINS_LATER"]
    assert f"Ends by itself at {LATER.date()}" in told["ENDS_BY_ITSELF"]
    for given in ({}, {"from_": INSTANT}, {"from_": INSTANT - timedelta(days=1)}):
        assert not {"BEGINS_LATER", "ENDS_BY_ITSELF"} & set(messages(preview(**given)))


@pytest.mark.parametrize(
    ("given", "gave"),
    [
        ({"product": None}, "none of them"),
        ({"everything": True}, "product and everything: true"),
        ({"classification": CLASS}, "product and classification"),
        ({"product": None, "everything": True, "classification": CLASS}, "everything: true and classification"),
        ({"everything": True, "classification": CLASS}, "product, everything: true and classification"),
    ],
)
def test_a_grant_of_too_much_is_told_apart_from_one_of_nothing(given: dict[str, Any], gave: str) -> None:
    problem = refused(**given)
    assert (problem.code, problem.path) == ("ONE_OF", ("input", "product"))
    among = "product, everything: true and classification"
    assert problem.message == f"of which products: name exactly one of {among}; you gave {gave}"
    assert problem.expected == "product, everything: true or classification"
    assert problem.got == (None if gave.startswith("none") else gave)


def test_a_grant_to_nobody_is_told_apart_from_one_to_several() -> None:
    nobody = refused(organization=None)
    assert nobody.message.endswith("organization, alliance and public: true; you gave none of them")
    assert refused(public=True).message.endswith("you gave organization and public: true")


def test_of_the_public_there_are_no_statistics() -> None:
    """BENCHMARK shows less than TOTAL, not more."""
    public = {"organization": None, "public": True}
    problem = refused(**public, level=AccessLevel.NONE)
    assert (problem.code, problem.path, problem.got) == ("CONTRADICTION", ("input", "level"), "BENCHMARK")
    assert "consent to be counted in the statistics of one alliance" in problem.message
    assert "never more" not in problem.message
    for level in (AccessLevel.BREAKDOWN, AccessLevel.INPUTS):
        problem = refused(**public, level=level)
        assert (problem.message, problem.got) == ("the public sees TOTAL, never more", level.name)


@pytest.mark.parametrize(
    ("given", "message", "got"),
    [
        ({"a": True, "b": False}, None, None),
        ({"a": False, "b": False}, "it: name exactly one of a and b; you gave none of them", None),
        ({"a": True, "b": True}, "it: name exactly one of a and b; you gave a and b", "a and b"),
    ],
)
def test_one_of_several_says_what_was_given(given: dict[str, bool], message: str | None, got: str | None) -> None:
    problems = Problems()
    Checker(problems, ("input",)).one_of("it", given, "a")
    assert [(each.message, each.got) for each in problems.found] == ([] if message is None else [(message, got)])
