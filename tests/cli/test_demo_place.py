"""The demo's database is a folder of its own in the data directory, and is told apart from everybody else's."""

from pathlib import Path

import pytest

from exchange.cli.demo_place import demo_directory, demo_elsewhere, is_demo, leave_note, way_to_demo
from exchange.config import Settings


@pytest.fixture(params=["named", "default"])
def settings(request, tmp_path, monkeypatch) -> Settings:
    """With a data directory of its own, or with the user's."""
    if request.param == "named":
        return Settings(data_directory=tmp_path)
    monkeypatch.setattr("exchange.cli.demo_place.default_data_directory", lambda: tmp_path)
    return Settings()


def test_the_demo_never_uses_the_database_of_others(settings, tmp_path):
    assert demo_directory(settings) == tmp_path / "demo"
    assert demo_elsewhere(settings) is None, "there is no demo yet"


def test_whoever_uses_another_database_is_told_of_the_demos(settings, tmp_path):
    (tmp_path / "demo").mkdir()
    leave_note(tmp_path / "demo")
    assert demo_elsewhere(settings) == tmp_path / "demo"
    assert f"EXCHANGE_DATA_DIRECTORY={tmp_path / 'demo'} " in way_to_demo(tmp_path / "demo")


def test_the_demos_directory_named_is_the_demos_own_and_no_other_inside(tmp_path):
    leave_note(tmp_path)
    leave_note(tmp_path)
    assert is_demo(tmp_path)
    named = Settings(data_directory=tmp_path)
    assert demo_directory(named) == tmp_path
    assert demo_elsewhere(named) is None


def test_whoever_names_a_database_by_its_address_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("exchange.cli.demo_place.default_data_directory", lambda: tmp_path)
    (tmp_path / "demo").mkdir()
    assert demo_elsewhere(Settings(graph_uri="embedded:elsewhere")) is None


def test_a_home_directory_is_written_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert demo_directory(Settings(data_directory=Path("~/data"))) == tmp_path / "data" / "demo"
