"""The API's published example: what each product carries, and its makers' own views."""

import json

import pytest

from exchange.model.carbon import COLUMNS
from tests.rollup.check import check, solve
from tests.rollup.example import example_world
from tests.rollup.views import Viewer, view_of


def test_the_use_stage_is_the_cars_own_business():
    world = example_world()
    solution = solve(world, "car")
    stages = {stage.stage: stage.components[0] for stage in solution.by_stage(world.keys["car"]) or ()}
    assert float(stages["USE"]) == pytest.approx(13370.9016393, rel=1e-9)
    check(world, "car", gaps={3: "NOT_GRANTED"}, fallbacks={})
    check(world, "steel", gaps={}, fallbacks={3: "NOT_GRANTED"})


@pytest.fixture(scope="module")
def published(api_core_dir):
    return json.loads((api_core_dir / "example.json").read_text(encoding="utf-8"))


VIEWERS = {
    ("grid", "power"): Viewer(owner=["power"]),
    ("mine", "coal"): Viewer(owner=["coal"]),
    ("steel", "steel"): Viewer(owner=["steel"]),
    ("car", "car"): Viewer(owner=["car"], inputs={"steel": [1, 4]}),
    ("car", "steel"): Viewer(owner=["car"], inputs={"steel": [1, 4]}),
    ("fleet", "car"): Viewer(inputs={"car": [1]}),
    ("dealer", "car"): Viewer(),
    ("factors", "transport"): Viewer(owner=["orefactor", "transport"]),
    ("factors", "orefactor"): Viewer(owner=["orefactor", "transport"]),
    ("lease", "power"): Viewer(),
}


@pytest.mark.parametrize(("viewer", "product"), VIEWERS)
def test_what_a_viewer_gets(published, viewer, product):
    world = example_world()
    expected = published["answers"][viewer][product]
    solution = solve(world, product)
    total = solution.total(world.keys[product])
    assert float(total.excluding) == pytest.approx(float(expected["pcfExcludingBiogenicUptake"]), rel=1e-9, abs=1e-12)
    assert float(total.including) == pytest.approx(float(expected["pcfIncludingBiogenicUptake"]), rel=1e-9, abs=1e-12)
    shown = {name: float(kg) for name, kg in zip(COLUMNS, total.components, strict=True) if kg}
    assert shown == pytest.approx({name: float(kg) for name, kg in expected["components"].items()}, rel=1e-9, abs=1e-12)
    assert float(total.primary_data_share_percent) == pytest.approx(
        float(expected["primaryDataShare"]), rel=1e-9, abs=1e-12
    )
    assert float(total.technological_dqr) == pytest.approx(float(expected["technologicalDQR"]), rel=1e-9, abs=1e-12)
    view = view_of(world, solution, product, VIEWERS[viewer, product])
    names = {key: name for name, key in world.keys.items()}
    found = [
        (names[one.product_key], float(one.own_kg_co2e), float(one.share_percent), one.broken_down)
        for one in view.contributions()
    ]
    wanted = expected["contributions"]
    assert [(name, broken) for name, _, _, broken in found] == [(one["product"], one["brokenDown"]) for one in wanted]
    for (_, kg, share, _), one in zip(found, wanted, strict=True):
        assert kg == pytest.approx(float(one["ownEmissions"]), rel=1e-9, abs=1e-12)
        assert share == pytest.approx(float(one["sharePercent"]), rel=1e-9, abs=1e-12)
