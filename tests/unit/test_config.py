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


PORT = "Write a whole number from 0 to 65535, such as 8000; 0 takes a free port."
MINUTES = "Write a whole number from 1 to 15."
HOST = "Write an IP address or a host name of this machine and nothing else, such as 127.0.0.1, ::1 or 0.0.0.0; "
HOST += "the port goes into EXCHANGE_PORT."
EXAMPLES = "embedded:PATH, bolt://localhost:7687 or neo4j+s://example.databases.neo4j.io"
NEO4J = {"GRAPH_PASSWORD": "open sesame"}
WRONG_VALUES = [
    ({"PORT": "abc"}, f"EXCHANGE_PORT='abc' is not a whole number. {PORT}"),
    ({"PORT": "80.5"}, f"EXCHANGE_PORT='80.5' is not a whole number. {PORT}"),
    ({"PORT": "99999"}, f"EXCHANGE_PORT='99999' is out of range. {PORT}"),
    ({"PORT": "-1"}, f"EXCHANGE_PORT='-1' is out of range. {PORT}"),
    ({"PORT": "x" * 99}, f"EXCHANGE_PORT='{'x' * 59}…' is not a whole number. {PORT}"),
    ({"TOKEN_MINUTES": "60"}, f"EXCHANGE_TOKEN_MINUTES='60' is out of range. {MINUTES}"),
    ({"TOKEN_MINUTES": "0"}, f"EXCHANGE_TOKEN_MINUTES='0' is out of range. {MINUTES}"),
    ({"TOKEN_MINUTES": "a few"}, f"EXCHANGE_TOKEN_MINUTES='a few' is not a whole number. {MINUTES}"),
    (
        {"LOG_LEVEL": "LOUD"},
        "EXCHANGE_LOG_LEVEL='LOUD' is not a level of the log. Write DEBUG, INFO, WARNING or ERROR.",
    ),
    *(
        ({"HOST": host}, f"EXCHANGE_HOST={host!r} is not an address to listen on. {HOST}")
        for host in (
            "not a host",
            "http://0.0.0.0:80",
            "127.0.0.1:80",
            "[::1]",
            "*",
            "256.0.0.1",
            "8000",
            "a..b",
            "a/b",
        )
    ),
    ({"PROT": "8000"}, "EXCHANGE_PROT is no setting of the exchange: did you mean EXCHANGE_PORT?"),
    ({"DATA_DIR": "/x"}, "EXCHANGE_DATA_DIR is no setting of the exchange: did you mean EXCHANGE_DATA_DIRECTORY?"),
    ({"FOO": "1"}, "EXCHANGE_FOO is no setting of the exchange: the settings are EXCHANGE_GRAPH_URI, "),
    ({"GRAPH_URI": "bolt://localhost:7687"}, "EXCHANGE_GRAPH_URI names a Neo4j server, but EXCHANGE_GRAPH_PASSWORD"),
    ({"GRAPH_URI": "neo4j+s://x.databases.neo4j.io"}, "EXCHANGE_GRAPH_URI names a Neo4j server, but EXCHANGE_GRAPH"),
    ({"GRAPH_PASSWORD": "x"}, "EXCHANGE_GRAPH_PASSWORD is set, but EXCHANGE_GRAPH_URI names no Neo4j server: set"),
    ({"GRAPH_URI": "embedded:/x", "GRAPH_USER": "x"}, "EXCHANGE_GRAPH_USER is set, but EXCHANGE_GRAPH_URI names no"),
    (
        {"GRAPH_URI": "embedded:/x", "DATA_DIRECTORY": "/y"},
        "EXCHANGE_DATA_DIRECTORY and EXCHANGE_GRAPH_URI both say where the embedded database is: unset one.",
    ),
    (
        {"GRAPH_URI": "bolt://localhost", "DATA_DIRECTORY": "/y"} | NEO4J,
        "EXCHANGE_DATA_DIRECTORY is for the embedded database, but EXCHANGE_GRAPH_URI names a server: unset one.",
    ),
    ({"GRAPH_URI": "embedded:"}, "EXCHANGE_GRAPH_URI=embedded: names no directory. Write embedded:PATH."),
    *(
        (
            {"GRAPH_URI": f"{scheme}me:open-sesame@localhost"} | NEO4J,
            "EXCHANGE_GRAPH_URI has a user or a password in it. Write scheme, host and port only, and set "
            "EXCHANGE_GRAPH_USER and EXCHANGE_GRAPH_PASSWORD.",
        )
        for scheme in ("bolt://", "neo4j+s://", "bolt:")
    ),
    *(
        ({"GRAPH_URI": uri} | NEO4J, f"EXCHANGE_GRAPH_URI begins with none of the known schemes. Write {EXAMPLES}.")
        for uri in ("mysql://me:open-sesame@localhost", "localhost:7687", "open sesame")
    ),
    *(
        (
            {"GRAPH_URI": uri} | NEO4J,
            f"EXCHANGE_GRAPH_URI has no host and port that can be understood. Write {EXAMPLES}.",
        )
        for uri in ("bolt://localhost:sesame", "bolt://localhost:99999", "bolt://[::1")
    ),
    *(
        (
            {"GRAPH_URI": uri} | NEO4J,
            f"EXCHANGE_GRAPH_URI names no host, or no port, that there may be. Write {EXAMPLES}.",
        )
        for uri in ("bolt://", "bolt://open sesame", "bolt://a..b", "bolt://localhost:0")
    ),
    *(
        ({"GRAPH_URI": uri} | NEO4J, "EXCHANGE_GRAPH_URI must be scheme, host and port only. Write ")
        for uri in ("bolt://localhost/sesame", "bolt://localhost?password=sesame", "neo4j://localhost#sesame")
    ),
]


def refused(monkeypatch, environment: dict[str, str], **overrides: object) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ConfigurationInvalid) as caught:
        read_settings(**overrides)
    message = caught.value.message
    assert "sesame" not in message
    assert "Value error" not in message
    assert "Input should" not in message
    return message


@pytest.mark.parametrize(("environment", "says"), WRONG_VALUES, ids=lambda value: str(value)[:60])
def test_what_is_wrong_is_named_and_what_to_write(environment, says, monkeypatch):
    message = refused(monkeypatch, environment)
    assert message.startswith(says)
    assert "\n" not in message


def test_a_variable_like_no_setting_gets_the_list_of_all(monkeypatch):
    message = refused(monkeypatch, {"SOMETHING_ELSE_ALTOGETHER": "1"})
    assert message.endswith(f"the settings are {', '.join(variables())}.")


def test_everything_that_is_wrong_is_said_at_once(monkeypatch):
    wrong = {
        "PORT": "abc",
        "PROT": "80",
        "HOST": "not a host",
        "LOG_LEVEL": "loud",
        "TOKEN_MINUTES": "60",
        "GRAPH_URI": "bolt://me:open-sesame@localhost",
    }
    lines = refused(monkeypatch, wrong | {"DATA_DIRECTORY": "/x"}).splitlines()
    assert lines[0] == "8 settings are wrong:"
    named = [line.removeprefix("- ").partition(" ")[0].partition("=")[0].removeprefix(PREFIX) for line in lines[1:]]
    assert named == ["PROT", "PORT", "TOKEN_MINUTES", "LOG_LEVEL", "GRAPH_URI", "HOST", "GRAPH_URI", "DATA_DIRECTORY"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::", "0.0.0.0", "localhost", "graph_1.example", "fe80::1%eth0"])
def test_an_address_may_be_a_number_or_a_name(host, monkeypatch):
    monkeypatch.setenv("EXCHANGE_HOST", host)
    assert read_settings().host == host


@pytest.mark.parametrize(
    "uri", ["bolt://[::1]:7687", "bolt+ssc://neo4j_1:7687/", "neo4j://host?policy=eu", "neo4j+s://中"]
)
def test_a_server_may_be_named_in_many_ways(uri, monkeypatch):
    monkeypatch.setenv("EXCHANGE_GRAPH_URI", uri)
    monkeypatch.setenv("EXCHANGE_GRAPH_PASSWORD", "open sesame")
    assert read_settings().graph_uri == uri


def test_what_the_command_line_says_is_checked_alike(monkeypatch):
    assert refused(monkeypatch, NEO4J | {"GRAPH_URI": "bolt://localhost"}, port=-1).startswith("EXCHANGE_PORT='-1' is")
    assert "EXCHANGE_HOST='a b' is not" in refused(monkeypatch, {}, host="a b")
    assert "EXCHANGE_HOST='' is empty" in refused(monkeypatch, {}, host="")


def test_every_setting_is_documented():
    assert variables()[0] == "EXCHANGE_GRAPH_URI"
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(("system", "part"), [("linux", ".local"), ("darwin", "Library"), ("win32", "AppData")])
def test_the_data_is_where_the_system_keeps_it(system, part, monkeypatch):
    monkeypatch.setattr("sys.platform", system)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert part in default_data_directory().relative_to(Path.home()).parts
