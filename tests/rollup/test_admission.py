"""Admission: a write that would leave a loop without an answer is refused, every other one is admitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import product as combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.errors import LoopRefused
from exchange.memory import Proposal
from exchange.model.footprint import Footprint
from exchange.model.product import Release
from exchange.rollup import AdmissionWalk, admission, admit, admit_grant, judge
from exchange.rollup.demand import demand_of
from tests.memory.engine import assert_same_demand, demand_in_memory
from tests.rollup.check import NOW, World, day, instant, line

TODAY = NOW.as_of_day


def check_admission(world: World, new: Sequence[str], deprecated: Sequence[str] = (), *, members=None, today=TODAY):
    """Admits the last published version of each product in `new` as not yet written; `members` None: admitted.

    deprecated: ids of footprints that the new ones replace.
    """
    footprints = [world.footprints[name].pop() for name in new]
    before = world.snapshot()
    refused = decided(world, footprints, world.keys_of(deprecated), today)
    assert before == world.snapshot()
    for name, footprint in zip(new, footprints, strict=True):
        world.footprints[name].append(footprint)
    found = None if refused is None else set(refused.members)
    assert found == (None if members is None else {world.keys[name] for name in members})


def decided(
    world: World, footprints: Sequence[Footprint], deprecated_keys: Collection[int] = (), today: int = TODAY
) -> LoopRefused | None:
    """Why these are refused, None: they are admitted; as it is read from a store and as it stands in memory, which
    have to agree in what is judged and in what is decided."""
    snapshot, proposal = world.snapshot(), Proposal(footprints, frozenset(deprecated_keys))
    refused = refusal(lambda: admit(snapshot, footprints, deprecated_keys, today, world.permits))
    walk = AdmissionWalk((), footprints, today, world.permits, deprecated_keys)
    walk.finish(snapshot)
    stored, asked = demand_of(walk, snapshot), list(world.asked)
    kept = demand_in_memory(snapshot, proposal, today, world.permits)
    world.asked = asked
    products = proposal.products.tolist()
    judged = [each.among(*admission.on_loops_through(each, products)) for each in (stored, kept)]
    assert_same_demand(*judged)
    assert same(refused, refusal(lambda: judge(kept, (), footprints)))
    return refused


def refusal(decide: Callable[[], None]) -> LoopRefused | None:
    try:
        decide()
    except LoopRefused as error:
        return error
    return None


def same(one: LoopRefused | None, other: LoopRefused | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.message, one.members, one.path) == (other.message, other.members, other.path)


def two_lines(amount: object) -> World:
    """k1 and k2 each take 0.6 (or `amount`) of j; j is yet to take 1 of each."""
    world = World()
    world.modelled("k1", "1", [line("j", amount)])
    world.modelled("k2", "1", [line("j", amount)])
    return world


def test_two_lines_that_embody_06_each_are_refused_together():
    world = two_lines("0.6")
    world.modelled("j", "1", [line("k1", 1)])
    check_admission(world, ["j"])
    world.modelled("j", "1", [line("k1", 1), line("k2", 1)])
    check_admission(world, ["j"], members=["j", "k1", "k2"])


def test_06_may_be_replaced_by_07():
    world = two_lines("0.6")
    world.modelled("k1", "1", [line("j", "0.7")])
    world.modelled("j", "1", [line("k1", 1)])
    check_admission(world, ["j"], ["footprint-k1-1"])
    world = World()
    world.modelled("k", "1", [line("j", 1)])
    world.modelled("j", "1", [line("k", "0.6")])
    world.modelled("j", "1", [line("k", "0.7")])
    check_admission(world, ["j"], ["footprint-j-1"])
    check_admission(world, ["j"])  # both may stand, never at once


@pytest.mark.parametrize("order", [["u", "v"], ["v", "u"]])
def test_a_batch_is_judged_by_what_it_leaves(order):
    world = World()
    world.modelled("u", "1", [line("v", "0.5")])
    world.modelled("v", "1", [line("u", "1.5")])
    for name in order:
        world.modelled(name, "1", [line("v", "0.9")] if name == "u" else [line("u", "1.05")])
    check_admission(world, order, ["footprint-u-1", "footprint-v-1"])
    check_admission(world, order[:1], [f"footprint-{order[0]}-1"], members=["u", "v"] if order[0] == "u" else None)
    world.modelled("u", "1", [line("v", "0.96")])
    world.footprints["u"].pop(1)
    check_admission(world, order, ["footprint-u-1", "footprint-v-1"], members=["u", "v"])


def test_the_culprit_of_a_batch_is_named_by_its_position():
    world = World()
    for name in ("a", "b", "c"):
        world.modelled(name, "1", [line("leaf", 1)])
    world.declared("leaf", "1")
    world.modelled("c", "1", [line("c", 2)])
    new = [world.footprints[name].pop() for name in ("a", "b", "c")]
    caught = decided(world, new)
    assert caught is not None
    assert (caught.path, caught.members) == (("2",), (world.keys["c"],))
    assert "0" not in caught.message.replace("10", "")  # nothing of the gain


@pytest.mark.parametrize(("amounts", "guilty"), [(("0.5", "2"), 2), (("2", "0.5"), 1), (("0.5", "0.1", "3"), 3)])
@pytest.mark.parametrize("stored", [False, True])
def test_of_several_versions_of_one_product_the_guilty_one_is_named(amounts, guilty, stored):
    """Also where an older one is stored, and where the clean ones lie on no loop."""
    world = World()
    world.declared("leaf", "1")
    if stored:
        world.modelled("b", "1", [line("b", "0.25"), line("leaf", 1)])
    world.modelled("a", "1", [line("leaf", 1)])
    for amount in amounts:
        world.modelled("b", "1", [line("b", amount)] if amount != "0.1" else [line("leaf", 1)])
    new = [world.footprints["a"].pop(), *world.footprints["b"][-len(amounts) :]]
    del world.footprints["b"][-len(amounts) :]
    caught = decided(world, new)
    assert caught is not None
    assert (caught.path, caught.members) == ((str(guilty),), (world.keys["b"],))


@pytest.mark.parametrize(("gain", "admitted"), [("0.999998", True), ("0.9999995", False), ("1", False), ("-1", False)])
def test_the_margin(gain, admitted):
    world = World()
    world.modelled("k", "1", [line("j", gain)])
    world.modelled("j", "1", [line("k", 1)])
    check_admission(world, ["j"], members=None if admitted else ["j", "k"])


def test_every_version_that_may_stand_counts():
    world = World()
    world.modelled("k", "1", [line("j", "0.1")])
    world.modelled("k", "1", [line("j", "0.9")], valid=("2030-01-01", "2031-01-01"))
    world.modelled("j", "1", [line("k", "1.2")], valid=("2026-01-01", "2040-01-01"))
    check_admission(world, ["j"], members=["j", "k"])
    check_admission(world, ["j"], today=day("2030-12-31"), members=["j", "k"])
    check_admission(world, ["j"], today=day("2031-01-01"))  # expired
    world.replace("k", 2, deprecated_sequence=5, deprecated_at_us=instant("2026-01-01"))
    check_admission(world, ["j"])


def test_the_version_that_is_being_deprecated_does_not_count():
    world = World()
    world.modelled("k", "1", [line("j", "0.9")])
    world.modelled("j", "1", [line("k", "1.2")])
    check_admission(world, ["j"], ["footprint-k-1"])


def test_versions_with_other_declared_units_are_compared_by_what_they_embody():
    # One ton takes 500 j, the same as one kilogram taking 0.5.
    world = World()
    world.modelled("k", "1", [line("j", "0.5")])
    world.modelled("k", "1", [line("j", "500")], amount="1000", mass="1000")
    world.modelled("j", "1", [line("k", "1.9")])
    check_admission(world, ["j"])
    world.modelled("j", "1", [line("k", "1900")], amount="1000", mass="1000")
    check_admission(world, ["j"])
    world.modelled("j", "1", [line("k", "0.0021", "TON")])
    check_admission(world, ["j"], members=["j", "k"])


def test_a_line_counts_with_the_larger_of_supplier_and_fallback():
    world = World()
    world.modelled("f", "1", [line("j", "0.8")])
    world.declared("k", "1")
    world.modelled("j", "1", [line("k", 1, fallback=("f", 2, "KILOGRAM"))])
    check_admission(world, ["j"], members=["f", "j"])
    world.footprints["j"].clear()
    world.modelled("j", "1", [line("k", 1, fallback=("f", 1, "KILOGRAM"))])
    check_admission(world, ["j"])
    world.modelled("j", "1", [line("j", "0.7", fallback=("f", "0.9", "KILOGRAM"))])
    check_admission(world, ["j"])  # one of the two, never both


def test_a_line_of_two_options_beside_one_of_none_keeps_its_amount():
    """As many options as lines, and yet not one each."""
    world = World()
    world.modelled("k", "1", [line("nothing", "0.1"), line("j", "0.1", "PIECE")], unit="PIECE", amount="2", mass="5")
    world.modelled("k", "1", [line("j", "0.999")])
    world.modelled("j", "1", [line("k", "1.1")])
    check_admission(world, ["j"], members=["j", "k"])


def test_lines_that_may_never_be_followed_do_not_count():
    world = World()
    world.modelled("k", "1", [line("j", 1)])
    world.modelled("j", "1", [line("k", 1)])
    world.denied.add(("k", "j"))
    check_admission(world, ["j"])
    world.denied.clear()
    check_admission(world, ["j"], members=["j", "k"])


def test_a_fallback_that_may_never_be_followed_does_not_count():
    world = World()
    world.modelled("f", "1", [line("j", "0.8")])
    world.modelled("k", "1", [line("f", "0.5")])  # may follow it, unlike j
    world.modelled("j", "1", [line("k", 1, fallback=("f", 2, "KILOGRAM"))])
    check_admission(world, ["j"], members=["f", "j", "k"])
    world.denied.add(("j", "f"))
    check_admission(world, ["j"])


def test_a_line_that_only_another_owner_may_follow_does_not_count():
    world = World()
    world.modelled("f", "1", [line("j", "0.8")])
    world.modelled("k", "1", [line("f", "0.5")])
    world.modelled("j", "1", [line("k", 1), line("f", 2)])
    check_admission(world, ["j"], members=["f", "j", "k"])
    world.denied.add(("j", "f"))
    check_admission(world, ["j"])


def test_a_loop_without_answer_may_not_be_joined():
    world = World()
    world.modelled("bad", "1", [line("bad", 2), line("j", "0.000000001")])
    world.modelled("j", "1", [line("bad", 1)])
    check_admission(world, ["j"], members=["bad", "j"])


def test_other_stages_and_units_that_do_not_meet_do_not_count():
    world = World()
    world.modelled("j", "1", [line("j", 2, stage="USE"), line("j", 2, stage="DISTRIBUTION"), line("j", 2, "PIECE")])
    check_admission(world, ["j"])


def test_delivered_lines_count_with_their_outbound_logistics():
    world = World()
    world.modelled("s", "1", [line("root", "0.5"), line("root", "0.6", stage="DISTRIBUTION")])
    world.modelled("root", "1", [line("s", 1)])
    check_admission(world, ["root"])
    world.modelled("root", "1", [line("s", 1, delivered=True)])
    check_admission(world, ["root"], members=["root", "s"])


def test_a_loop_only_through_outbound_logistics_is_refused():
    world = World()
    world.modelled("root", "1", [line("s", 1, delivered=True)])
    world.modelled("s", "1", [line("root", "1.1", stage="DISTRIBUTION")])
    check_admission(world, ["s"], members=["root", "s"])
    world.modelled("s", "1", [line("root", "0.9", stage="DISTRIBUTION")])
    check_admission(world, ["s"], ["footprint-s-1"])


def test_a_name_that_was_registered_since_binds_and_counts():
    world = World()
    world.unregistered.add("j")
    world.modelled("k", "1", [line("j", 1)])
    world.unregistered.remove("j")
    world.modelled("j", "1", [line("k", 1)])
    check_admission(world, ["j"], members=["j", "k"])


def test_a_superseded_release_does_not_count():
    world = World()
    world.modelled("k", "1", [line("j", 1)], release="r1")
    world.modelled("j", "1", [line("k", 1)])
    check_admission(world, ["j"], members=["j", "k"])
    world.successors["r1"] = [Release("r2", "d", "2", TODAY, instant("2026-06-01"), 9)]
    check_admission(world, ["j"])


def test_a_loop_that_has_no_answer_already_does_not_block_others():
    world = World()
    world.modelled("bad", "1", [line("bad", 2)])
    world.modelled("j", "1", [line("bad", 1)])
    check_admission(world, ["j"])
    world.modelled("bad2", "1", [line("bad2", 2), line("j", 1)])
    world.modelled("k", "1", [line("j", "0.5")])
    world.modelled("j", "1", [line("k", 1)])
    check_admission(world, ["j"])


def test_a_grant_that_closes_such_a_loop_is_refused():
    world = World()
    world.modelled("k", "1", [line("j", 1)])
    world.modelled("j", "1", [line("k", 1)])
    caught = granted(world, "j")
    assert caught is not None
    assert set(caught.members) == set(world.keys.values())
    world.denied.add(("j", "k"))
    assert granted(world, "j") is None


def granted(world: World, name: str) -> LoopRefused | None:
    """Why access to a product that is there already is refused, from either source."""
    snapshot, keys = world.snapshot(), [world.keys[name]]
    refused = refusal(lambda: admit_grant(snapshot, keys, TODAY, world.permits))
    kept = demand_in_memory(snapshot, Proposal(granted_keys=keys), TODAY, world.permits)
    assert same(refused, refusal(lambda: judge(kept, keys, ())))
    return refused


def test_slow_loops_beside_the_new_one_are_decided_exactly():
    world = World()
    world.modelled("slow", "1", [line("slow", "0.9999"), line("j", "0.0000499")])
    world.modelled("j", "1", [line("slow", 1), line("j", "0.5")])
    check_admission(world, ["j"])  # 0.0000499 / 0.0001 + 0.5 = 0.999
    world.modelled("slow", "1", [line("slow", "0.9999"), line("j", "0.0000501")])
    world.footprints["slow"].pop(0)
    check_admission(world, ["j"], members=["j", "slow"])


def test_judging_one_by_one_agrees_with_judging_whole(monkeypatch):
    """Every admission of this file again, without the common w."""
    monkeypatch.setattr(admission, "SWEEPS_MAX", 0)
    test_06_may_be_replaced_by_07()
    test_versions_with_other_declared_units_are_compared_by_what_they_embody()
    test_a_line_counts_with_the_larger_of_supplier_and_fallback()
    test_delivered_lines_count_with_their_outbound_logistics()
    test_slow_loops_beside_the_new_one_are_decided_exactly()
    for order in (["u", "v"], ["v", "u"]):
        test_a_batch_is_judged_by_what_it_leaves(order)


def spectral_radius(world: World, footprints: Sequence[Footprint]) -> float:
    """The largest of |A| over every choice of versions and of fallbacks: the oracle."""
    keys = list(world.keys.values())
    versions = [[f for f in footprints if f.product_key == key] for key in keys]
    matrices = [np.zeros((len(keys), len(keys)))]
    for chosen in combinations(*(each for each in versions if each)):
        standing = {footprint.product_key for footprint in chosen}
        options = []
        for footprint in chosen:
            for one in footprint.lines:
                if one.unit != "KILOGRAM":
                    continue
                routes = [(footprint.product_key, one.product_key, abs(float(one.amount)))]
                if one.fallback is not None:
                    routes.append((footprint.product_key, one.fallback.product_key, abs(float(one.fallback.amount))))
                options.append(routes)
        for taken in combinations(*options):
            dense = np.zeros_like(matrices[0])
            for row, column, amount in taken:
                if column in standing:
                    dense[row, column] += amount
            matrices.append(dense)
    return float(abs(np.linalg.eigvals(np.array(matrices))).max())


@st.composite
def batches(draw):
    """Three products with up to two versions each, a batch of new versions for some, of which some replace the first
    old one; and the largest gain that all of it is scaled to, None: as drawn."""
    amounts = st.integers(1, 90)
    lines = st.lists(st.tuples(st.integers(0, 2), amounts, st.integers(0, 2), st.booleans()), max_size=2)
    old = draw(st.lists(st.lists(lines, min_size=1, max_size=2), min_size=3, max_size=3))
    new = draw(st.dictionaries(st.integers(0, 2), st.tuples(lines, st.booleans()), min_size=1, max_size=3))
    gain = draw(st.sampled_from([None, 0.5, 0.99, 0.9998, 1.0002, 1.01, 2]))
    return old, new, gain, draw(st.booleans())


def _lines(spec, scale):
    """And before them one that cannot be converted."""
    return [
        line("p0", "3", "PIECE"),
        *(
            line(
                f"p{to}",
                amount * scale,
                fallback=(f"p{other}", amount * scale / 1.2, "KILOGRAM") if fall_back else None,
            )
            for to, amount, other, fall_back in spec
        ),
    ]


def _world(old, new, scale):
    """The world before a batch, the batch, and the ids that it replaces."""
    world = World()
    for number in range(3):
        world.key(f"p{number}")
    for number, versions in enumerate(old):
        for spec in versions:
            world.modelled(f"p{number}", "1", _lines(spec, scale))
    made = [world.modelled(f"p{number}", "1", _lines(spec, scale)) for number, (spec, _) in new.items()]
    for footprint in made:
        world.footprints[f"p{footprint.product_key}"].pop()
    return world, made, [f"footprint-p{number}-1" for number, (_, replaces) in new.items() if replaces]


@settings(max_examples=150)
@given(batches())
def test_random_batches_are_admitted_exactly_where_every_choice_has_an_answer(batch):
    """By what is read from a store and by what stands in memory, judged whole and one by one: as eigenvalues say."""
    old, new, gain, whole = batch
    scale = 0.01
    for _ in range(2):
        world, made, deprecated = _world(old, new, scale)
        before = [f for each in world.footprints.values() for f in each]
        radius = spectral_radius(world, [*(f for f in before if f.id not in deprecated), *made])
        scale = scale if gain is None or radius == 0 else scale * gain / radius
    if spectral_radius(world, before) > 1 - 1e-5:
        return  # the graph before has to be one that admission let in
    if abs(radius - 1) < 1e-4:
        return
    with pytest.MonkeyPatch.context() as patched:
        if not whole:
            patched.setattr(admission, "SWEEPS_MAX", 0)
        admitted = decided(world, made, world.keys_of(deprecated)) is None
    assert admitted == (radius < 1)


BATCHES = 500
NEAR_ONE = (0.99, 0.999, 0.9997, 1.0003, 1.001, 1.01)


def test_hundreds_of_batches_around_gain_one_are_decided_as_eigenvalues_say():
    """With a fixed seed, and counted: loops of every sort are among them, and both decisions."""
    random, counts = np.random.default_rng(41), Counter[str]()

    def lines():
        drawn = range(random.integers(0, 3))
        return [
            (int(random.integers(3)), int(random.integers(1, 91)), int(random.integers(3)), bool(random.integers(2)))
            for _ in drawn
        ]

    for _ in range(BATCHES):
        old = [[lines() for _ in range(random.integers(1, 3))] for _ in range(3)]
        changed = random.permutation(3)[: random.integers(1, 4)].tolist()
        new = {int(number): (lines(), bool(random.integers(2))) for number in changed}
        scale, gain = 0.01, float(random.choice(NEAR_ONE))
        for _ in range(2):
            world, made, deprecated = _world(old, new, scale)
            before = [f for each in world.footprints.values() for f in each]
            radius = spectral_radius(world, [*(f for f in before if f.id not in deprecated), *made])
            scale = scale if radius == 0 else scale * gain / radius
        if spectral_radius(world, before) > 1 - 1e-5 or abs(radius - 1) < 1e-4:
            continue
        admitted = decided(world, made, world.keys_of(deprecated)) is None
        assert admitted == (radius < 1), (old, new, scale)
        counts["admitted" if admitted else "refused"] += 1
        counts["several versions"] += any(len(versions) > 1 for versions in old)
        counts["batch"] += len(new) > 1
        counts["replaces"] += bool(deprecated)
        counts["within 0.001 of 1"] += abs(radius - 1) <= 0.0011
    assert all(counts[kind] >= 60 for kind in ("admitted", "refused", "several versions", "batch", "replaces")), counts
    assert counts["within 0.001 of 1"] >= 60, counts


def test_of_many_products_the_first_that_closes_a_loop_is_named(monkeypatch):
    """Found by halving, as if each had been judged after the one before it."""
    world = World()
    names = [f"p{number}" for number in range(12)]
    for number, name in enumerate(names):
        amount = {4: "0.4", 7: "1.5", 9: "3"}.get(number, "0.1")
        world.modelled(name, "1", [line(names[number - 1], amount), line(name, {7: "0.2", 9: "1.1"}.get(number, "0"))])
    new = [world.footprints[name].pop() for name in names]
    found = decided(world, new)
    assert found is not None
    assert found.path == ("9",)
    judged: list[int] = []

    def note(demand: object, row: int) -> bool:
        judged.append(row)
        return True

    monkeypatch.setattr(admission, "_leaves_some", note)
    assert refusal(lambda: admit(world.snapshot(), new, (), TODAY, world.permits)) is None
    assert len(judged) == 3  # p9 and those behind it


def test_new_versions_may_be_in_the_snapshot_already():
    world = World()
    made = world.modelled("j", "1", [line("j", "0.6")])
    admit(world.snapshot(), [replace(made)], (), TODAY, world.permits)
