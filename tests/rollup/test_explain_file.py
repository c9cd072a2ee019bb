"""The explain file: it holds what the digest is of, and whoever has it finds every place where it was changed."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import example as example_of
from hypothesis import strategies as st

from exchange.errors import InvalidInput
from exchange.rollup import digest, explain_reading, read_explain_file, verify
from exchange.rollup.conforming import PROBLEMS_MAX
from exchange.rollup.explain_file import product_checksums
from tests.rollup.check import World, line, solve
from tests.rollup.example import example_world
from tests.rollup.explained import VIEWERS, at, changed, delivered, document_of, example, file_of, leaves
from tests.rollup.test_laws import Spec, specs
from tests.rollup.views import Viewer, view_of


def places(document: dict[str, Any], against: str | None = None) -> set[tuple[str | None, str]]:
    return {(one.product, one.field) for one in verify(document, against).differences}


# --- what it holds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["car", "steel", "power", "transport"])
@pytest.mark.parametrize("viewer", VIEWERS)
def test_each_viewers_file_is_equal_and_has_the_digest_of_its_view(viewer, root):
    world = example_world()
    solution = solve(world, root)
    file = file_of(world, solution, root, VIEWERS[viewer])
    expected = view_of(world, solution, root, VIEWERS[viewer]).digest()
    verdict = verify(document_of(file), expected)
    assert verdict.equal, verdict.differences
    assert (file.digest, verdict.digest) == (expected, expected)


def test_outbound_logistics_that_count_are_recomputed():
    verdict = verify(delivered())
    assert verdict.equal, verdict.differences
    assert verdict.line_count == 4


def test_the_digest_is_the_hash_of_the_inputs_as_anybody_writes_them():
    document = example()
    canonical = json.dumps(document["inputs"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document["digest"] == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def test_a_file_has_these_bytes():
    world = World()
    world.declared("only", "12.5", outbound="0.1")
    text = file_of(world, solve(world, "only"), "only", Viewer()).text
    head, _, rest = text.partition('"shown":{"result"')
    assert head == (
        '{"format":"footprint-exchange-explain-file-1",\n'
        '"digest":"sha256:4e6ff6c2e556419a6e1ee91b3f814b609a55602da8a9a2211509837a7a46bc69",\n'
        '"inputs":{"method":"1","root":"footprint-only-1","products":[\n'
        '{"footprint":"footprint-only-1","own":{"fossilGhgEmissions":"12.5"},"lines":[]}\n'
        "]},\n"
    )
    assert '"outboundLogisticsGhgEmissions":"0.1"' in rest
    assert text.endswith("\n]}}\n")


def test_every_number_but_a_count_is_text():
    def numbers(value: Any, name: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from numbers(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from numbers(inner, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name

    for document in (example(), delivered()):
        assert set(numbers(document)) <= {"number", "gaps", "priceYear"}


# --- totals, solved anew ----------------------------------------------------------------------------------------------


def loop() -> dict[str, Any]:
    """Power and coal of the method, seen by the power's maker: coal is a closed total."""
    world = World()
    world.modelled("power", "0.85", [line("coal", "0.4")])
    world.modelled("coal", "0.05", [line("power", "0.06")])
    return document_of(file_of(world, solve(world, "power"), "power", Viewer(owner=["power"])))


def test_what_rounding_leaves_open_is_what_the_method_works_out_by_hand():
    """Coal enters as 0.103483607, half a unit being 5E-10; power and coal, as shown, reach 5 quanta, 5E-12 each."""
    recount = verify(loop()).recount
    assert recount is not None
    assert recount.total_kg_co2e == Decimal("0.8913934428")
    by_hand = Decimal("5E-12") + Decimal("0.4") * (Decimal("5E-12") + Decimal("5E-10"))
    assert recount.rounding_kg_co2e == by_hand == Decimal("2.07E-10")
    assert recount.arithmetic_kg_co2e < Decimal("1E-14")


def with_total(document: dict[str, Any], name: str, total: str, *, whole: bool = True) -> dict[str, Any]:
    """A file in which another total is shown, with sums and checksums to go with it."""

    def change(other):
        for part in (*other["shown"]["products"], *([other["shown"]["result"]] if whole else [])):
            if part["footprint"] == f"footprint-{name}-1":
                shift = Decimal(total) - Decimal(part["pcfExcludingBiogenicUptake"])
                part["components"]["fossilGhgEmissions"] = total
                part["pcfExcludingBiogenicUptake"] = part["pcfIncludingBiogenicUptake"] = total
                for end in ("lower", "upper"):
                    part[end] = str(Decimal(part[end]) + shift)
        consistent(other)

    return changed(document, change)


def consistent(document: dict[str, Any]) -> None:
    """Digest and checksums made anew, as whoever forges a file would."""
    document["digest"] = digest.hashed(document["inputs"])
    document["checksums"] = {
        "result": digest.hashed(document["shown"]["result"]),
        "products": product_checksums(document["inputs"], document["shown"]["products"]),
    }


@pytest.mark.parametrize(
    ("total", "found"),
    [
        ("0.891393442623", set()),
        ("0.891393442629", set()),  # 7E-12 more: as far as the shown power and coal may be off
        ("0.891393442631", {"components.fossilGhgEmissions"}),  # solved anew from rounded coal, it still holds
        ("0.8913934432", {"components.fossilGhgEmissions", "recomputed.components.fossilGhgEmissions"}),
        ("0.89", {"components.fossilGhgEmissions", "recomputed.components.fossilGhgEmissions"}),
        ("1.5", {"components.fossilGhgEmissions", "recomputed.components.fossilGhgEmissions"}),
    ],
)
def test_another_total_is_found_where_rounding_does_not_explain_it(total, found):
    document = with_total(loop(), "power", total)
    assert places(document) == {("power", field) for field in found}


def test_a_difference_says_what_was_expected():
    [near, far] = verify(with_total(loop(), "power", "0.9")).differences
    assert (near.footprint, near.product, near.got) == ("footprint-power-1", "power", "0.9")
    assert near.expected == "0.891393442623 ± 0.000000000007"
    assert far.expected.startswith("0.8913934428 ± 0.00000000020")


def test_a_closed_total_counts_to_nine_digits():
    field = "components.fossilGhgEmissions"
    assert places(with_total(loop(), "coal", "0.10348360656")) == set()
    assert places(with_total(loop(), "coal", "0.1034836074")) == {("power", field)}  # its direct emissions are exact
    assert places(with_total(loop(), "coal", "0.1034836076")) == {("power", field), ("coal", field)}


def test_a_wide_interval_does_not_make_room_for_another_total():
    def change(document):
        for product in document["shown"]["products"]:
            product["lower"], product["upper"] = "-1000", "1000"
        document["shown"]["result"] |= {"lower": "-1000", "upper": "1000"}
        consistent(document)

    assert places(changed(loop(), change)) == {("power", "lower, upper"), ("coal", "lower, upper")}


def test_lines_without_an_answer_are_named():
    def change(document):
        [entry] = [one for one in document["inputs"]["products"] if one["footprint"] == "footprint-coal-1"]
        entry["lines"] = [{"number": 1, "supplier": "footprint-power-1", "factor": "2.5"}]
        consistent(document)

    found = verify(changed(loop(), change))
    assert found.recount is None
    assert ("power", "inputs.lines") in {(one.product, one.field) for one in found.differences}


def test_sums_are_exact_and_what_is_said_twice_agrees():
    def sum_change(document):
        [product] = [one for one in document["shown"]["products"] if one["name"] == "coal"]
        product["pcfIncludingBiogenicUptake"] = "0.103483606558"
        consistent(document)

    assert places(changed(loop(), sum_change)) == {("coal", "pcfIncludingBiogenicUptake")}

    def twice(document):
        document["shown"]["result"]["components"]["fossilGhgEmissions"] = "5"
        consistent(document)

    assert places(changed(loop(), twice)) == {("power", "shown.result.components")}


def test_outbound_logistics_that_count_are_those_that_are_shown():
    def change(document):
        for entry in document["inputs"]["products"]:
            for one in entry["lines"]:
                if "outbound" in one:
                    one["outbound"] = "0.123456788"
        consistent(document)

    assert ("a", "inputs.lines.1.outbound") in places(changed(delivered(), change))


# --- what was changed -------------------------------------------------------------------------------------------------


def other_value(data: st.DataObject, value: Any, document: dict[str, Any]) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return data.draw(st.integers(1, 99).filter(lambda one: one != value))
    footprints = [entry["footprint"] for entry in document["inputs"]["products"]]
    if value in footprints:
        return data.draw(st.sampled_from([*footprints, "footprint-else"]).filter(lambda one: one != value))
    return data.draw(st.sampled_from(["0", "0.5", "-3", "NO_FOOTPRINT", f"{value}1", f"{value}0"]).filter(value.__ne__))


def found_at(document: dict[str, Any]) -> set[str]:
    """Products (or "the file") where something is found: by verifying, or already by reading."""
    return {one.footprint or "the file" for one in verify(document).differences}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), which=st.sampled_from(["example", "delivered", "everything"]))
def test_any_changed_value_of_the_inputs_is_found_and_its_product_named(data, which):
    whole = {"example": example, "delivered": delivered, "everything": lambda: example("of everything")}[which]()
    path = data.draw(st.sampled_from(sorted(leaves(whole["inputs"]), key=str)))
    other = copy.deepcopy(whole)
    at(other["inputs"], path[:-1])[path[-1]] = other_value(data, at(whole["inputs"], path), whole)
    try:
        read = read_explain_file(json.dumps(other).encode())
    except InvalidInput as error:
        event(f"damaged: {error.path[0]}")  # then the message has the path
        return
    found = found_at(read)
    assert "the file" in found  # the digest
    if path[0] == "products":
        assert whole["inputs"]["products"][path[1]]["footprint"] in found
    else:
        assert (None, "inputs.root") in places(read)


@settings(max_examples=60)
@given(data=st.data(), add=st.booleans())
def test_a_line_too_many_or_too_few_is_found_and_its_product_named(data, add):
    whole = example()
    entries = whole["inputs"]["products"]
    entry = data.draw(st.sampled_from([one for one in entries if one["lines"]]))
    if add:
        supplier = data.draw(st.sampled_from(entries))["footprint"]
        number = data.draw(st.integers(1, 9))
        factor = data.draw(st.sampled_from(["0.001", "1", "-0.5"]))
        entry["lines"].append({"number": number, "supplier": supplier, "factor": factor})
    else:
        entry["lines"].remove(data.draw(st.sampled_from(entry["lines"])))
    read = read_explain_file(json.dumps(whole).encode())
    named = {(one.footprint, one.field) for one in verify(read).differences}
    assert {(None, "digest"), (entry["footprint"], "inputs.lines")} <= named


def test_any_changed_byte_is_found():
    """Of the whole file: also names, units and dates, which no digest covers, have a checksum against damage."""
    text = file_of(example_world(), solve(example_world(), "car"), "car", VIEWERS["the car's maker"]).text.encode()
    missed = []
    for position in range(0, len(text), 7):
        byte = text[position : position + 1]
        if byte.isspace():
            continue
        other = b"0" if byte != b"0" else b"1"
        try:
            if verify(read_explain_file(text[:position] + other + text[position + 1 :])).equal:
                missed.append(position)
        except InvalidInput:
            pass
    assert not missed


def test_a_forged_file_is_found_by_a_digest_from_elsewhere_alone():
    honest = loop()

    def forge(document):
        """Half the direct emissions, and every total to go with it."""
        [entry] = [one for one in document["inputs"]["products"] if one["footprint"] == "footprint-power-1"]
        entry["own"]["fossilGhgEmissions"] = "0.425"
        consistent(document)

    total = Decimal("0.425") + Decimal("0.4") * Decimal("0.103483606557")
    forged = with_total(changed(honest, forge), "power", str(total))
    assert verify(forged).equal
    assert places(forged, honest["digest"]) == {(None, "against")}
    assert not places(honest, honest["digest"])


# --- damaged, foreign, too much ---------------------------------------------------------------------------------------

FILE = file_of(example_world(), solve(example_world(), "car"), "car", VIEWERS["the car's maker"]).text


def refused(content: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read_explain_file(content)
    assert caught.value.message.startswith("The file ")
    return caught.value


@settings(max_examples=200)
@given(length=st.integers(0, len(FILE.rstrip()) - 1))
def test_a_file_that_was_cut_off_is_said_to_be(length):
    message = refused(FILE.encode()[:length]).message
    assert "cut off" in message or "is empty" in message


def test_a_byte_order_mark_before_the_file_changes_nothing():
    assert read_explain_file(b"\xef\xbb\xbf" + FILE.encode()) == read_explain_file(FILE.encode())


NO_EXPLAIN_FILES: list[tuple[bytes, str]] = [
    (b"", "is empty"),
    (b"\xff\xfe{}", "not UTF-8 from byte 0"),
    (b"<xml/>", "no JSON, at line 1, column 1"),
    (b"\xef\xbb\xbf{}", "has no `format`"),
    (b"[" * 200_000, "too deeply"),
    (b"[1, 2]", "has no `format`"),
    (b'{"data": {"product": null}}', "has no `format`"),
    (b'{"format": 1}', "has the format '1'"),
    (b'{"format": "footprint-exchange-explain-file-2"}', "Use the version that wrote it"),
    (FILE.replace('"method":"1"', '"method":"2"').encode(), "by version '2' of the method"),
    (FILE.replace('"method":"1"', '"method":1').encode(), "inputs method: is not a known value"),
    (FILE.replace('"factor":"0.9"', '"factor":0.9').encode(), "0.9 is a JSON number with a fraction"),
    (FILE.replace('"factor":"0.9"', '"factor":"0.90"').encode(), "inputs products 0 lines 0 factor"),
    (FILE.replace('"factor":"0.9"', '"factor":"9E-1"').encode(), "is not written as it has to be"),
    (FILE.replace('"factor":"0.9"', '"factor":"-0"').encode(), "is not written as it has to be"),
    (FILE.replace('"factor":"0.9"', '"factor":NaN').encode(), "NaN is no number of JSON"),
    (FILE.replace('"factor":"0.9"', '"factor":"NaN"').encode(), "is not written as it has to be"),
    (FILE.replace('"factor":"0.9"', '"factor":"٣"').encode(), "is not written as it has to be"),
    (FILE.replace('"factor":"0.9"', f'"factor":"{"9" * 201}"').encode(), "too short or too long"),
    (FILE.replace('"number":1,', '"number":99999999999999999999,').encode(), "larger than any count"),
    (FILE.replace('"number":1,', '"number":0,').encode(), "out of range"),
    (FILE.replace('"number":1,', '"number":true,').encode(), "must be of the type integer"),
    (FILE.replace('"number":1,', '"number":1,"number":1,').encode(), "'number' is there twice"),
    (FILE.replace('"number":1,', '"number":1,"secret":1,').encode(), "there is no such field"),
    (FILE.replace('"name":"car"', '"name":"\\ud800"').encode(), "half a surrogate pair"),
    (
        FILE.replace('"root":"footprint-car-1"', '"root":"footprint-bus-1"').encode(),
        "inputs root: names a footprint",
    ),
    (FILE.replace('"digest"', '"digits"').encode(), "digest is missing"),
]


@pytest.mark.parametrize(("content", "says"), NO_EXPLAIN_FILES, ids=map(str, range(len(NO_EXPLAIN_FILES))))
def test_what_is_no_explain_file_is_told_what_it_is(content, says):
    assert says in refused(content).message


def test_a_line_that_leads_nowhere_and_a_product_that_is_there_twice_are_named():
    document = example()
    entry = document["inputs"]["products"][0]
    entry["lines"][0]["supplier"] = "footprint-else"
    error = refused(json.dumps(document).encode())
    assert error.path == ("inputs", "products", "0", "lines", "0", "supplier")
    assert "footprint-car-1" in error.message
    twice = example()
    twice["shown"]["products"].append(twice["shown"]["products"][0])
    assert refused(json.dumps(twice).encode()).problems[0].code == "PRODUCT_TWICE"
    missing = example()
    del missing["checksums"]["products"][1]
    assert refused(json.dumps(missing).encode()).path == ("checksums", "products")


def test_too_large_a_file_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(explain_reading, "FILE_BYTES_MAX", 100)
    assert "more than 100 bytes" in refused(FILE.encode()).message


def test_problems_are_named_up_to_a_number():
    document = example("of everything")
    for entry in document["inputs"]["products"]:
        entry["lines"] = [{"number": 0}] * 50
    problems = refused(json.dumps(document).encode()).problems
    assert PROBLEMS_MAX <= len(problems) <= PROBLEMS_MAX + 10


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_that_is_put_into_a_file_ends_in_anything_but_a_verdict(data):
    """Whatever a value is replaced by: an error that says what is wrong, or a verdict; never a bug."""
    document = delivered()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(leaves(document), key=str)))
        put = st.sampled_from([*WEIRD, at(document, path)]) | st.text(max_size=5)
        at(document, path[:-1])[path[-1]] = copy.deepcopy(data.draw(put))
    try:
        verdict = verify(read_explain_file(json.dumps(document).encode()))
    except InvalidInput:
        return
    assert verdict.difference_count >= len(verdict.differences)


WEIRD = ["0", "-1", "1", "9" * 190, "-" + "9" * 190, "0." + "0" * 190 + "1", "0.5", 0, 1, True, None, [], {}, ["0"]]


def test_an_owner_and_a_reader_of_the_same_facts_get_the_same_bytes():
    """Not whose view it is: only what is seen."""
    world = example_world()
    solution = solve(world, "transport")
    one = file_of(world, solution, "transport", Viewer())
    other = file_of(world, solution, "transport", Viewer(owner=["transport"]))
    assert one == other


def test_a_changed_fact_changes_the_digest_and_the_file():
    world = example_world()
    solution = solve(world, "car")
    whole = file_of(world, solution, "car", VIEWERS["a fleet"])
    other = file_of(world, solution, "car", VIEWERS["a dealer"])
    assert replace(whole, text="") != replace(other, text="")


def by_air() -> dict[str, Any]:
    """A delivered line whose outbound logistics are fossil, of aircraft: the owner's total has them there."""
    world = World()
    world.modelled("a", "1", [line("b", "0.5", delivered=True)])
    stages = {"DISTRIBUTION": {"fossilGhgEmissions": "0.3", "aircraftGhgEmissions": "0.3"}}
    world.modelled("b", "2", [], stages=stages)
    return document_of(file_of(world, solve(world, "a"), "a", Viewer(owner=["a"])))


def test_where_outbound_logistics_join_direct_emissions_the_sum_is_recomputed():
    document = by_air()
    [product] = [one for one in document["shown"]["products"] if one["name"] == "a"]
    assert product["components"] == {"fossilGhgEmissions": "2.15", "aircraftGhgEmissions": "0.15"}
    verdict = verify(document)
    assert verdict.equal, verdict.differences
    assert verdict.recount
    assert verdict.recount.total_kg_co2e == Decimal("2.15")
    fields = {"pcfExcludingBiogenicUptake", "recomputed.pcfExcludingBiogenicUptake"}
    assert places(with_total(document, "a", "2.16")) == {("a", field) for field in fields}


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(
    spec=specs(),
    owned=st.sets(st.integers(0, 5)),
    inputs=st.dictionaries(st.integers(0, 5), st.sets(st.integers(1, 3))),
    carried=st.integers(0, 999),
)
@example_of(
    spec=Spec((0, 1), (((1, 0),), ())), owned=set(), inputs={}, carried=0
)  # nothing, of a product with emissions
def test_every_file_of_every_graph_verifies(spec, owned, inputs, carried):
    """Loops, self-loops, credits, own terms that cancel; and a buyer to whom all of it is delivered."""
    world = spec.world()
    stages = {"DISTRIBUTION": {"fossilGhgEmissions": Decimal(carried) / 1000}}
    world.modelled("seller", "0.123456789012345", [line("p0", "0.333")], stages=stages)
    world.modelled("buyer", "1", [line("seller", "1.7", delivered=True), line("p0", "3")])
    solution = solve(world, "buyer")
    viewer = Viewer(
        owner=[*(f"p{number}" for number in owned), *(["buyer"] if carried % 2 else [])],
        inputs={f"p{number}": lines for number, lines in inputs.items()} | {"buyer": {1, 2}},
    )
    file = file_of(world, solution, "buyer", viewer)
    verdict = verify(document_of(file), view_of(world, solution, "buyer", viewer).digest())
    assert verdict.equal, verdict.differences


@pytest.mark.parametrize("gain", ["0.9", "0.999", "0.99999", "0.9999989"])
@pytest.mark.parametrize("owner", [["a", "b"], ["a"], []], ids=["both", "one", "none"])
def test_a_loop_that_consumes_nearly_one_of_itself_verifies(gain, owner):
    world = World()
    world.modelled("a", "1.0000000001", [line("b", "1.25")])
    world.modelled("b", "0.7", [line("a", str(Decimal("0.8") * Decimal(gain)))])
    verdict = verify(document_of(file_of(world, solve(world, "a"), "a", Viewer(owner=owner))))
    assert verdict.equal, verdict.differences
