"""An error of an input is understood by its message alone: it names the field, once."""

import pytest

from exchange.errors import InvalidInput, Problems, place_of


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([("must be above 0", ("input", "lines", "0", "amount"))], "input.lines[0].amount: must be above 0"),
        (
            [("must not be empty", ("input", "name")), ("is no URN", ("input", "productIds", "1"))],
            "input.name: must not be empty (and 1 more: see problems)",
        ),
        ([("too many", ())], "too many"),
    ],
)
def test_the_message_names_the_first_wrong_field(found, message):
    problems = Problems()
    for said, path in found:
        problems.add("OUT_OF_RANGE", said, path)
    with pytest.raises(InvalidInput) as refused:
        problems.raise_any()
    assert refused.value.message == message
    assert refused.value.path == found[0][1]
    assert [problem.message for problem in refused.value.problems] == [said for said, _ in found]


def test_a_place_is_written_as_people_read_it():
    assert place_of(("input", "footprints", "12", "modelled", "lines", "0", "fallback")) == (
        "input.footprints[12].modelled.lines[0].fallback"
    )
    assert place_of(()) == ""
