"""Settings: defaults that work, and refusals that name the variable and what to do."""

import os
from pathlib import Path

import pytest

from exchange.config import PREFIX, Settings, default_data_directory, read_settings, variables
from exchange.errors import ConfigurationInvalid


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_nothing_needs_to_be_set():
    settings = read_settings()
    assert (settings.host, settings.port, settings.token_minutes) == ("127.0.0.1", 8000, 15)
    assert settings.graph_uri is None
    assert settings.data_directory is None


def test_the_command_line_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("EXCHANGE_PORT", "9000")
    monkeypatch.setenv("EXCHANGE_HOST", "")
    assert read_settings().port == 9000
    assert read_settings(port=9001, host=None).port == 9001
    assert read_settings().host == "127.0.0.1"


def test_a_server_needs_its_password(monkeypatch):
    monkeypatch.setenv("EXCHANGE_GRAPH_URI", "bolt://localhost:7687")
    monkeypatch.setenv("EXCHANGE_GRAPH_PASSWORD", "open sesame")
    settings = read_settings()
    assert settings.graph_password is not None
    assert settings.graph_password.get_secret_value() == "open sesame"
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"PORT": "99999"}, "EXCHANGE_PORT"),
        ({"PORT": "http"}, "EXCHANGE_PORT"),
        ({"TOKEN_MINUTES": "60"}, "EXCHANGE_TOKEN_MINUTES"),
        ({"LOG_LEVEL": "LOUD"}, "EXCHANGE_LOG_LEVEL"),
        ({"PROT": "8000"}, "did you mean EXCHANGE_PORT"),
        ({"SOMETHING_ELSE_ALTOGETHER": "1"}, "the settings are EXCHANGE_GRAPH_URI"),
        ({"GRAPH_URI": "bolt://localhost:7687"}, "EXCHANGE_GRAPH_PASSWORD is not set"),
        ({"GRAPH_URI": "neo4j+s://x.databases.neo4j.io"}, "EXCHANGE_GRAPH_PASSWORD is not set"),
        ({"GRAPH_PASSWORD": "x"}, "EXCHANGE_GRAPH_URI names no Neo4j server"),
        ({"GRAPH_URI": "embedded:/tmp/x", "GRAPH_USER": "x"}, "EXCHANGE_GRAPH_USER is set"),
        ({"GRAPH_URI": "embedded:/tmp/x", "DATA_DIRECTORY": "/tmp/y"}, "unset one"),
        ({"GRAPH_URI": "bolt://localhost", "GRAPH_PASSWORD": "x", "DATA_DIRECTORY": "/tmp/y"}, "unset one"),
    ],
)
def test_what_is_wrong_is_named(environment, says, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ConfigurationInvalid, match=says):
        read_settings()


def test_a_password_is_never_in_the_message(monkeypatch):
    monkeypatch.setenv("EXCHANGE_GRAPH_PASSWORD", "open sesame")
    with pytest.raises(ConfigurationInvalid) as refused:
        read_settings(port=-1)
    assert "sesame" not in refused.value.message


def test_every_setting_is_documented():
    assert variables()[0] == "EXCHANGE_GRAPH_URI"
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(("system", "part"), [("linux", ".local"), ("darwin", "Library"), ("win32", "AppData")])
def test_the_data_is_where_the_system_keeps_it(system, part, monkeypatch):
    monkeypatch.setattr("sys.platform", system)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert part in default_data_directory().relative_to(Path.home()).parts
